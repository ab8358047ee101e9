//! Quotes: whole, by their merchant, and never older than they were.

use jiff::Timestamp;
use settlement_gateway::domain::ids::{CallerId, MerchantId, RequestId, TxId};
use settlement_gateway::domain::quote::{
    Chain, Fulfillment, MinorUnits, Quote, QuoteRequest, QuoteStatus, VenueQuote, WalletAddress,
};
use settlement_gateway::store::QuoteRecorded;

use super::Fixture;
use crate::support::builders::{after_start, currency, start};

fn caller() -> CallerId {
    CallerId::new("caller-1").unwrap()
}

fn request_id() -> RequestId {
    RequestId::new("request-1").unwrap()
}

pub(super) fn merchant(id: &str) -> MerchantId {
    MerchantId::new(id).unwrap()
}

pub(super) fn tx(id: &str) -> TxId {
    TxId::new(id).unwrap()
}

fn request() -> QuoteRequest {
    let chain = Chain::new("eip155:137").unwrap();
    QuoteRequest {
        request_id: Some(request_id()),
        merchant_id: merchant("merchant-1"),
        source_amount: MinorUnits::new(MinorUnits::MAX).unwrap(),
        source_currency: currency("EUR"),
        destination_currency: currency("USDC"),
        wallet: WalletAddress::new("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", &chain).unwrap(),
        chain,
    }
}

