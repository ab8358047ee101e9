//! Before it goes out: what accounts lack, a route that the venue will not take, and what a preview says of both.

use std::collections::BTreeMap;
use std::time::Duration;

use settlement_gateway::grpc::pb;
use settlement_gateway::grpc::pb::{InitiateSettlementRequest, PreviewSettlementRequest, SettlementAmount, SettlementState};
use settlement_gateway::sandbox::{Behaviour, Body, DisputeClose, Disputed, EXAMPLE_CONNECTIONS, Endpoint, Fault, NewDispute};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::known::{caller, of};
use super::requests::{leg, settle_legs};
use crate::support::gateway::{GatewayUnderTest, Setup, V1, V2};
use crate::support::told::{Told, assert_told, refused};

/// What each account of these tests holds.
const HELD: &str = "1000000";
/// One more than that.
const TOO_MUCH: &str = "-1000001";
/// What covers it.
const TOO_MUCH_HELD: &str = "1000001";

fn owing(enterprise: &str, external_id: &str, amount: &str) -> InitiateSettlementRequest {
    settle_legs(enterprise, external_id, vec![leg(EXAMPLE_CONNECTIONS[0], "BTC", amount)])
}

fn checked(setup: &mut Setup, how: &str) {
    setup.settling.push_str(&format!("\ncheck_before = \"{how}\""));
}

fn to_preview(request: InitiateSettlementRequest) -> PreviewSettlementRequest {
    PreviewSettlementRequest {
        enterprise_id: request.enterprise_id,
        external_id: request.external_id,
        settlement_amounts: request.settlement_amounts,
        cutoff_at: request.cutoff_at,
        nonce: request.nonce,
        same_amounts_intended: request.same_amounts_intended,
        ..PreviewSettlementRequest::default()
    }
}

async fn preview(gateway: &GatewayUnderTest, request: InitiateSettlementRequest) -> Result<pb::SettlementPreview, Status> {
    let answer = gateway.settlements().await.preview_settlement(to_preview(request)).await;
    answer.map(|answer| answer.into_inner().preview.unwrap())
}

async fn initiate(
    gateway: &GatewayUnderTest,
    request: InitiateSettlementRequest,
) -> Result<pb::InitiateSettlementResponse, Status> {
    gateway.settlements().await.initiate_settlement(request).await.map(tonic::Response::into_inner)
}

/// Account, required and available of each shortfall.
fn short(shortfalls: &[pb::Shortfall]) -> Vec<(&str, &str, &str)> {
    shortfalls.iter().map(|short| (short.connection_id(), short.required.as_str(), short.available.as_str())).collect()
}

async fn assert_nothing_recorded(gateway: &GatewayUnderTest, enterprise: &str) {
    assert!(gateway.listed(enterprise).await.is_empty(), "something was recorded");
    assert_eq!(gateway.sandbox.ledger().requests_containing("settlements-signing"), 0, "something was prepared");
}

#[tokio::test]
async fn a_preview_is_what_validate_only_says() {
    let gateway = GatewayUnderTest::start().await;
    let request = InitiateSettlementRequest { nonce: Some("n".to_owned()), ..owing(V2, "x", TOO_MUCH) };
    let mut one = preview(&gateway, request.clone()).await.unwrap();
    let asked = InitiateSettlementRequest { validate_only: true, ..request };
    let mut other = initiate(&gateway, asked).await.unwrap().preview.unwrap();
    (one.balances_read_at, other.balances_read_at) = (None, None);
    assert_eq!(one, other);
    assert_eq!(short(&one.shortfalls), [(EXAMPLE_CONNECTIONS[0], "1000001", HELD)]);
    assert!(one.own_balance_told);
    assert!(one.client_dispute_window_minutes.is_some(), "{one:?}");
    assert!(gateway.listed(V2).await.is_empty(), "a row was written");
}

