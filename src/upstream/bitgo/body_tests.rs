//! The bodies, byte for byte.

use super::*;
use crate::domain::amount::Amount;
use crate::domain::ids::{CallerId, Currency, EnterpriseId, ExternalId, KeyId, Nonce, Notes};
use crate::domain::settlement::{AmountUnit, Asked, Route};
use crate::domain::time::Cutoff;

fn leg(connection: &str, counterparty: Option<&str>, currency: &str, amount: &str) -> Leg {
    Leg {
        connection_id: ConnectionId::new(connection).unwrap(),
        counterparty_connection_id: counterparty.map(|id| ConnectionId::new(id).unwrap()),
        currency: Currency::new(currency).unwrap(),
        amount: Amount::parse(amount).unwrap(),
    }
}

fn intent(legs: Vec<Leg>, notes: Option<&str>, cutoff: Option<&str>) -> Intent {
    Intent {
        asked: Asked {
            enterprise_id: EnterpriseId::new("e").unwrap(),
            external_id: ExternalId::new("idForSettlementAtPartner").unwrap(),
            amounts: SettlementAmounts::new(legs).unwrap(),
            cutoff: cutoff.map(|text| Cutoff::new(text.parse().unwrap()).unwrap()),
            notes: notes.map(|text| Notes::new(text).unwrap()),
            nonce: None,
            supersedes: None,
        },
        nonce: Nonce::new("1").unwrap(),
        route: Route::V2,
        amount_unit: AmountUnit::Base,
        key_id: KeyId::new("k").unwrap(),
        caller: CallerId::new("c").unwrap(),
        submit_before: None,
    }
}

fn text(body: Vec<u8>) -> String {
    String::from_utf8(body).unwrap()
}

#[test]
fn the_guides_request_is_written_with_interleaved_legs_gathered() {
    let legs = vec![leg("b", None, "BTC", "100"), leg("a", None, "XRP", "1.50"), leg("b", None, "ETH", "-200")];
    let intent = intent(legs, Some("Zürich \"💸\"\n"), Some("2026-03-18T12:00:00Z"));
    assert_eq!(
        text(signing_request(&intent)),
        r#"{"externalId":"idForSettlementAtPartner","notes":"Zürich \"💸\"\n","settlementAmounts":{"b":{"BTC":"100","ETH":"-200"},"a":{"XRP":"1.50"}},"nonce":"1","cutoffAt":"2026-03-18T12:00:00.000Z"}"#
    );
}

#[test]
fn a_brokers_legs_stand_one_level_deeper() {
    let legs = vec![
        leg("p", Some("x"), "BTC", "1"),
        leg("q", Some("x"), "BTC", "2"),
        leg("p", Some("y"), "BTC", "3"),
        leg("p", Some("x"), "ETH", "-4"),
    ];
    assert_eq!(
        text(signing_request(&intent(legs, None, None))),
        r#"{"externalId":"idForSettlementAtPartner","settlementAmounts":{"p":{"x":{"BTC":"1","ETH":"-4"},"y":{"BTC":"3"}},"q":{"x":{"BTC":"2"}}},"nonce":"1"}"#
    );
}

#[test]
fn the_post_is_the_same_with_the_payload_verbatim_and_the_signature() {
    let intent = intent(vec![leg("a", None, "BTC", "1")], None, None);
    let payload = "{ \"externalId\" :\t\"é\\u0041\" }";
    let body = settlement_post(&intent, payload, &Signature::from_bytes([0xab; 65]));
    let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(read["payload"], payload);
    assert_eq!(read["signature"], "ab".repeat(65));
    let request = text(signing_request(&intent));
    assert!(text(body).starts_with(request.trim_end_matches('}')));
}

#[test]
fn the_largest_settlement_is_written_whole() {
    let legs = (0..SettlementAmounts::MAX_LEGS).map(|n| leg(&format!("c{}", n % 5_000), None, &format!("X{n}"), "1")).collect();
    let read: serde_json::Value = serde_json::from_slice(&signing_request(&intent(legs, None, None))).unwrap();
    let connections = read["settlementAmounts"].as_object().unwrap();
    assert_eq!(connections.len(), 5_000);
    assert_eq!(connections.values().map(|one| one.as_object().unwrap().len()).sum::<usize>(), SettlementAmounts::MAX_LEGS);
}
