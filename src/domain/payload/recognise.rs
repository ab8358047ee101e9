//! What a payload means, told by its exact set of keys.
//!
//! One signing scheme covers settlements, allocations and withdrawals alike,
//! so a payload that is not wholly understood is [`Meaning::Raw`], and raw is
//! what no key may sign unless its owner says so. What resembles a known kind
//! and is not exactly it is [`Meaning::Ambiguous`], which nobody may sign.

use super::amounts::read_amounts;
use super::json::{Json, could_have_key, read_strict};
use crate::domain::settlement::SettlementAmounts;
use crate::domain::signing::Purpose;

/// What a payload commits its signer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A Go Network settlement (seed 000, step 1).
    Settlement {
        /// `externalId`
        external_id: String,
        /// `settlementAmounts`
        amounts: SettlementAmounts,
    },
    /// A trade settlement's payload (seed 003, version 1.2.0).
    Trade {
        /// `nonceHold`
        nonce_hold: String,
        /// `nonceSettle`
        nonce_settle: String,
    },
    /// An allocation or deallocation (the venue's `allocations/signing`).
    Allocation {
        /// `nonce`
        nonce: String,
    },
    /// Opening, retracting or closing a dispute.
    Dispute {
        /// `nonce`
        nonce: String,
    },
    /// It resembles one of the above and is not exactly it: a key twice, one too many or one missing, or an amount that
    /// cannot be read.
    /// It is never signed, not even as raw bytes, since its reader might see what this one does not.
    Ambiguous,
    /// Nothing that this gateway understands.
    Raw,
}

impl Meaning {
    /// The purpose that a key needs to sign this; none is enough for what is ambiguous.
    #[must_use]
    pub fn purpose(&self) -> Option<Purpose> {
        match self {
            Self::Settlement { .. } => Some(Purpose::Settlement),
            Self::Trade { .. } => Some(Purpose::Trade),
            Self::Allocation { .. } => Some(Purpose::Allocation),
            Self::Dispute { .. } => Some(Purpose::Dispute),
            Self::Raw => Some(Purpose::Raw),
            Self::Ambiguous => None,
        }
    }
}

/// Required and optional keys of each kind, as the venue's contract lists them.
const SETTLEMENT: (&[&str], &[&str]) = (&["externalId", "settlementAmounts", "nonce"], &["notes", "cutoffAt"]);
const TRADE: (&[&str], &[&str]) = (&["version", "accountId", "amounts", "nonceHold", "nonceSettle"], &[]);
const ALLOCATION: (&[&str], &[&str]) = (&["amount", "clientExternalId", "nonce"], &["notes", "connectionId", "enterpriseId"]);
const DISPUTE_OPEN: (&[&str], &[&str]) =
    (&["connectionId", "expectedTransfers", "nonce"], &["reason", "settlementId", "enterpriseId"]);
const DISPUTE_RETRACT: (&[&str], &[&str]) =
    (&["connectionId", "disputeId", "nonce", "retracted"], &["reason", "expectedTransfers", "settlementId", "enterpriseId"]);
const DISPUTE_CLOSE: (&[&str], &[&str]) = (&["disputeId", "notes", "nonce", "enterpriseId"], &[]);

/// Keys that stand in no other kind of payload: whoever has one claims to be that kind.
const TELLING: [&str; 6] =
    ["settlementAmounts", "nonceHold", "nonceSettle", "clientExternalId", "expectedTransfers", "disputeId"];

/// Recognises a payload.
#[must_use]
pub fn recognise(payload: &str) -> Meaning {
    if let Some(meaning) = read_strict(payload).ok().and_then(|json| meaning(&json)) {
        return meaning;
    }
    let resembles = TELLING.iter().any(|key| could_have_key(payload, key));
    if resembles { Meaning::Ambiguous } else { Meaning::Raw }
}