#[tokio::test]
async fn a_preview_meets_the_rules_that_the_settlement_would_meet() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.settling = String::new()).await;
    initiate(&gateway, owing(V1, "first", "-5")).await.unwrap();
    let told = refused(preview(&gateway, owing(V1, "second", "-5")).await);
    assert_told(&told, Code::FailedPrecondition, "POSSIBLE_DUPLICATE");
    let meant = InitiateSettlementRequest { same_amounts_intended: true, ..owing(V1, "second", "-5") };
    assert!(preview(&gateway, meant).await.is_ok());
    assert!(preview(&gateway, owing(V1, "first", "-5")).await.is_ok(), "what is recorded is shown");
}

#[tokio::test]
async fn a_preview_tells_what_is_left_of_the_day() {
    let limits = "rpcs = [\"*\"]\nenterprises = [\"*\"]\n[[callers.limits]]\ncurrency = \"BTC\"\nper_day = \"10.5\"\n";
    let gateway = GatewayUnderTest::start_with(|setup| setup.callers = caller("desk", limits)).await;
    let mut client = gateway.settlements().await;
    client.initiate_settlement(of("desk", owing(V1, "first", "-4.25"))).await.unwrap();
    let answer = client.preview_settlement(of("desk", to_preview(owing(V1, "second", "-6.25")))).await.unwrap().into_inner();
    let day = pb::DayLimit { currency: "BTC".to_owned(), per_day: "10.5".to_owned(), left: "6.25".to_owned() };
    assert_eq!(answer.preview.unwrap().day_limits, [day]);
    let told = refused(client.preview_settlement(of("desk", to_preview(owing(V1, "second", "-6.26")))).await);
    assert_told(&told, Code::PermissionDenied, "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_route_that_the_venue_does_not_take_is_told_and_nothing_is_recorded() {
    let gateway = GatewayUnderTest::start_with(|setup| {
        checked(setup, "report");
        setup.enterprise(V1).disputes = true;
        setup.enterprise(V2).disputes = false;
    })
    .await;
    for (enterprise, venue_route) in [(V1, "v2"), (V2, "v1")] {
        let told = refused(preview(&gateway, owing(enterprise, "x", "-1")).await);
        assert_told(&told, Code::FailedPrecondition, "ROUTE_MISMATCH");
        let told = refused(initiate(&gateway, owing(enterprise, "x", "-1")).await);
        assert_told(&told, Code::FailedPrecondition, "ROUTE_MISMATCH");
        assert_eq!((told.about("venue_route"), told.about("outcome")), (venue_route, "NOT_SENT"), "{told:?}");
        assert_nothing_recorded(&gateway, enterprise).await;
    }
}

#[tokio::test]
async fn a_reported_shortfall_stands_in_the_answer_and_stops_nothing() {
    let gateway = GatewayUnderTest::start_with(|setup| checked(setup, "report")).await;
    let answer = initiate(&gateway, owing(V1, "x", TOO_MUCH)).await.unwrap();
    assert_eq!(answer.settlement.unwrap().state(), SettlementState::AwaitingFunds);
    let check = answer.funds_check.unwrap();
    assert_eq!(short(&check.shortfalls), [(EXAMPLE_CONNECTIONS[0], "1000001", HELD)]);
    assert!(check.own_balance_told && check.read_at.is_some());
    let again = initiate(&gateway, owing(V1, "x", TOO_MUCH)).await.unwrap();
    assert!(again.funds_check.is_none(), "a repeat is a read");
}

#[tokio::test]
async fn a_refused_shortfall_records_nothing_and_the_same_request_goes_out_once_funded() {
    let gateway = GatewayUnderTest::start_with(|setup| checked(setup, "refuse")).await;
    let status = initiate(&gateway, owing(V1, "x", TOO_MUCH)).await.unwrap_err();
    let told = Told::by(&status);
    assert_told(&told, Code::FailedPrecondition, "LIABILITIES_EXCEED_BALANCE");
    assert_eq!((told.about("outcome"), told.about("next_action")), ("NOT_SENT", "FUND_THEN_RETRY"), "{told:?}");
    let lacking = status.get_details_precondition_failure().unwrap().violations;
    assert_eq!(lacking.len(), 1);
    assert_eq!(lacking[0].subject, format!("{}/BTC", EXAMPLE_CONNECTIONS[0]));
    assert_eq!(lacking[0].description, "owes 1000001 BTC and has 1000000");
    assert_nothing_recorded(&gateway, V1).await;
    gateway.sandbox.fund(V1, Some(EXAMPLE_CONNECTIONS[0]), "BTC", TOO_MUCH_HELD).await.unwrap();
    let answer = initiate(&gateway, owing(V1, "x", TOO_MUCH)).await.unwrap();
    assert_eq!(answer.settlement.unwrap().state(), SettlementState::Completed);
    assert!(answer.funds_check.unwrap().shortfalls.is_empty());
}

#[tokio::test]
async fn balances_that_cannot_be_read_stop_a_settlement_only_where_a_shortfall_would() {
    for (how, goes_out) in [("report", true), ("refuse", false)] {
        let gateway = GatewayUnderTest::start_with(|setup| checked(setup, how)).await;
        let down = Behaviour::Status { status: 503, body: Body::Html, effect: false };
        gateway.disturb(Fault { on: Endpoint::PartnerReads, times: 100, behaviour: down });
        let answer = initiate(&gateway, owing(V1, "x", "-1")).await;
        if goes_out {
            let answer = answer.unwrap();
            assert!(answer.funds_check.is_none());
            assert_eq!(answer.settlement.unwrap().state(), SettlementState::Completed);
        } else {
            assert_told(&refused(answer), Code::Unavailable, "VENUE_UNAVAILABLE");
            assert_nothing_recorded(&gateway, V1).await;
        }
    }
}

#[tokio::test]
async fn what_would_be_refused_anyway_costs_the_venue_no_call() {
    let gateway = GatewayUnderTest::start_with(|setup| {
        setup.settling = String::new();
        checked(setup, "refuse");
    })
    .await;
    initiate(&gateway, owing(V1, "first", "-5")).await.unwrap();
    gateway.reconciled(V1, "first").await;
    let before = gateway.venue_requests();
    assert_told(&refused(initiate(&gateway, owing(V1, "second", "-5")).await), Code::FailedPrecondition, "POSSIBLE_DUPLICATE");
    assert_eq!(gateway.venue_requests(), before);
}

#[tokio::test]
async fn closed_disputes_that_would_be_pulled_in_are_counted() {
    let gateway = GatewayUnderTest::start_with(|setup| {
        (setup.enterprise(V2).dispute_window_ms, setup.enterprise(V2).top_up_window_ms) = (60_000, 60_000);
    })
    .await;
    let legs: Vec<SettlementAmount> = vec![leg(EXAMPLE_CONNECTIONS[0], "BTC", "-900000")];
    initiate(&gateway, settle_legs(V2, "day-1", legs)).await.unwrap();
    let dispute = NewDispute {
        enterprise: V2.to_owned(),
        external_id: "day-1".to_owned(),
        connection: EXAMPLE_CONNECTIONS[0].to_owned(),
        expected: BTreeMap::from([("BTC".to_owned(), "1".to_owned())]),
        reason: None,
    };
    let Disputed::Done(dispute_id) = gateway.sandbox.dispute(dispute).await.unwrap() else { panic!("not disputed") };
    gateway.sandbox.advance(Duration::from_secs(121)).await.unwrap();
    let closing = DisputeClose { dispute_id: dispute_id.clone(), adjusted: None, notes: None };
    assert_eq!(gateway.sandbox.close_dispute(closing).await.unwrap(), Disputed::Done(dispute_id));

    let next = preview(&gateway, owing(V2, "day-2", "-200000")).await.unwrap();
    assert_eq!(next.closed_disputes, 1);
    assert_eq!(short(&next.shortfalls), [(EXAMPLE_CONNECTIONS[0], "1100000", HELD)]);
    assert_eq!(short(&preview(&gateway, owing(V2, "day-2", "-100000")).await.unwrap().shortfalls), []);
}
