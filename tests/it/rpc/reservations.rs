//! One key never signs two payloads for one settlement, whichever RPC asks.

use settlement_gateway::grpc::pb::{InitiateSettlementRequest, NextAction, SettlementOutcome, SettlementState};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault};
use tonic::Code;

use super::requests::{leg, settle_legs, settlement_payload, sign};
use crate::support::gateway::{GatewayUnderTest, V1, V1_KEY};
use crate::support::told::{assert_told, refused};
use settlement_gateway::sandbox::EXAMPLE_CONNECTIONS;

/// What [`settlement_payload`] says, as a request.
fn asking(external_id: &str, amount: &str, nonce: &str) -> InitiateSettlementRequest {
    let legs = vec![leg(EXAMPLE_CONNECTIONS[0], "BTC", amount)];
    InitiateSettlementRequest { nonce: Some(nonce.to_owned()), ..settle_legs(V1, external_id, legs) }
}

#[tokio::test]
async fn another_payload_that_was_signed_first_stops_the_settlement_before_it_is_posted() {
    let gateway = GatewayUnderTest::start().await;
    let signed = gateway.signing().await.sign_payload(sign(V1_KEY, settlement_payload("x", "2", "1"))).await;
    assert!(signed.is_ok(), "{signed:?}");
    let stopped = gateway.settlements().await.initiate_settlement(asking("x", "1", "1")).await;
    let stopped = stopped.unwrap().into_inner().settlement.unwrap();
    assert_eq!(stopped.state(), SettlementState::NeedsOperator);
    assert_eq!((stopped.outcome(), stopped.next_action()), (SettlementOutcome::NotSent, NextAction::Operator));
    assert_eq!((stopped.reason(), &stopped.signature), ("SIGNING_REFERENCE_TAKEN", &None));
    assert!(gateway.sandbox.ledger().settlement(V1, "x").is_none(), "something was posted");
}

#[tokio::test]
async fn the_same_payload_that_was_signed_first_is_what_the_settlement_sends() {
    let gateway = GatewayUnderTest::start().await;
    let signed = gateway.signing().await.sign_payload(sign(V1_KEY, settlement_payload("x", "1", "1"))).await;
    let settled = gateway.settlements().await.initiate_settlement(asking("x", "1", "1")).await;
    let settled = settled.unwrap().into_inner().settlement.unwrap();
    assert_eq!((settled.state(), settled.signature), (SettlementState::Completed, Some(signed.unwrap().into_inner().signature)));
}

#[tokio::test]
async fn what_a_settlement_signed_first_is_all_that_a_payload_can_get() {
    let gateway = GatewayUnderTest::start().await;
    let settled = gateway.settlements().await.initiate_settlement(asking("x", "1", "1")).await;
    let settled = settled.unwrap().into_inner().settlement.unwrap();
    let mut signing = gateway.signing().await;
    let told = refused(signing.sign_payload(sign(V1_KEY, settlement_payload("x", "2", "1"))).await);
    assert_told(&told, Code::FailedPrecondition, "SIGNING_REFERENCE_TAKEN");
    assert_eq!(Some(told.about("holder_payload_sha256")), settled.payload_sha256.as_deref());
    // A blank more is another payload: what is signed is bytes.
    let told = refused(signing.sign_payload(sign(V1_KEY, settlement_payload("x", "1", "1") + " ")).await);
    assert_told(&told, Code::FailedPrecondition, "SIGNING_REFERENCE_TAKEN");
    let again = signing.sign_payload(sign(V1_KEY, settlement_payload("x", "1", "1"))).await.unwrap().into_inner();
    assert_eq!(Some(again.signature), settled.signature);
}

#[tokio::test]
async fn a_payload_that_says_something_else_is_never_signed_and_reserves_nothing() {
    use settlement_gateway::sandbox::Tamper;
    let gateway = GatewayUnderTest::start().await;
    let tamper = Behaviour::TamperPayload { tamper: Tamper::Amount };
    gateway.disturb(Fault { on: Endpoint::SettlementsSigning, times: 1, behaviour: tamper });
    let told = refused(gateway.settlements().await.initiate_settlement(asking("x", "1", "1")).await);
    assert_told(&told, Code::FailedPrecondition, "PAYLOAD_MISMATCH");
    assert_eq!((told.about("outcome"), told.about("state")), ("NOT_SENT", "NOT_ACCEPTED"));
    assert!(gateway.sandbox.ledger().settlement(V1, "x").is_none(), "something was posted");
    let signed = gateway.signing().await.sign_payload(sign(V1_KEY, settlement_payload("x", "1", "1"))).await;
    assert!(signed.is_ok(), "the reference is still free: {signed:?}");
}
