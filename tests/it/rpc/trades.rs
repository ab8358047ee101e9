//! TradeSettlementService and AdminService over the wire.

use settlement_gateway::grpc::pb;
use settlement_gateway::grpc::pb::admin_service_client::AdminServiceClient;
use settlement_gateway::grpc::pb::trade_settlement_service_client::TradeSettlementServiceClient;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use tonic::Code;
use tonic::transport::Channel;

use super::known::{caller, of};
use crate::support::gateway::{GatewayUnderTest, Setup, V1, V2};
use crate::support::told::{assert_told, refused};

/// The first enterprise's account.
const A: &str = "acct-ent-v1";
/// The second enterprise's account.
const B: &str = "acct-ent-v2";

/// What was sent and is silent is a person's soon.
fn impatient(setup: &mut Setup) {
    setup.engine = setup.engine.clone() + "\nsilence_window_ms = 100";
}

async fn trades(gateway: &GatewayUnderTest) -> TradeSettlementServiceClient<Channel> {
    TradeSettlementServiceClient::new(gateway.channel().await)
}

fn side(account: &str, send: (&str, &str), receive: (&str, &str)) -> pb::TradeAmounts {
    pb::TradeAmounts {
        account_id: account.to_owned(),
        send_amount: send.0.to_owned(),
        send_currency: send.1.to_owned(),
        receive_amount: receive.0.to_owned(),
        receive_currency: receive.1.to_owned(),
    }
}

fn creation(last: u32) -> pb::CreateTradeSettlementRequest {
    let amounts = vec![side(A, ("5", "ofcbtc"), ("700", "ofcusd")), side(B, ("700", "ofcusd"), ("5", "ofcbtc"))];
    let trade = pb::Trade {
        base_account_id: A.to_owned(),
        quote_account_id: B.to_owned(),
        timestamp: Some(prost_types::Timestamp { seconds: 1_773_835_200, nanos: 0 }),
        base_amount: "5".to_owned(),
        quote_amount: "700".to_owned(),
        base_currency: "ofcbtc".to_owned(),
        quote_currency: "ofcusd".to_owned(),
        external_id: Some("trade-1".to_owned()),
        cost_basis: Some("9000.50".to_owned()),
        ..pb::Trade::default()
    };
    pb::CreateTradeSettlementRequest {
        request_id: request_id(last),
        enterprise_id: V1.to_owned(),
        account_id: A.to_owned(),
        trades: vec![trade],
        basis: Some(pb::create_trade_settlement_request::Basis::Amounts(pb::TradeAmountsList { amounts })),
        ..pb::CreateTradeSettlementRequest::default()
    }
}

fn request_id(last: u32) -> String {
    format!("0198c0a6-8c3e-7d5a-9b1f-2a3b4c5d6e{last:02}")
}

