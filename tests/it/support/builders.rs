//! Settlements and quotes with something in every field.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::amount::Amount;
use settlement_gateway::domain::ids::{CallerId, ConnectionId, Currency, EnterpriseId, ExternalId, KeyId, Nonce};
use settlement_gateway::domain::settlement::{
    AmountUnit, Asked, Intent, Leg, OnceRules, Route, SettlementAmounts, VenueSettlement, VenueStatus,
};
use settlement_gateway::store::NewSettlement;
use uuid::Uuid;

/// When every test begins: an instant that needs all nine digits.
pub(crate) fn start() -> Timestamp {
    "2026-03-18T12:00:00.123456789Z".parse().unwrap()
}

/// An instant after the start.
pub(crate) fn after_start(seconds: u64) -> Timestamp {
    start().checked_add(Duration::from_secs(seconds)).unwrap()
}

/// A journal id that was never given before and lies after those that were.
pub(crate) fn next_id() -> Uuid {
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u64_pair(0x0195_a2c4_0000_7000, 0x8000_0000_0000_0000 + GIVEN.fetch_add(1, Ordering::SeqCst))
}

pub(crate) fn enterprise() -> EnterpriseId {
    EnterpriseId::new("enterprise-1").unwrap()
}

pub(crate) fn external(id: &str) -> ExternalId {
    ExternalId::new(id).unwrap()
}

pub(crate) fn currency(name: &str) -> Currency {
    Currency::new(name).unwrap()
}

pub(crate) fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

pub(crate) fn leg(connection: &str, of: &str, text: &str) -> Leg {
    Leg {
        connection_id: ConnectionId::new(connection).unwrap(),
        counterparty_connection_id: None,
        currency: currency(of),
        amount: amount(text),
    }
}

pub(crate) fn amounts(legs: Vec<Leg>) -> SettlementAmounts {
    SettlementAmounts::new(legs).unwrap()
}

/// A plain request of two legs on route v1.
pub(crate) fn intent(external_id: &str) -> Intent {
    Intent {
        asked: Asked {
            enterprise_id: enterprise(),
            external_id: external(external_id),
            amounts: amounts(vec![leg("connection-1", "BTC", "1.50"), leg("connection-1", "ofctusd", "-99.5")]),
            cutoff: None,
            notes: None,
            nonce: None,
            supersedes: None,
        },
        nonce: Nonce::new("5d1f0c").unwrap(),
        route: Route::V1,
        amount_unit: AmountUnit::Full,
        key_id: KeyId::new("key-1").unwrap(),
        caller: CallerId::new("caller-1").unwrap(),
        submit_before: None,
    }
}

/// An intent that is to be recorded at the start, without limits.
pub(crate) fn new_settlement(intent: Intent) -> NewSettlement {
    NewSettlement { intent, id: next_id(), now: start(), limits: Vec::new(), once: OnceRules::NONE, origin: Default::default() }
}

/// The venue's settlement with something in every field.
pub(crate) fn venue(external_id: &str, status: VenueStatus) -> VenueSettlement {
    VenueSettlement {
        settlement_id: format!("venue-{external_id}"),
        partner_id: "partner-1".to_owned(),
        external_id: external_id.to_owned(),
        status,
        status_text: status.as_str().to_owned(),
        settlement_type: "offchain".to_owned(),
        reconciled: Some(false),
        disputed: Some(true),
        initiated_by: "user-1".to_owned(),
        notes: Some("said \"so\"\n".to_owned()),
        rt_id: Some("rt-1".to_owned()),
        loss_sla_alert_sent: Some(true),
        gain_sla_alert_sent: None,
        reason: Some("no funds: ¥".to_owned()),
        created_at: Some(after_start(1)),
        updated_at: Some(after_start(2)),
        finalized_at: Some(after_start(3)),
        cutoff_at: None,
    }
}
