use super::*;
use crate::domain::ids::{CallerId, ConnectionId, Currency, EnterpriseId, ExternalId, KeyId, Nonce, Notes};
use crate::domain::settlement::{AmountUnit, Asked, Leg, SettlementAmounts};
use crate::domain::time::Cutoff;
use proptest::prelude::*;

fn leg(connection: &str, counterparty: Option<&str>, currency: &str, amount: &str) -> Leg {
    Leg {
        connection_id: ConnectionId::new(connection).unwrap(),
        counterparty_connection_id: counterparty.map(|id| ConnectionId::new(id).unwrap()),
        currency: Currency::new(currency).unwrap(),
        amount: Amount::parse(amount).unwrap(),
    }
}

fn intent(legs: Vec<Leg>, route: Route) -> Intent {
    let cutoff = Cutoff::new("2026-03-18T12:00:00Z".parse().unwrap()).unwrap();
    Intent {
        asked: Asked {
            enterprise_id: EnterpriseId::new("ent").unwrap(),
            external_id: ExternalId::new("e1").unwrap(),
            amounts: SettlementAmounts::new(legs).unwrap(),
            cutoff: (route == Route::V2).then_some(cutoff),
            notes: (route == Route::V2).then(|| Notes::new("note").unwrap()),
            nonce: None,
            supersedes: None,
        },
        nonce: Nonce::new("1").unwrap(),
        route,
        amount_unit: AmountUnit::Full,
        key_id: KeyId::new("k").unwrap(),
        caller: CallerId::new("c").unwrap(),
        submit_before: None,
    }
}

fn exchange() -> Intent {
    intent(vec![leg("a", None, "BTC", "100"), leg("a", None, "ETH", "-200.50")], Route::V2)
}

const GOOD: &str = r#"{"externalId":"e1","notes":"note","settlementAmounts":{"a":{"BTC":"100","ETH":"-200.5"}},"nonce":"1","cutoffAt":"2026-03-18T12:00:00.000Z"}"#;

#[test]
fn a_payload_that_says_what_was_asked_holds_in_any_order_and_number_form() {
    assert_eq!(hold_settlement(GOOD, &exchange()), Ok(()));
    let other = r#"{ "cutoffAt":"2026-03-18T12:00:00.000Z", "nonce":"1",
        "settlementAmounts":{"a":{"ETH":-200.50,"\u0042TC":100}}, "notes":"note", "externalId":"e1" }"#;
    assert_eq!(hold_settlement(other, &exchange()), Ok(()));
}

