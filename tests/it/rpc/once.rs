//! The same day twice, as its callers meet it: refused with the name of what it may be, until they say that it is meant.

use settlement_gateway::grpc::pb::{InitiateSettlementRequest, SettlementState};
use settlement_gateway::sandbox::{Behaviour, Body, EXAMPLE_CONNECTIONS, Endpoint, Fault};
use tonic::Code;

use super::requests::{CUTOFF_SECONDS, leg, settle, settle_legs, time};
use crate::support::gateway::{GatewayUnderTest, V1, V2};
use crate::support::told::{Told, assert_told};

/// A gateway with the rules that a configuration without their keys has.
async fn strict() -> GatewayUnderTest {
    GatewayUnderTest::start_with(|setup| setup.settling = String::new()).await
}

async fn ask(gateway: &GatewayUnderTest, request: InitiateSettlementRequest) -> Result<SettlementState, Told> {
    let answer = gateway.settlements().await.initiate_settlement(request).await;
    answer.map(|answer| answer.into_inner().settlement.unwrap().state()).map_err(|status| Told::by(&status))
}

/// Asserts that a request was refused for another's sake, and that nothing of it was recorded or sent.
async fn assert_refused(gateway: &GatewayUnderTest, request: InitiateSettlementRequest, reason: &str, other: &str) {
    let (enterprise, id) = (request.enterprise_id.clone(), request.external_id.clone());
    let told = ask(gateway, request).await.unwrap_err();
    assert_told(&told, Code::FailedPrecondition, reason);
    assert_eq!((told.about("other_external_id"), told.about("outcome")), (other, "NOT_SENT"), "{told:?}");
    assert_eq!(told.about("external_id"), id, "{told:?}");
    assert!(gateway.listed(&enterprise).await.iter().all(|settlement| settlement.external_id != id));
    assert!(gateway.sandbox.ledger().settlement(&enterprise, &id).is_none(), "{id} was posted");
}

#[tokio::test]
async fn the_same_amounts_under_another_id_are_refused_unless_they_are_meant() {
    let gateway = strict().await;
    assert_eq!(ask(&gateway, settle(V1, "monday")).await, Ok(SettlementState::Completed));
    assert_refused(&gateway, settle(V1, "monday again"), "POSSIBLE_DUPLICATE", "monday").await;
    assert_eq!(ask(&gateway, settle(V1, "monday")).await, Ok(SettlementState::Completed), "a repeat is a read");
    let meant = InitiateSettlementRequest { same_amounts_intended: true, ..settle(V1, "monday again") };
    assert_eq!(ask(&gateway, meant).await, Ok(SettlementState::Completed));
    assert_eq!(ask(&gateway, settle(V1, "monday again")).await, Ok(SettlementState::Completed), "the flag has no meaning then");
}

#[tokio::test]
async fn a_second_settlement_waits_for_the_first_ones_end() {
    let gateway = strict().await;
    let forbidden = Behaviour::Status { status: 403, body: Body::ErrorName, effect: false };
    gateway.disturb(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: forbidden });
    assert_told(&ask(&gateway, settle(V1, "first")).await.unwrap_err(), Code::FailedPrecondition, "VENUE_FORBIDDEN");
    let next = || settle_legs(V1, "next", vec![leg(EXAMPLE_CONNECTIONS[0], "BTC", "2")]);
    assert_refused(&gateway, next(), "SETTLEMENT_OPEN", "first").await;
    let instead = InitiateSettlementRequest { supersedes: Some("first".to_owned()), ..next() };
    assert_eq!(ask(&gateway, instead).await, Ok(SettlementState::Completed));
}

#[tokio::test]
async fn a_cutoff_must_be_later_than_the_newest_one() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.settling = "max_open_settlements = 2".to_owned()).await;
    assert_eq!(ask(&gateway, settle(V2, "first")).await, Ok(SettlementState::Pending));
    let second = |seconds: i64| InitiateSettlementRequest {
        cutoff_at: time(CUTOFF_SECONDS + seconds, 0),
        ..settle_legs(V2, "second", vec![leg(EXAMPLE_CONNECTIONS[0], "BTC", "2")])
    };
    assert_refused(&gateway, second(0), "CUTOFF_NOT_INCREASING", "first").await;
    assert_refused(&gateway, second(-1), "CUTOFF_NOT_INCREASING", "first").await;
    assert!(ask(&gateway, second(1)).await.is_ok());
}
