//! RetrySettlement and CancelSettlement: the stored bytes again, or nothing for ever.

use settlement_gateway::grpc::pb::{
    InitiateSettlementRequest, NextAction, RetrySettlementRequest, Settlement, SettlementOutcome, SettlementState,
};
use settlement_gateway::sandbox::{Behaviour, Body, EXAMPLE_CONNECTIONS, Endpoint, Fault};
use tonic::Code;

use super::requests::{cancel, leg, retry, settle, settle_legs};
use crate::support::gateway::{GatewayUnderTest, V1, V2, within};
use crate::support::told::{assert_told, refused};

/// More than any account holds.
const TOO_MUCH: &str = "5000000";

fn unfunded(enterprise: &str, amount: &str) -> InitiateSettlementRequest {
    settle_legs(enterprise, "short", vec![leg(EXAMPLE_CONNECTIONS[0], "BTC", amount)])
}

async fn initiate(gateway: &GatewayUnderTest, request: InitiateSettlementRequest) -> Settlement {
    gateway.settlements().await.initiate_settlement(request).await.unwrap().into_inner().settlement.unwrap()
}

#[tokio::test]
async fn a_v1_settlement_without_funds_is_sent_again_after_funding_byte_for_byte() {
    let gateway = GatewayUnderTest::start().await;
    let short = initiate(&gateway, unfunded(V1, TOO_MUCH)).await;
    assert_eq!((short.state(), short.next_action()), (SettlementState::AwaitingFunds, NextAction::FundThenRetry));
    assert_eq!((short.outcome(), short.reason()), (SettlementOutcome::Created, "INSUFFICIENT_FUNDS"));
    gateway.sandbox.fund(V1, None, "BTC", TOO_MUCH).await.unwrap();
    let mut client = gateway.settlements().await;
    let done = client.retry_settlement(retry(&short)).await.unwrap().into_inner().settlement.unwrap();
    assert_eq!((done.state(), done.attempts), (SettlementState::Completed, 2));
    assert_eq!(done.signature, short.signature);
    let entry = gateway.sandbox.ledger().settlement(V1, "short").cloned().unwrap();
    assert_eq!((entry.created, entry.posts, entry.body_digests.len()), (1, 2, 1));

    let told = refused(client.retry_settlement(retry(&short)).await);
    assert_told(&told, Code::Aborted, "STATE_CONFLICT");
    assert_eq!((told.about("state"), told.about("sequence")), ("COMPLETED", done.sequence.to_string().as_str()));
    let told = refused(client.retry_settlement(retry(&done)).await);
    assert_told(&told, Code::FailedPrecondition, "NOT_RETRYABLE");
    assert_eq!((told.about("outcome"), told.about("next_action")), ("CREATED", "NONE"));
}

#[tokio::test]
async fn a_permission_that_was_repaired_lets_the_same_bytes_through() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let forbidden = Behaviour::Status { status: 403, body: Body::ErrorName, effect: false };
    gateway.disturb(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: forbidden });
    let told = refused(client.initiate_settlement(settle(V1, "x")).await);
    assert_told(&told, Code::FailedPrecondition, "VENUE_FORBIDDEN");
    assert_eq!((told.about("outcome"), told.about("next_action")), ("NOT_CREATED", "RETRY_SAME"));
    let told = refused(client.initiate_settlement(settle(V1, "x")).await);
    assert_told(&told, Code::FailedPrecondition, "VENUE_FORBIDDEN");

    let stored = gateway.stored(V1, "x").await;
    let done = client.retry_settlement(retry(&stored)).await.unwrap().into_inner().settlement.unwrap();
    assert_eq!((done.state(), done.signature), (SettlementState::Completed, stored.signature));
    let entry = gateway.sandbox.ledger().settlement(V1, "x").cloned().unwrap();
    assert_eq!((entry.created, entry.body_digests.len()), (1, 1));
}

