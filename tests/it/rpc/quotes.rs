//! QuoteService: the venue's digits, its errors, repeats and expiry.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusBuilder;
use settlement_gateway::grpc::pb::{ConfirmQuoteRequest, CreateQuoteRequest, Fulfillment, GetQuoteRequest, Quote, QuoteStatus};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, RetryAfter};
use tonic::Code;

use super::requests::quote;
use crate::support::clock::ManualClock;
use crate::support::gateway::{GatewayUnderTest, MERCHANT, WALLET};
use crate::support::told::{assert_told, refused};

async fn create(gateway: &GatewayUnderTest, request: CreateQuoteRequest) -> Quote {
    gateway.quotes().await.create_quote(request).await.unwrap().into_inner().quote.unwrap()
}

fn get(quote: &Quote, refresh: bool) -> GetQuoteRequest {
    GetQuoteRequest { external_merchant_id: MERCHANT.to_owned(), tx_id: quote.tx_id.clone(), refresh }
}

fn named(request_id: &str) -> CreateQuoteRequest {
    CreateQuoteRequest { request_id: Some(request_id.to_owned()), ..quote() }
}

#[tokio::test]
async fn a_quote_is_shown_digit_for_digit() {
    let gateway = GatewayUnderTest::start().await;
    let made = create(&gateway, quote()).await;
    assert_eq!((made.status(), made.status_text.as_str()), (QuoteStatus::Quoted, "quoted"));
    assert_eq!((made.source_amount, made.expected_source_amount()), (100_000, 100_000));
    assert_eq!((made.exchange_rate(), made.destination_amount(), made.platform_fee()), ("0.0077", "5.20", "2.50"));
    assert_eq!((made.source_currency.as_str(), made.destination_currency.as_str()), ("KES", "USDT"));
    assert_eq!((made.fulfillment(), made.fulfillment_text.as_str()), (Fulfillment::Full, "full"));
    assert_eq!((made.chain.as_str(), made.wallet_address.as_str()), ("eip155:137", WALLET));
    assert_eq!((made.arithmetic_consistent, made.expired), (Some(true), false));
    assert!(made.created_at.is_some() && made.expires_at.is_some() && made.read_at.is_some() && made.request_id.is_none());
    assert!(made.confirmed_at.is_none() && made.executed_at.is_none() && made.tx_hash.is_none());
    let another = create(&gateway, quote()).await;
    assert_ne!(another.tx_id, made.tx_id, "without a request id every call is another quote");
}

#[tokio::test]
async fn every_currencys_minor_unit_is_its_own() {
    let gateway = GatewayUnderTest::start().await;
    for (currency, destination) in [("KES", "5.20"), ("UGX", "26.00"), ("BHD", "263.50")] {
        let made = create(&gateway, CreateQuoteRequest { source_currency: currency.to_owned(), ..quote() }).await;
        assert_eq!((made.destination_amount(), made.arithmetic_consistent), (destination, Some(true)), "{currency}");
    }
}

#[tokio::test]
async fn partial_and_no_fulfilment_are_shown_as_such() {
    for (liquidity, expected, fulfillment) in [(40_000, 40_000, Fulfillment::Partial), (0, 0, Fulfillment::None)] {
        let limited = |setup: &mut crate::support::gateway::Setup| {
            setup.sandbox.bitlipa.rates[0].liquidity_minor_units = Some(liquidity);
        };
        let gateway = GatewayUnderTest::start_with(limited).await;
        let made = create(&gateway, quote()).await;
        assert_eq!((made.fulfillment(), made.expected_source_amount(), made.source_amount), (fulfillment, expected, 100_000));
    }
}

#[tokio::test]
async fn expiry_is_derived_since_the_venue_has_no_such_status() {
    let clock = ManualClock::at(Timestamp::now() - Duration::from_secs(120));
    let venue_clock = Arc::clone(&clock);
    let gateway = GatewayUnderTest::start_with(|setup| {
        setup.sandbox.clock = venue_clock;
        setup.sandbox.bitlipa.quote_lifetime_ms = 60_000;
    })
    .await;
    let lapsed = create(&gateway, quote()).await;
    assert_eq!((lapsed.status(), lapsed.expired), (QuoteStatus::Quoted, true));
    clock.advance(Duration::from_secs(120));
    let good = create(&gateway, quote()).await;
    assert_eq!((good.status(), good.expired), (QuoteStatus::Quoted, false));
    let mut client = gateway.quotes().await;
    let again = client.get_quote(get(&lapsed, true)).await.unwrap().into_inner().quote.unwrap();
    assert!(again.expired, "read again it has still lapsed");
}