fn meaning(json: &Json) -> Option<Meaning> {
    let text = |key: &str| json.get(key).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let is = |shape: (&[&str], &[&str])| has_exactly(json, shape);
    if is(SETTLEMENT) {
        let amounts = read_amounts(json.get("settlementAmounts")?)?;
        return Some(Meaning::Settlement { external_id: text("externalId")?, amounts });
    }
    if is(TRADE) {
        return Some(Meaning::Trade { nonce_hold: text("nonceHold")?, nonce_settle: text("nonceSettle")? });
    }
    if is(ALLOCATION) {
        return Some(Meaning::Allocation { nonce: text("nonce")? });
    }
    if is(DISPUTE_OPEN) || is(DISPUTE_RETRACT) || is(DISPUTE_CLOSE) {
        return Some(Meaning::Dispute { nonce: text("nonce")? });
    }
    None
}

fn has_exactly(json: &Json, (required, optional): (&[&str], &[&str])) -> bool {
    let keys = json.members();
    required.iter().all(|key| json.get(key).is_some())
        && keys.iter().all(|(key, _)| required.contains(&key.as_str()) || optional.contains(&key.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settlement_is_told_by_its_keys() {
        let payload =
            r#"{"externalId":"e","settlementAmounts":{"c":{"BTC":"1"}},"nonce":"1","cutoffAt":"2026-03-18T12:00:00.000Z"}"#;
        let Meaning::Settlement { external_id, amounts } = recognise(payload) else { panic!("another kind") };
        assert_eq!((external_id.as_str(), amounts.legs().len()), ("e", 1));
    }

    #[test]
    fn the_seeds_trade_payload_is_a_trade() {
        let payload = r#"{"version":"1.2.0","accountId":"a","amounts":[],"nonceHold":"h","nonceSettle":"s"}"#;
        assert_eq!(recognise(payload), Meaning::Trade { nonce_hold: "h".to_owned(), nonce_settle: "s".to_owned() });
    }

    #[test]
    fn allocations_and_disputes_are_recognised() {
        let allocation = r#"{"amount":{"currency":"BTC","quantity":"1"},"clientExternalId":"c","nonce":"n"}"#;
        assert_eq!(recognise(allocation), Meaning::Allocation { nonce: "n".to_owned() });
        for dispute in [
            r#"{"connectionId":"c","expectedTransfers":{"BTC":"1"},"nonce":"n","settlementId":"s"}"#,
            r#"{"connectionId":"c","disputeId":"d","settlementId":"s","retracted":true,"nonce":"n"}"#,
            r#"{"enterpriseId":"e","disputeId":"d","notes":"x","nonce":"n"}"#,
        ] {
            assert_eq!(recognise(dispute), Meaning::Dispute { nonce: "n".to_owned() }, "{dispute}");
        }
    }

    #[test]
    fn what_resembles_a_settlement_and_is_not_exactly_one_is_ambiguous() {
        for payload in [
            r#"{"externalId":"e","settlementAmounts":{},"nonce":"1"}"#,
            r#"{"externalId":"e","settlementAmounts":{"c":{"BTC":"all"}},"nonce":"1"}"#,
            r#"{"externalId":"e","settlementAmounts":{"c":{"BTC":"1"}},"nonce":"1","coin":"btc"}"#,
            r#"{"externalId":"e","externalId":"f","settlementAmounts":{"c":{"BTC":"1"}},"nonce":"1"}"#,
            r#"{"externalId":"","settlementAmounts":{"c":{"BTC":"1"}},"nonce":"1"}"#,
            r#"{"externalId":1,"settlementAmounts":{"c":{"BTC":"1"}},"nonce":"1"}"#,
            r#"{"settlement\u0041mounts":{}}"#,
            r#"{"x":{"settlementAmounts":{}}}"#,
            r#"[{"settlementAmounts":{}}]"#,
            r#"{"externalId":"e","settlementAmounts":{"c":{"BTC":"1"}},"nonce":"1"} trailing"#,
            "\u{feff}{\"externalId\":\"e\",\"settlementAmounts\":{\"c\":{\"BTC\":\"1\"}},\"nonce\":\"1\"}",
        ] {
            assert_eq!(recognise(payload), Meaning::Ambiguous, "{payload}");
        }
    }

    #[test]
    fn what_resembles_nothing_is_raw() {
        for payload in [r#"{"recipients":[{"address":"bc1","amount":"1"}]}"#, "hello", ""] {
            assert_eq!(recognise(payload), Meaning::Raw, "{payload}");
        }
    }
}
