//! Settlements of any size with the payload that the venue writes for them.

use settlement_gateway::domain::amount::Amount;
use settlement_gateway::domain::ids::{CallerId, ConnectionId, Currency, EnterpriseId, ExternalId, KeyId, Nonce};
use settlement_gateway::domain::settlement::{AmountUnit, Asked, Intent, Leg, Route, SettlementAmounts};

/// The smallest useful settlement, a large one and the largest that is accepted.
pub(super) const LEGS: [usize; 3] = [2, 500, SettlementAmounts::MAX_LEGS];

/// A settlement whose legs are each at a connection of their own.
pub(super) fn intent(legs: usize) -> Intent {
    Intent {
        asked: Asked {
            enterprise_id: EnterpriseId::new("enterprise-1").unwrap(),
            external_id: ExternalId::new("external-1").unwrap(),
            amounts: SettlementAmounts::new((0..legs).map(leg).collect()).unwrap(),
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

fn leg(index: usize) -> Leg {
    Leg {
        connection_id: ConnectionId::new(format!("09684b38-49ed-4cf6-a28e-{index:012}")).unwrap(),
        counterparty_connection_id: None,
        currency: Currency::new("BTC").unwrap(),
        amount: Amount::parse(if index.is_multiple_of(2) { "0.00000001" } else { "-1.50" }).unwrap(),
    }
}

/// The text that the venue gives for signing a settlement.
pub(super) fn payload(intent: &Intent) -> String {
    let amount = |leg: &Leg| format!(r#""{}":{{"{}":"{}"}}"#, leg.connection_id, leg.currency, leg.amount.as_str());
    let amounts: Vec<String> = intent.asked.amounts.legs().iter().map(amount).collect();
    let (external_id, nonce, amounts) = (intent.asked.external_id.as_str(), intent.nonce.as_str(), amounts.join(","));
    format!(r#"{{"externalId":"{external_id}","settlementAmounts":{{{amounts}}},"nonce":"{nonce}"}}"#)
}

/// A trade's payload (seed 003) of exactly so many bytes.
pub(super) fn trade_payload(nonce: u64, bytes: usize) -> String {
    let write = |account: &str| {
        format!(
            r#"{{"version":"1.2.0","accountId":"{account}","amounts":[],"nonceHold":"h{nonce:020}","nonceSettle":"s{nonce:020}"}}"#
        )
    };
    let room = bytes.checked_sub(write("").len()).unwrap();
    write(&"a".repeat(room))
}