/// A quote with something in every field.
pub(super) fn quote(tx_id: &str, status: QuoteStatus, read_at: Timestamp) -> Quote {
    let text = |text: &str| Some(text.to_owned());
    let venue = VenueQuote {
        tx_id: tx(tx_id),
        status,
        status_text: status.as_str().to_owned(),
        source_currency: text("EUR"),
        destination_currency: text("USDC"),
        chain: text("polygon"),
        wallet_address: text("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
        exchange_rate: text("1.08310000000000000000000000001"),
        destination_amount: text("1000.10"),
        platform_fee: text("0.50"),
        fulfillment: Fulfillment::Partial,
        fulfillment_text: "partial".to_owned(),
        expected_source_amount: Some(92_345),
        external_tx_id: text("ours-1"),
        tx_hash: text("0xabc"),
        failure_reason: text("none \u{2014} yet"),
        created_at: Some(after_start(1)),
        confirmed_at: Some(after_start(2)),
        executed_at: Some(after_start(3)),
        cancelled_at: Some(after_start(4)),
        expires_at: None,
    };
    Quote { request: request(), caller: caller(), requested_at: start(), venue, read_at, sequence: 1, confirmation: None }
}

async fn stored(fixture: &Fixture, tx_id: &str) -> Option<Quote> {
    fixture.store.quote(&merchant("merchant-1"), &tx(tx_id)).await.unwrap()
}

pub(crate) async fn a_quote_with_something_in_every_field_reads_back(fixture: &Fixture) {
    let full = quote("tx-1", QuoteStatus::Executed, after_start(4));
    assert!(fixture.store.record_quote(&full).await.unwrap());
    assert_eq!(stored(fixture, "tx-1").await, Some(full));
    let mut bare = quote("tx-2", QuoteStatus::Unrecognised, after_start(4));
    bare.request.request_id = None;
    bare.venue.fulfillment_text = "somewhat".to_owned();
    bare.venue.fulfillment = Fulfillment::Unrecognised;
    bare.venue.exchange_rate = None;
    bare.venue.expected_source_amount = None;
    assert!(fixture.store.record_quote(&bare).await.unwrap());
    assert_eq!(stored(fixture, "tx-2").await, Some(bare));
}

pub(crate) async fn a_repeated_request_gets_the_first_and_its_quote(fixture: &Fixture) {
    let ask = async |request: QuoteRequest| {
        fixture.store.record_quote_request(&caller(), &request_id(), &request, start()).await.unwrap()
    };
    assert!(matches!(ask(request()).await, QuoteRecorded::New));
    let other = QuoteRequest { source_amount: MinorUnits::new(1).unwrap(), ..request() };
    match ask(other.clone()).await {
        QuoteRecorded::Existing(first, None) => assert_eq!(*first, request()),
        wrong => panic!("{wrong:?}"),
    }
    let answer = quote("tx-1", QuoteStatus::Quoted, after_start(1));
    assert!(fixture.store.record_quote(&answer).await.unwrap());
    match ask(other).await {
        QuoteRecorded::Existing(first, Some(quote)) => assert_eq!((*first, *quote), (request(), answer)),
        wrong => panic!("{wrong:?}"),
    }
}

pub(crate) async fn a_request_id_belongs_to_its_caller(fixture: &Fixture) {
    for name in ["caller-1", "caller-2"] {
        let caller = CallerId::new(name).unwrap();
        let recorded = fixture.store.record_quote_request(&caller, &request_id(), &request(), start()).await.unwrap();
        assert!(matches!(recorded, QuoteRecorded::New), "{name}");
    }
}

pub(crate) async fn a_merchants_quote_is_hidden_from_another(fixture: &Fixture) {
    assert!(fixture.store.record_quote(&quote("tx-1", QuoteStatus::Quoted, start())).await.unwrap());
    assert_eq!(fixture.store.quote(&merchant("merchant-2"), &tx("tx-1")).await.unwrap(), None);
    let mut theirs = quote("tx-1", QuoteStatus::Failed, after_start(9));
    theirs.request.merchant_id = merchant("merchant-2");
    fixture.store.save_quote(&theirs).await.unwrap();
    assert_eq!(fixture.store.quote(&merchant("merchant-2"), &tx("tx-1")).await.unwrap(), None);
    assert_eq!(stored(fixture, "tx-1").await.unwrap().venue.status, QuoteStatus::Quoted, "nor can another replace it");
}

pub(crate) async fn an_older_reading_never_replaces_a_newer_one(fixture: &Fixture) {
    let newer = quote("tx-1", QuoteStatus::Processing, after_start(5));
    assert!(fixture.store.record_quote(&quote("tx-1", QuoteStatus::Quoted, after_start(1))).await.unwrap());
    fixture.store.save_quote(&newer).await.unwrap();
    fixture.store.save_quote(&quote("tx-1", QuoteStatus::Quoted, after_start(2))).await.unwrap();
    assert_eq!(stored(fixture, "tx-1").await, Some(Quote { sequence: 2, ..newer }));
}

pub(crate) async fn an_earlier_stage_never_replaces_a_later_one(fixture: &Fixture) {
    let ended = quote("tx-1", QuoteStatus::Executed, after_start(5));
    assert!(fixture.store.record_quote(&quote("tx-1", QuoteStatus::Quoted, after_start(1))).await.unwrap());
    fixture.store.save_quote(&ended).await.unwrap();
    for lagging in [QuoteStatus::Quoted, QuoteStatus::Processing] {
        fixture.store.save_quote(&quote("tx-1", lagging, after_start(9))).await.unwrap();
    }
    assert_eq!(stored(fixture, "tx-1").await, Some(Quote { sequence: 2, ..ended }));
}

pub(crate) async fn a_sequence_rises_with_what_is_said_and_not_with_a_mere_reading(fixture: &Fixture) {
    assert!(fixture.store.record_quote(&quote("tx-1", QuoteStatus::Quoted, after_start(1))).await.unwrap());
    for (second, status, sequence) in [
        (2, QuoteStatus::Quoted, 1),
        (3, QuoteStatus::Processing, 2),
        (4, QuoteStatus::Processing, 2),
        (5, QuoteStatus::Failed, 3),
    ] {
        fixture.store.save_quote(&quote("tx-1", status, after_start(second))).await.unwrap();
        let stored = stored(fixture, "tx-1").await.unwrap();
        assert_eq!((stored.sequence, stored.read_at), (sequence, after_start(second)));
        assert_eq!(fixture.store.quote_by_tx_id(&tx("tx-1")).await.unwrap(), Some(stored));
    }
    assert_eq!(fixture.store.quote_by_tx_id(&tx("tx-2")).await.unwrap(), None);
}

pub(crate) async fn a_tx_id_belongs_to_the_request_that_had_it_first(fixture: &Fixture) {
    let first = quote("tx-1", QuoteStatus::Quoted, start());
    assert!(fixture.store.record_quote(&first).await.unwrap());
    let second = RequestId::new("request-2").unwrap();
    let asked = QuoteRequest { request_id: Some(second.clone()), ..request() };
    fixture.store.record_quote_request(&caller(), &second, &asked, start()).await.unwrap();
    let again = Quote { request: asked.clone(), ..quote("tx-1", QuoteStatus::Failed, after_start(9)) };
    assert!(!fixture.store.record_quote(&again).await.unwrap());
    let theirs = QuoteRequest { merchant_id: merchant("merchant-2"), ..asked.clone() };
    assert!(!fixture.store.record_quote(&Quote { request: theirs, ..again }).await.unwrap());
    assert_eq!(stored(fixture, "tx-1").await, Some(first));
    let repeated = fixture.store.record_quote_request(&caller(), &second, &asked, start()).await.unwrap();
    assert!(matches!(repeated, QuoteRecorded::Existing(_, None)), "{repeated:?}");
}
