//! How long callers wait: a write answers its durable state in time, a read says that time is up.

use std::time::Duration;

use settlement_gateway::grpc::pb::{GetQuoteRequest, InitiateSettlementResponse, SettlementOutcome, SettlementState};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault};
use tonic::{Code, Request, Response, Status};

use super::requests::{client_settlement, quote, retry, settle, settle_legs};
use crate::support::gateway::{GatewayUnderTest, MERCHANT, V1};
use crate::support::told::{Told, assert_told};

/// A venue that answers nothing while a test lasts.
const SLOW: Behaviour = Behaviour::DelayBefore { ms: 600_000 };
/// A caller's deadline.
const DEADLINE: Duration = Duration::from_millis(10_500);
/// So long before it an answer is due: a busy machine may take that long to give it.
const MARGIN_MS: u64 = 10_000;

fn with_deadline<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

/// A gateway that answers long before its callers' deadlines, beside venues that it waits for as long as they like.
async fn gateway() -> GatewayUnderTest {
    GatewayUnderTest::start_with(|setup| {
        setup.grpc = format!("deadline_margin_ms = {MARGIN_MS}");
        setup.engine.push_str("\nlease_ms = 130000");
        setup.venues =
            "first_byte_timeout_ms = 59000\ncall_timeout_ms = 60000\nread_repeats = 0\nbreaker_failures = 0".to_owned();
    })
    .await
}

fn slow(gateway: &GatewayUnderTest, on: Endpoint) {
    gateway.disturb(Fault { on, times: 1_000, behaviour: SLOW });
}

fn settlement(answer: Result<Response<InitiateSettlementResponse>, Status>) -> settlement_gateway::grpc::pb::Settlement {
    answer.unwrap().into_inner().settlement.unwrap()
}

#[tokio::test]
async fn a_write_answers_its_durable_state_before_its_callers_deadline() {
    for (endpoint, state, outcome) in [
        (Endpoint::SettlementsSigning, SettlementState::Received, SettlementOutcome::NotSent),
        (Endpoint::SettlementPost, SettlementState::Submitting, SettlementOutcome::Unknown),
    ] {
        let gateway = gateway().await;
        slow(&gateway, endpoint);
        let answered = settlement(gateway.settlements().await.initiate_settlement(with_deadline(settle(V1, "x"))).await);
        assert!(!answered.terminal);
        gateway.until(V1, "x", |settlement| settlement.state() == state).await;
        // Who asks again waits for the same settlement, and not for a second one.
        let again = settlement(gateway.settlements().await.initiate_settlement(with_deadline(settle(V1, "x"))).await);
        assert_eq!((again.state(), again.outcome()), (state, outcome), "{endpoint:?}");
        assert_eq!(again.request_digest, answered.request_digest);
        assert_eq!(gateway.listed(V1).await.len(), 1);
    }
}

#[tokio::test]
async fn a_write_without_a_deadline_answers_at_the_cap_and_the_settlement_goes_on() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.grpc = "default_wait_cap_ms = 300".to_owned()).await;
    let late = Behaviour::DelayAfter { ms: 5_000 };
    gateway.disturb(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: late });
    let answered = settlement(gateway.settlements().await.initiate_settlement(settle(V1, "x")).await);
    assert!(!answered.terminal, "the venue answers later: {:?}", answered.state());
    let done = gateway.until(V1, "x", |settlement| settlement.terminal).await;
    assert_eq!((done.state(), done.attempts), (SettlementState::Completed, 1));
    assert_eq!(gateway.sandbox.ledger().settlement(V1, "x").unwrap().created, 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_nothing() {
    let gateway = GatewayUnderTest::start().await;
    gateway.disturb(Fault { on: Endpoint::SettlementsSigning, times: 1, behaviour: Behaviour::DelayBefore { ms: 500 } });
    let mut client = gateway.settlements().await;
    let call = tokio::spawn(async move { client.initiate_settlement(settle(V1, "x")).await });
    gateway.until(V1, "x", |_| true).await;
    call.abort();
    let done = gateway.until(V1, "x", |settlement| settlement.terminal).await;
    assert_eq!(done.state(), SettlementState::Completed);
}

#[tokio::test]
async fn a_retry_answers_before_its_callers_deadline_too() {
    let gateway = gateway().await;
    let legs = vec![super::requests::leg(settlement_gateway::sandbox::EXAMPLE_CONNECTIONS[0], "BTC", "5000000")];
    let short = settlement(gateway.settlements().await.initiate_settlement(settle_legs(V1, "x", legs)).await);
    assert_eq!(short.state(), SettlementState::AwaitingFunds);
    slow(&gateway, Endpoint::SettlementPost);
    let answered = gateway.settlements().await.retry_settlement(with_deadline(retry(&short))).await.unwrap().into_inner();
    let answered = answered.settlement.unwrap();
    // Whether its bytes have left by then is the machine's business.
    assert!(matches!(answered.state(), SettlementState::Signed | SettlementState::Submitting), "{:?}", answered.state());
    assert_eq!(answered.outcome(), SettlementOutcome::Created);
}

#[tokio::test]
async fn a_read_that_outlasts_its_callers_deadline_says_so_in_time() {
    let gateway = gateway().await;
    let made = gateway.quotes().await.create_quote(quote()).await.unwrap().into_inner().quote.unwrap();
    for endpoint in [Endpoint::ClientSettlement, Endpoint::QuoteCreate, Endpoint::QuoteGet] {
        slow(&gateway, endpoint);
    }
    let (mut settlements, mut quotes) = (gateway.settlements().await, gateway.quotes().await);
    let mut other_quotes = quotes.clone();
    let refresh = GetQuoteRequest { external_merchant_id: MERCHANT.to_owned(), tx_id: made.tx_id, refresh: true };
    let (read, created, refreshed) = tokio::join!(
        settlements.get_client_settlement(with_deadline(client_settlement(V1))),
        quotes.create_quote(with_deadline(quote())),
        other_quotes.get_quote(with_deadline(refresh)),
    );
    // A client's own timer would have said CANCELLED, and without a reason.
    for status in [read.unwrap_err(), created.unwrap_err(), refreshed.unwrap_err()] {
        assert_told(&Told::by(&status), Code::DeadlineExceeded, "DEADLINE_EXCEEDED");
    }
}

#[tokio::test]
async fn a_deadline_that_cannot_be_read_is_refused() {
    let gateway = GatewayUnderTest::start().await;
    let mut request = Request::new(settle(V1, "x"));
    request.metadata_mut().insert("grpc-timeout", "soon".parse().unwrap());
    let status = gateway.settlements().await.initiate_settlement(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert!(gateway.listed(V1).await.is_empty());
}