#[tokio::test]
async fn operators_are_told_for_how_long_prices_hold_when_they_are_given_and_when_they_are_confirmed() {
    let recorder = PrometheusBuilder::new().set_buckets(&[0.0, 60.0]).unwrap().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let clock = ManualClock::at(Timestamp::now() - Duration::from_secs(120));
    let venue_clock = Arc::clone(&clock);
    let gateway = GatewayUnderTest::start_with(|setup| {
        setup.sandbox.clock = venue_clock;
        setup.sandbox.bitlipa.quote_lifetime_ms = 60_000;
    })
    .await;
    let lapsed = create(&gateway, quote()).await;
    clock.advance(Duration::from_secs(120));
    create(&gateway, quote()).await;
    let confirmation = ConfirmQuoteRequest {
        external_merchant_id: MERCHANT.to_owned(),
        tx_id: lapsed.tx_id,
        external_tx_id: "payout-1".to_owned(),
        ..ConfirmQuoteRequest::default()
    };
    let told = refused(gateway.quotes().await.confirm_quote(confirmation).await);
    assert_told(&told, Code::FailedPrecondition, "QUOTE_EXPIRED");
    let text = recorder.handle().render();
    let bucket = |at: &str, le: &str| format!("settlement_gateway_quote_left_seconds_bucket{{at=\"{at}\",le=\"{le}\"}}");
    for (at, le, count) in [("CREATED", "0", 1), ("CREATED", "60", 2), ("CONFIRMED", "0", 1)] {
        let line = format!("{} {count}", bucket(at, le));
        assert!(text.lines().any(|told| told == line), "{line} is missing: {text}");
    }
}

#[tokio::test]
async fn a_request_id_gets_its_first_quote_for_ever() {
    let gateway = GatewayUnderTest::start().await;
    let first = create(&gateway, named("r1")).await;
    let before = gateway.venue_requests();
    assert_eq!(create(&gateway, named("r1")).await, first);
    let lower = CreateQuoteRequest { wallet_address: WALLET.to_lowercase(), ..named("r1") };
    assert_eq!(create(&gateway, lower).await, first, "the same account is the same meaning");
    let mut client = gateway.quotes().await;
    let rows = [
        (CreateQuoteRequest { source_amount: 100_001, ..named("r1") }, &["source_amount"][..]),
        (
            CreateQuoteRequest { source_currency: "UGX".to_owned(), chain: "eip155:1".to_owned(), ..named("r1") },
            &["source_currency", "chain"],
        ),
        (CreateQuoteRequest { external_merchant_id: "merchant_456".to_owned(), ..named("r1") }, &["external_merchant_id"]),
    ];
    for (request, fields) in rows {
        let told = refused(client.create_quote(request).await);
        assert_told(&told, Code::AlreadyExists, "REQUEST_ID_REUSED");
        assert_eq!(told.fields, fields);
    }
    assert_eq!(gateway.venue_requests(), before, "the venue was called");
    let gateway = gateway.restart().await;
    assert_eq!(create(&gateway, named("r1")).await, first, "after a restart too");
}

#[tokio::test]
async fn a_request_id_whose_first_try_failed_is_free_to_ask_again() {
    let gateway = GatewayUnderTest::start().await;
    gateway.disturb(Fault { on: Endpoint::QuoteCreate, times: 1, behaviour: Behaviour::AcceptThenCut });
    let told = refused(gateway.quotes().await.create_quote(named("r1")).await);
    assert_told(&told, Code::Unavailable, "VENUE_UNAVAILABLE");
    let made = create(&gateway, named("r1")).await;
    assert_eq!(create(&gateway, named("r1")).await, made);
}