#[tokio::test]
async fn a_settlement_is_shown_with_its_affirmations_locks_and_trades() {
    let gateway = GatewayUnderTest::start_with(impatient).await;
    let mut client = trades(&gateway).await;
    let created = client.create_trade_settlement(creation(1)).await.unwrap().into_inner().trade_settlement.unwrap();
    let progress = created.progress.as_ref().unwrap();
    assert_eq!(
        (progress.state(), progress.outcome(), progress.attempts),
        (pb::TradeState::Pending, pb::SettlementOutcome::Created, 1)
    );
    assert_eq!((created.status(), created.r#type()), (pb::TradeSettlementStatus::Pending, pb::TradeSettlementType::Direct));
    assert_eq!(created.trades[0].cost_basis.as_deref(), Some("9000.50"));
    let own = created.affirmations.iter().find(|one| one.party_account_id.as_deref() == Some(A)).unwrap();
    assert_eq!((own.status(), own.lock.as_ref().unwrap().amount.as_deref()), (pb::AffirmationStatus::Affirmed, Some("5")));
    let of_b = pb::ListAffirmationsRequest {
        enterprise_id: V2.to_owned(),
        account_id: B.to_owned(),
        status: pb::AffirmationStatus::Pending.into(),
    };
    let listed = client.list_affirmations(of_b).await.unwrap().into_inner().affirmations;
    let affirm = pb::AffirmRequest {
        request_id: request_id(2),
        enterprise_id: V2.to_owned(),
        account_id: B.to_owned(),
        affirmation_id: listed[0].id.clone().unwrap(),
        amounts: vec![side(B, ("700", "ofcusd"), ("5", "ofcbtc"))],
        ..pb::AffirmRequest::default()
    };
    let affirmed = client.affirm(affirm).await.unwrap().into_inner();
    assert_eq!(affirmed.affirmation.unwrap().status(), pb::AffirmationStatus::Affirmed);
}

#[tokio::test]
async fn a_refusal_says_what_became_of_the_write() {
    let gateway = GatewayUnderTest::start_with(impatient).await;
    gateway.disturb(Fault {
        on: Endpoint::TradeCreate,
        times: 1,
        behaviour: Behaviour::Status { status: 400, body: Body::ErrorName, effect: false },
    });
    let status = refused(trades(&gateway).await.create_trade_settlement(creation(1)).await);
    assert_told(&status, Code::InvalidArgument, "VENUE_REJECTED_REQUEST");
    assert_eq!((status.about("outcome"), status.about("next_action")), ("NOT_CREATED", "FIX_WITH_NEW_ID"));
    assert!(status.message.contains("SandboxFault"), "{}", status.message);
    let unknown = pb::GetTradeSettlementRequest {
        enterprise_id: V1.to_owned(),
        account_id: A.to_owned(),
        name: Some(pb::get_trade_settlement_request::Name::RequestId(request_id(9))),
    };
    assert_told(
        &refused(trades(&gateway).await.get_trade_settlement(unknown).await),
        Code::NotFound,
        "TRADE_SETTLEMENT_NOT_FOUND",
    );
    let mut stranger = creation(3);
    stranger.account_id = "acct-z".to_owned();
    assert_told(&refused(trades(&gateway).await.create_trade_settlement(stranger).await), Code::PermissionDenied, "NOT_ALLOWED");
}

#[tokio::test]
async fn only_who_was_named_decides_what_nobody_else_can() {
    let gateway = GatewayUnderTest::start_with(|setup| {
        impatient(setup);
        let desk = "rpcs = [\"*\"]\nenterprises = [\"*\"]\nunlimited_currencies = true";
        let operator = "rpcs = [\"AdminService/ResolveTradeSettlement\"]\nenterprises = [\"*\"]";
        setup.callers = caller("desk", desk) + &caller("operator", operator);
    })
    .await;
    gateway.disturb(Fault { on: Endpoint::TradeCreate, times: 1, behaviour: Behaviour::CutBefore });
    let created = trades(&gateway).await.create_trade_settlement(of("desk", creation(1))).await.unwrap().into_inner();
    let progress = created.trade_settlement.unwrap().progress.unwrap();
    assert_eq!((progress.state(), progress.reason.as_str()), (pb::TradeState::NeedsOperator, "OUTCOME_UNDECIDED"));
    let decision = || pb::ResolveTradeSettlementRequest {
        enterprise_id: V1.to_owned(),
        request_id: request_id(1),
        decision: Some(pb::resolve_trade_settlement_request::Decision::NotCreated(true)),
        why: "the venue's support says so".to_owned(),
    };
    let mut admin = AdminServiceClient::new(gateway.channel().await);
    let starred = admin.resolve_trade_settlement(of("desk", decision())).await;
    assert_told(&refused(starred), Code::PermissionDenied, "NOT_ALLOWED");
    let decided = admin.resolve_trade_settlement(of("operator", decision())).await.unwrap().into_inner().progress.unwrap();
    let resolution = decided.resolution.as_ref().unwrap();
    assert_eq!((decided.state(), resolution.decided_by.as_str()), (pb::TradeState::NotAccepted, "operator"));
    let found = pb::ResolveTradeSettlementRequest {
        decision: Some(pb::resolve_trade_settlement_request::Decision::SettlementId("s".to_owned())),
        ..decision()
    };
    assert_told(
        &refused(admin.resolve_trade_settlement(of("operator", found)).await),
        Code::FailedPrecondition,
        "NOT_RESOLVABLE",
    );
}

#[tokio::test]
async fn what_became_of_a_write_is_listed_change_by_change() {
    let gateway = GatewayUnderTest::start_with(impatient).await;
    gateway.disturb(Fault { on: Endpoint::TradeCreate, times: 1, behaviour: Behaviour::CutBefore });
    let mut client = trades(&gateway).await;
    client.create_trade_settlement(creation(1)).await.unwrap();
    let asked = pb::ListTradeSettlementEventsRequest {
        enterprise_id: V1.to_owned(),
        account_id: A.to_owned(),
        request_id: request_id(1).to_uppercase(),
        ..Default::default()
    };
    let whole = client.list_trade_settlement_events(asked.clone()).await.unwrap().into_inner();
    let changes: Vec<_> = whole.events.iter().map(|event| event.change.as_str()).collect();
    assert_eq!(changes, ["RECEIVED", "PREPARED", "SIGNED", "DISPATCHED", "UNANSWERED", "PARKED"]);
    let last = whole.events.last().unwrap();
    assert_eq!((last.state(), last.reason.as_str(), last.attempts), (pb::TradeState::NeedsOperator, "OUTCOME_UNDECIDED", 1));
    assert!(!whole.more && last.at.is_some());
    let page = pb::ListTradeSettlementEventsRequest { after_sequence: 2, page_size: 2, ..asked.clone() };
    let page = client.list_trade_settlement_events(page).await.unwrap().into_inner();
    assert_eq!((page.events.iter().map(|event| event.sequence).collect::<Vec<_>>(), page.more), (vec![3, 4], true));
    let unknown = pb::ListTradeSettlementEventsRequest { request_id: request_id(2), ..asked.clone() };
    let told = refused(client.list_trade_settlement_events(unknown).await);
    assert_told(&told, Code::NotFound, "TRADE_SETTLEMENT_NOT_FOUND");
    let bad = pb::ListTradeSettlementEventsRequest { request_id: String::new(), page_size: 201, ..asked };
    assert_eq!(refused(client.list_trade_settlement_events(bad).await).fields, ["request_id", "page_size"]);
}
