//! Settlements for this module's tests.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::ids::{CallerId, ConnectionId, Currency, EnterpriseId, ExternalId, KeyId, Nonce};
use crate::domain::settlement::{AmountUnit, Asked, Change, Intent, Leg, Reason, Route, Settlement, SettlementAmounts};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn asked() -> Asked {
    let leg = Leg {
        connection_id: ConnectionId::new("c1").unwrap(),
        counterparty_connection_id: None,
        currency: Currency::new("BTC").unwrap(),
        amount: Amount::parse("1.50").unwrap(),
    };
    Asked {
        enterprise_id: EnterpriseId::new("e1").unwrap(),
        external_id: ExternalId::new("x1").unwrap(),
        amounts: SettlementAmounts::new(vec![leg]).unwrap(),
        cutoff: None,
        notes: None,
        nonce: None,
        supersedes: None,
    }
}

pub(super) fn intent(asked: Asked) -> Intent {
    Intent {
        asked,
        nonce: Nonce::new("n1").unwrap(),
        route: Route::V1,
        amount_unit: AmountUnit::Full,
        key_id: KeyId::new("k1").unwrap(),
        caller: CallerId::new("caller").unwrap(),
        submit_before: None,
    }
}

pub(super) fn settlement() -> Settlement {
    let now = at("2026-03-18T12:00:00Z");
    Settlement::received(Uuid::from_bytes([7; 16]), &intent(asked()), now)
}

/// A settlement of which the venue created nothing, after one dispatch.
pub(super) fn not_accepted(reason: Reason, detail: &str) -> Settlement {
    let mut settlement = settlement();
    settlement.progress.state = crate::domain::settlement::State::Submitting;
    settlement.progress.attempts = 1;
    settlement.after(&Change::NotAccepted { reason, detail: detail.to_owned() }, at("2026-03-18T12:00:01Z")).unwrap()
}
