//! Errors of writes: each says what became of the settlement and what to do, so that nobody pays twice.

use settlement_gateway::sandbox::{Behaviour, Body, EXAMPLE_CONNECTIONS, Endpoint, Fault, Tamper};
use tonic::Code;

use super::requests::{leg, settle, settle_legs};
use crate::support::gateway::{GatewayUnderTest, V1, V2};
use crate::support::told::{Told, assert_told, refused};

/// What the venue does, and what its caller is told: code, reason, outcome and next action.
struct Row {
    name: &'static str,
    on: Endpoint,
    behaviour: Behaviour,
    told: (Code, &'static str, &'static str, &'static str),
}

fn status(status: u16, body: Body) -> Behaviour {
    Behaviour::Status { status, body, effect: false }
}

/// Before anything was sent.
fn while_preparing() -> Vec<Row> {
    let row = |name, behaviour, told| Row { name, on: Endpoint::SettlementsSigning, behaviour, told };
    let rejected = (Code::InvalidArgument, "VENUE_REJECTED_REQUEST", "NOT_SENT", "FIX_WITH_NEW_ID");
    let forbidden = (Code::FailedPrecondition, "VENUE_FORBIDDEN", "NOT_SENT", "RETRY_SAME");
    let mismatch = (Code::FailedPrecondition, "PAYLOAD_MISMATCH", "NOT_SENT", "OPERATOR");
    let tampered = |tamper| Behaviour::TamperPayload { tamper };
    vec![
        row("signing-400", status(400, Body::Error), rejected),
        row("signing-403", status(403, Body::ErrorName), forbidden),
        row("tampered-account", tampered(Tamper::Account), mismatch),
        row("tampered-twice", tampered(Tamper::DuplicateKey), mismatch),
        row("tampered-nonce", tampered(Tamper::Nonce), mismatch),
        row("tampered-more", tampered(Tamper::ExtraField), mismatch),
    ]
}

/// By the answer to the post.
fn by_the_post() -> Vec<Row> {
    let row = |name, behaviour, told| Row { name, on: Endpoint::SettlementPost, behaviour, told };
    let rejected = (Code::InvalidArgument, "VENUE_REJECTED_REQUEST", "NOT_CREATED", "FIX_WITH_NEW_ID");
    let credentials = (Code::FailedPrecondition, "VENUE_CREDENTIALS", "NOT_CREATED", "RETRY_SAME");
    let forbidden = (Code::FailedPrecondition, "VENUE_FORBIDDEN", "NOT_CREATED", "RETRY_SAME");
    let liabilities = (Code::FailedPrecondition, "LIABILITIES_EXCEED_BALANCE", "NOT_CREATED", "FUND_THEN_RETRY");
    vec![
        row("post-400", status(400, Body::Error), rejected),
        row("post-401", status(401, Body::Error), credentials),
        row("post-403", status(403, Body::ErrorName), forbidden),
        row("post-422", status(422, Body::Error), liabilities),
    ]
}

#[track_caller]
fn assert_standing(told: &Told, external_id: &str, outcome: &str, next_action: &str) {
    assert_eq!(told.about("state"), "NOT_ACCEPTED", "{told:?}");
    assert_eq!((told.about("outcome"), told.about("next_action")), (outcome, next_action), "{told:?}");
    assert_eq!(told.about("external_id"), external_id);
    assert!(told.message.contains(outcome) && told.message.contains(next_action), "for who reads no details: {told:?}");
}

#[tokio::test]
async fn a_settlement_that_was_not_accepted_says_how_it_stands_every_time_it_is_asked_for() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    for Row { name, on, behaviour, told } in while_preparing().into_iter().chain(by_the_post()) {
        let (code, reason, outcome, next_action) = told;
        gateway.disturb(Fault { on, times: 1, behaviour });
        let first = refused(client.initiate_settlement(settle(V1, name)).await);
        assert_told(&first, code, reason);
        assert_standing(&first, name, outcome, next_action);
        assert_eq!(refused(client.initiate_settlement(settle(V1, name)).await), first, "{name}: a repeat reads the refusal");
        let stored = gateway.stored(V1, name).await;
        assert_eq!((stored.reason(), stored.sequence.to_string().as_str()), (reason, first.about("sequence")), "{name}");
        assert_eq!(gateway.sandbox.ledger().settlement(V1, name).map_or(0, |entry| entry.created), 0, "{name}");
        gateway.sandbox.faults().clear();
    }
}

#[tokio::test]
async fn liabilities_above_a_balance_are_a_refusal_that_funding_repairs() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let request = settle_legs(V2, "x", vec![leg(EXAMPLE_CONNECTIONS[0], "BTC", "-2000000")]);
    let told = refused(client.initiate_settlement(request).await);
    assert_told(&told, Code::FailedPrecondition, "LIABILITIES_EXCEED_BALANCE");
    assert_standing(&told, "x", "NOT_CREATED", "FUND_THEN_RETRY");
    gateway.sandbox.fund(V2, Some(EXAMPLE_CONNECTIONS[0]), "BTC", "2000000").await.unwrap();
    let stored = gateway.stored(V2, "x").await;
    let retried = client.retry_settlement(super::requests::retry(&stored)).await.unwrap().into_inner().settlement.unwrap();
    assert_eq!(retried.signature, stored.signature);
    assert_eq!(gateway.sandbox.ledger().settlement(V2, "x").unwrap().created, 1);
}

#[tokio::test]
async fn disputes_on_the_v1_route_are_told_as_the_operators_to_repair() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.enterprise(V1).disputes = true).await;
    let told = refused(gateway.settlements().await.initiate_settlement(settle(V1, "x")).await);
    assert_told(&told, Code::FailedPrecondition, "DISPUTES_ENABLED_USE_V2");
    assert_eq!((told.about("state"), told.about("outcome")), ("NOT_ACCEPTED", "NOT_CREATED"));
}

#[tokio::test]
async fn a_preview_fails_as_a_read_does() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let rows = [
        (status(503, Body::Html), Code::Unavailable, "VENUE_UNAVAILABLE"),
        (status(409, Body::Error), Code::FailedPrecondition, "VENUE_CONFLICT"),
        (Behaviour::TamperPayload { tamper: Tamper::Account }, Code::FailedPrecondition, "PAYLOAD_MISMATCH"),
    ];
    for (behaviour, code, reason) in rows {
        gateway.disturb(Fault { on: Endpoint::SettlementsSigning, times: 1, behaviour });
        let mut request = settle(V1, "x");
        request.validate_only = true;
        assert_told(&refused(client.initiate_settlement(request).await), code, reason);
        gateway.sandbox.faults().clear();
    }
    assert!(gateway.listed(V1).await.is_empty(), "a row was written");
}
