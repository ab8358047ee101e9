//! The venue's answers, as its documents show them and as it may send them.

use super::*;
use crate::upstream::json;

const CREATED: &str = include_str!("../../../tests/golden/upstream/bitlipa_quote_created.json");
const EXECUTED: &str = include_str!("../../../tests/golden/upstream/bitlipa_quote_executed.json");

fn read(text: &str) -> Result<VenueQuote, Unmapped> {
    quote(json::read(text.as_bytes()).unwrap())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_documented_quote_is_read_digit_for_digit() {
    let expected = VenueQuote {
        tx_id: TxId::new("tx_abc123def456").unwrap(),
        status: QuoteStatus::Quoted,
        status_text: "quoted".to_owned(),
        source_currency: some("KES"),
        destination_currency: some("USDT"),
        chain: some("eip155:137"),
        wallet_address: None,
        exchange_rate: some("0.0077"),
        destination_amount: some("5.20"),
        platform_fee: some("2.50"),
        fulfillment: Fulfillment::Full,
        fulfillment_text: "full".to_owned(),
        expected_source_amount: Some(100_000),
        external_tx_id: None,
        tx_hash: None,
        failure_reason: None,
        created_at: None,
        confirmed_at: None,
        executed_at: None,
        cancelled_at: None,
        expires_at: Some("2024-01-15T10:35:00Z".parse().unwrap()),
    };
    assert_eq!(read(CREATED), Ok(expected));
}

#[test]
fn an_executed_quote_shows_what_became_of_it() {
    let quote = read(EXECUTED).unwrap();
    assert_eq!(quote.status, QuoteStatus::Executed);
    assert_eq!(quote.tx_hash, some("0xabc"));
    assert_eq!(quote.failure_reason, None);
    assert_eq!(quote.exchange_rate, some("0.00770000000000000000000000000001"));
    assert_eq!(quote.executed_at, Some("2024-01-15T07:32:00Z".parse().unwrap()));
    assert_eq!((quote.fulfillment, quote.fulfillment_text.as_str()), (Fulfillment::Unrecognised, "mostly"));
}

#[test]
fn an_empty_text_names_nobody() {
    let quote = read(r#"{"tx_id":"a","status":"processing","external_tx_id":"","tx_hash":"","failure_reason":""}"#).unwrap();
    assert_eq!((quote.external_tx_id, quote.tx_hash, quote.failure_reason), (None, None, None));
}

#[test]
fn what_a_quote_must_have_is_demanded() {
    for (text, member) in [
        (r#"{"status":"quoted"}"#, "tx_id"),
        (r#"{"tx_id":"a\u0000","status":"quoted"}"#, "tx_id"),
        (r#"{"tx_id":"a"}"#, "status"),
        (r#"{"tx_id":"a","status":"quoted","expires_at":"soon"}"#, "expires_at"),
        (r#"{"tx_id":"a","status":"quoted","expected_source_amount":1.5}"#, "expected_source_amount"),
        (r#"{"tx_id":"a","status":"quoted","expected_source_amount":1e5}"#, "expected_source_amount"),
        (r#"{"tx_id":"a","status":"quoted","expected_source_amount":9223372036854775808}"#, "expected_source_amount"),
    ] {
        assert_eq!(read(text), Err(Unmapped(member)), "{text}");
    }
}