#[tokio::test]
async fn a_quote_is_read_from_the_journal_or_refreshed_from_the_venue() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.quotes().await;
    let made = create(&gateway, named("r1")).await;
    let before = gateway.venue_requests();
    let stored = client.get_quote(get(&made, false)).await.unwrap().into_inner().quote.unwrap();
    assert_eq!((&stored, gateway.venue_requests()), (&made, before));
    let fresh = client.get_quote(get(&made, true)).await.unwrap().into_inner().quote.unwrap();
    assert_eq!(gateway.venue_requests(), before + 1);
    assert!(fresh.read_at.map(|at| (at.seconds, at.nanos)) > made.read_at.map(|at| (at.seconds, at.nanos)));
    // The venue tells only now when it made the quote.
    let same = Quote { read_at: made.read_at, created_at: made.created_at, sequence: made.sequence, ..fresh.clone() };
    assert_eq!(same, made, "nothing else has changed");
    let stored = client.get_quote(get(&made, false)).await.unwrap().into_inner().quote.unwrap();
    assert_eq!(stored, fresh, "what was read again is stored");
    let others = GetQuoteRequest { external_merchant_id: "merchant_456".to_owned(), ..get(&made, true) };
    assert_told(&refused(client.get_quote(others).await), Code::NotFound, "QUOTE_NOT_FOUND");
}

#[tokio::test]
async fn the_venues_refusals_have_reasons_and_fields() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.sandbox.merchants = vec![MERCHANT.to_owned()]).await;
    let mut client = gateway.quotes().await;
    let rows = [
        (
            CreateQuoteRequest { source_currency: "EUR".to_owned(), ..quote() },
            "QUOTE_UNSUPPORTED_PAIR",
            &["source_currency", "destination_currency"][..],
        ),
        (CreateQuoteRequest { chain: "eip155:1".to_owned(), ..quote() }, "QUOTE_UNSUPPORTED_CHAIN", &["chain"]),
        (CreateQuoteRequest { source_amount: 999, ..quote() }, "QUOTE_AMOUNT_BELOW_MINIMUM", &["source_amount"]),
        (CreateQuoteRequest { source_amount: 100_000_000_001, ..quote() }, "QUOTE_AMOUNT_ABOVE_MAXIMUM", &["source_amount"]),
        (CreateQuoteRequest { external_merchant_id: "merchant_456".to_owned(), ..quote() }, "VENUE_REJECTED_REQUEST", &[]),
    ];
    for (request, reason, fields) in rows {
        let told = refused(client.create_quote(request).await);
        assert_told(&told, Code::InvalidArgument, reason);
        assert_eq!(told.fields, fields, "{told:?}");
    }
}

#[tokio::test]
async fn what_the_venue_does_wrong_is_no_fault_of_the_callers() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.quotes().await;
    let made = create(&gateway, quote()).await;
    let status = |status, body| Behaviour::Status { status, body, effect: false };
    let rows = [
        (status(401, Body::Bitlipa), Code::FailedPrecondition, "VENUE_CREDENTIALS"),
        (status(403, Body::Bitlipa), Code::FailedPrecondition, "VENUE_FORBIDDEN"),
        (status(500, Body::Bitlipa), Code::Unavailable, "VENUE_UNAVAILABLE"),
        (status(502, Body::Html), Code::Unavailable, "VENUE_UNAVAILABLE"),
        (Behaviour::CutBefore, Code::Unavailable, "VENUE_UNAVAILABLE"),
        (Behaviour::TooManyRequests { retry_after: RetryAfter::Seconds(7) }, Code::Unavailable, "VENUE_RATE_LIMITED"),
        (status(200, Body::Html), Code::Internal, "VENUE_ANSWER_INVALID"),
        (status(200, Body::EmptyObject), Code::Internal, "VENUE_ANSWER_INVALID"),
        (status(201, Body::Truncated), Code::Internal, "VENUE_ANSWER_INVALID"),
    ];
    for (behaviour, code, reason) in rows {
        for endpoint in [Endpoint::QuoteCreate, Endpoint::QuoteGet] {
            gateway.disturb(Fault { on: endpoint, times: 10, behaviour: behaviour.clone() });
        }
        for told in [refused(client.create_quote(quote()).await), refused(client.get_quote(get(&made, true)).await)] {
            assert_told(&told, code, reason);
            assert_eq!(told.retry_after.is_some(), code == Code::Unavailable, "{told:?}");
            if reason == "VENUE_RATE_LIMITED" {
                assert_eq!(told.retry_after, Some(Duration::from_secs(7)));
            }
        }
        gateway.sandbox.faults().clear();
    }
}