#[test]
fn anything_else_is_named_and_refused() {
    let cases: [(&str, &str, &str); 17] = [
        (r#""BTC":"100""#, r#""BTC":"101""#, "settlementAmounts.a.BTC"),
        (r#""BTC":"100""#, r#""BTC":"1e2""#, "settlementAmounts.a.BTC"),
        (r#""BTC":"100""#, r#""BTC":"100","BTC":"100""#, "$"),
        (r#""BTC":"100","#, "", "settlementAmounts.a.BTC"),
        (r#""BTC":"100""#, r#""BTC":"100","XRP":"1""#, "settlementAmounts.a.XRP"),
        (r#""BTC":"100""#, r#""BTC":null"#, "settlementAmounts.a.BTC"),
        (r#"{"a":"#, r#"{"b":"#, "settlementAmounts.b.BTC"),
        (r#""e1""#, r#""e2""#, "externalId"),
        (r#""nonce":"1""#, r#""nonce":"2""#, "nonce"),
        (r#""nonce":"1""#, r#""nonce":1"#, "nonce"),
        (r#""nonce":"1","#, "", "nonce"),
        (r#","cutoffAt":"2026-03-18T12:00:00.000Z""#, "", "cutoffAt"),
        ("12:00:00.000Z", "12:00:00Z", "cutoffAt"),
        (r#""note""#, r#""other note""#, "notes"),
        (r#""notes":"note","#, "", "notes"),
        (r#""nonce":"1""#, r#""nonce":"1","coin":"btc""#, "coin"),
        (r#""nonce":"1""#, r#""nonce":"1","Nonce":"1""#, "Nonce"),
    ];
    for (from, to, path) in cases {
        let tampered = GOOD.replacen(from, to, 1);
        assert_ne!(tampered, GOOD, "{from}");
        assert_eq!(hold_settlement(&tampered, &exchange()).unwrap_err().path, path, "{tampered}");
    }
    for text in ["", "[]", "null", "\"x\"", "{\"externalId\":\"e1\"}"] {
        assert!(hold_settlement(text, &exchange()).is_err(), "{text}");
    }
}

#[test]
fn a_cutoff_or_notes_that_nobody_asked_for_are_refused() {
    let v1 = intent(vec![leg("a", None, "BTC", "100")], Route::V1);
    let base = r#"{"externalId":"e1","settlementAmounts":{"a":{"BTC":"100"}},"nonce":"1"}"#;
    assert_eq!(hold_settlement(base, &v1), Ok(()));
    let with = |extra: &str| base.replace(r#""nonce":"1""#, &format!(r#""nonce":"1",{extra}"#));
    assert_eq!(hold_settlement(&with(r#""cutoffAt":null"#), &v1), Ok(()));
    assert!(hold_settlement(&with(r#""cutoffAt":"2026-03-18T12:00:00.000Z""#), &v1).is_err());
    assert!(hold_settlement(&with(r#""notes":"x""#), &v1).is_err());
}

#[test]
fn a_brokers_payload_is_held_at_both_depths() {
    let broker = intent(vec![leg("p", Some("c"), "BTC", "1"), leg("p", Some("d"), "BTC", "-1")], Route::V1);
    let good = r#"{"externalId":"e1","settlementAmounts":{"p":{"c":{"BTC":"1"},"d":{"BTC":"-1"}}},"nonce":"1"}"#;
    assert_eq!(hold_settlement(good, &broker), Ok(()));
    let swapped = good.replace(r#""c":"#, r#""x":"#).replace(r#""d":"#, r#""c":"#).replace(r#""x":"#, r#""d":"#);
    assert_eq!(hold_settlement(&swapped, &broker).unwrap_err().problem, "has another amount");
    let flat = r#"{"externalId":"e1","settlementAmounts":{"p":{"BTC":"1"}},"nonce":"1"}"#;
    assert!(hold_settlement(flat, &broker).is_err());
}

#[test]
fn an_account_without_an_amount_is_refused_at_both_depths() {
    let exchange = intent(vec![leg("a", None, "BTC", "1")], Route::V1);
    let broker = intent(vec![leg("p", Some("c"), "BTC", "1")], Route::V1);
    for (intent, amounts, path) in [
        (&exchange, r#"{"a":{"BTC":"1"},"stranger":{}}"#, "settlementAmounts.stranger"),
        (&exchange, r#"{"a":{}}"#, "settlementAmounts.a"),
        (&exchange, "{}", "settlementAmounts"),
        (&broker, r#"{"p":{"c":{"BTC":"1"}},"stranger":{}}"#, "settlementAmounts.stranger"),
        (&broker, r#"{"p":{"c":{"BTC":"1"},"stranger":{}}}"#, "settlementAmounts.p.stranger"),
        (&broker, r#"{"p":{"c":{"BTC":"1"}},"stranger":{"c":{}}}"#, "settlementAmounts.stranger.c"),
    ] {
        let payload = format!(r#"{{"externalId":"e1","settlementAmounts":{amounts},"nonce":"1"}}"#);
        let refused = hold_settlement(&payload, intent).unwrap_err();
        assert_eq!((refused.path.as_str(), refused.problem), (path, "has no amount"), "{amounts}");
    }
}

#[test]
fn the_largest_settlement_is_held_in_bounded_work() {
    let legs = (0..20_000).map(|n| leg(&format!("connection-{n}"), None, "BTC", "1")).collect();
    let largest = intent(legs, Route::V1);
    let amounts: Vec<_> = (0..20_000).rev().map(|n| format!(r#""connection-{n}":{{"BTC":"1.0"}}"#)).collect();
    let payload = format!(r#"{{"externalId":"e1","settlementAmounts":{{{}}},"nonce":"1"}}"#, amounts.join(","));
    assert_eq!(hold_settlement(&payload, &largest), Ok(()));
}

proptest! {
    /// Whatever single byte is changed, the payload either means the same or is refused, and nothing panics.
    #[test]
    fn a_changed_byte_never_changes_the_meaning_unseen(at in 0..GOOD.len(), byte in 0x20u8..0x7f) {
        let mut bytes = GOOD.as_bytes().to_vec();
        bytes[at] = byte;
        let text = String::from_utf8(bytes).unwrap();
        if hold_settlement(&text, &exchange()).is_ok() {
            let normal = |text: &str| text.replace("\"-200.5\"", "-200.5").replace(' ', "");
            prop_assert_eq!(normal(&text), normal(GOOD));
        }
    }
}