#[tokio::test]
async fn two_who_retry_what_they_both_saw_send_it_once() {
    let gateway = GatewayUnderTest::start().await;
    let short = initiate(&gateway, unfunded(V1, TOO_MUCH)).await;
    gateway.sandbox.fund(V1, None, "BTC", TOO_MUCH).await.unwrap();
    let (mut one, mut other) = (gateway.settlements().await, gateway.settlements().await);
    let (one, other) = tokio::join!(one.retry_settlement(retry(&short)), other.retry_settlement(retry(&short)));
    let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    assert_eq!(won.unwrap().into_inner().settlement.unwrap().state(), SettlementState::Completed);
    assert_told(&refused(lost), Code::Aborted, "STATE_CONFLICT");
    assert_eq!(gateway.sandbox.ledger().settlement(V1, "short").unwrap().posts, 2);
}

#[tokio::test]
async fn v2_retries_by_itself_and_refuses_the_callers_retry() {
    let gateway = GatewayUnderTest::start().await;
    initiate(&gateway, unfunded(V2, TOO_MUCH)).await;
    let short = gateway.until(V2, "short", |settlement| settlement.state() == SettlementState::AwaitingFunds).await;
    assert_eq!(short.next_action(), NextAction::Wait);
    let told = refused(gateway.settlements().await.retry_settlement(retry(&short)).await);
    assert_told(&told, Code::FailedPrecondition, "NOT_RETRYABLE");
}

#[tokio::test]
async fn what_nobody_knows_cannot_be_retried_or_cancelled() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let nobody = Settlement { enterprise_id: V1.to_owned(), external_id: "nobody".to_owned(), sequence: 1, ..Default::default() };
    assert_told(&refused(client.retry_settlement(retry(&nobody)).await), Code::NotFound, "SETTLEMENT_NOT_FOUND");
    assert_told(&refused(client.cancel_settlement(cancel(&nobody)).await), Code::NotFound, "SETTLEMENT_NOT_FOUND");
}

#[tokio::test]
async fn a_settlement_that_was_never_sent_is_cancelled_for_ever() {
    let gateway = GatewayUnderTest::start().await;
    gateway.disturb(Fault { on: Endpoint::SettlementsSigning, times: u32::MAX, behaviour: Behaviour::CutBefore });
    let mut waiting = gateway.settlements().await;
    let waiting = tokio::spawn(async move { waiting.initiate_settlement(settle(V1, "x")).await });
    let received = gateway.until(V1, "x", |settlement| settlement.reason() == "VENUE_UNAVAILABLE").await;
    assert_eq!((received.state(), received.outcome()), (SettlementState::Received, SettlementOutcome::NotSent));

    let mut client = gateway.settlements().await;
    let stale = RetrySettlementRequest { expected_sequence: 1, ..retry(&received) };
    assert_told(&refused(client.retry_settlement(stale).await), Code::Aborted, "STATE_CONFLICT");
    let gone = client.cancel_settlement(cancel(&received)).await.unwrap().into_inner().settlement.unwrap();
    assert_eq!((gone.state(), gone.terminal, gone.next_action()), (SettlementState::Cancelled, true, NextAction::FixWithNewId));
    let answered = within(waiting).await.unwrap().unwrap().into_inner().settlement.unwrap();
    assert_eq!(answered, gone, "who waited for the venue learns of it");

    gateway.sandbox.faults().clear();
    let told = refused(client.cancel_settlement(cancel(&gone)).await);
    assert_told(&told, Code::FailedPrecondition, "NOT_CANCELLABLE");
    assert_eq!((told.about("state"), told.about("outcome")), ("CANCELLED", "NOT_SENT"));
    assert_told(&refused(client.retry_settlement(retry(&gone)).await), Code::FailedPrecondition, "NOT_RETRYABLE");
    assert_eq!(initiate(&gateway, settle(V1, "x")).await, gone, "its id stays taken");
    assert!(gateway.sandbox.ledger().settlement(V1, "x").is_none(), "something was posted");
    let corrected = InitiateSettlementRequest { supersedes: Some("x".to_owned()), ..settle(V1, "x2") };
    assert_eq!(initiate(&gateway, corrected).await.state(), SettlementState::Completed);
}
