//! What callers read of the venue beside their settlements: transfers, disputes, connections, balances, a client's lists.

use std::collections::{BTreeMap, BTreeSet};

use settlement_gateway::grpc::pb::list_settlement_transfers_request::Name;
use settlement_gateway::grpc::pb::{
    GetBalancesRequest, ListClientSettlementTransfersRequest, ListClientSettlementsRequest, ListConnectionsRequest,
    ListDisputesRequest, ListSettlementTransfersRequest, SettlementTransferStatus, VenueSettlementStatus,
};
use settlement_gateway::sandbox::{
    Behaviour, Body, DisputeClose, Disputed, EXAMPLE_CONNECTIONS, EXAMPLE_SETTLEMENT_ID, Endpoint, Fault, NewDispute,
};
use tonic::Code;

use super::requests::{client_settlement, settle};
use crate::support::gateway::{GatewayUnderTest, V1, V2};
use crate::support::told::{assert_told, refused};

fn transfers(enterprise: &str, name: Name) -> ListSettlementTransfersRequest {
    ListSettlementTransfersRequest { enterprise_id: enterprise.to_owned(), name: Some(name), ..Default::default() }
}

fn named(external_id: &str) -> Name {
    Name::ExternalId(external_id.to_owned())
}

fn disputes(enterprise: &str) -> ListDisputesRequest {
    ListDisputesRequest { enterprise_id: enterprise.to_owned(), ..Default::default() }
}

fn connections(enterprise: &str) -> ListConnectionsRequest {
    ListConnectionsRequest { enterprise_id: enterprise.to_owned(), ..Default::default() }
}

fn balances(enterprise: &str) -> GetBalancesRequest {
    GetBalancesRequest { enterprise_id: enterprise.to_owned(), ..Default::default() }
}

fn client_transfers(enterprise: &str) -> ListClientSettlementTransfersRequest {
    ListClientSettlementTransfersRequest { enterprise_id: enterprise.to_owned(), ..Default::default() }
}

fn client_settlements(enterprise: &str) -> ListClientSettlementsRequest {
    ListClientSettlementsRequest { enterprise_id: enterprise.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn a_partner_reads_a_settlements_transfers_by_either_name_and_page_by_page() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    client.initiate_settlement(settle(V1, "x")).await.unwrap();
    let whole = client.list_settlement_transfers(transfers(V1, named("x"))).await.unwrap().into_inner();
    let moved: BTreeSet<_> =
        whole.settlement_transfers.iter().map(|one| (one.currency.as_str(), one.quantity.as_str())).collect();
    assert_eq!(moved.into_iter().map(|(currency, _)| currency).collect::<Vec<_>>(), ["BTC", "USD"]);
    assert!(whole.settlement_transfers.iter().all(|one| one.status() == SettlementTransferStatus::Completed));
    assert_eq!((whole.next_page_token.as_str(), whole.settling_disputes.len()), ("", 0));

    let settlement_id = gateway.stored(V1, "x").await.settlement_id.unwrap();
    let by_the_venues = transfers(V1, Name::SettlementId(settlement_id));
    assert_eq!(client.list_settlement_transfers(by_the_venues).await.unwrap().into_inner(), whole);
    let (mut request, mut pages) = (ListSettlementTransfersRequest { page_size: 1, ..transfers(V1, named("x")) }, Vec::new());
    loop {
        let page = client.list_settlement_transfers(request.clone()).await.unwrap().into_inner();
        pages.extend(page.settlement_transfers);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = Some(page.next_page_token);
    }
    assert_eq!(pages, whole.settlement_transfers);
    let in_btc = ListSettlementTransfersRequest { currencies: vec!["BTC".to_owned()], ..transfers(V1, named("x")) };
    let in_btc = client.list_settlement_transfers(in_btc).await.unwrap().into_inner().settlement_transfers;
    assert_eq!(in_btc.len(), 1);
}

#[tokio::test]
async fn what_the_gateway_or_the_venue_does_not_know_is_told_apart() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let told = refused(client.list_settlement_transfers(transfers(V1, named("nobody"))).await);
    assert_told(&told, Code::NotFound, "SETTLEMENT_NOT_FOUND");
    let behaviour = Behaviour::Status { status: 400, body: Body::Error, effect: false };
    gateway.disturb(Fault { on: Endpoint::SettlementPost, times: 1, behaviour });
    client.initiate_settlement(settle(V1, "refused")).await.unwrap_err();
    let nowhere = Name::SettlementId("3f0f5b0a-0000-4000-8000-000000000000".to_owned());
    for name in [named("refused"), nowhere] {
        let told = refused(client.list_settlement_transfers(transfers(V1, name)).await);
        assert_told(&told, Code::NotFound, "SETTLEMENT_NOT_AT_VENUE");
    }
}

#[tokio::test]
async fn disputes_are_listed_as_they_are_raised_and_closed() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.enterprise(V2).dispute_window_ms = 600_000).await;
    let mut client = gateway.settlements().await;
    client.initiate_settlement(settle(V2, "x")).await.unwrap();
    let settlement_id = gateway.stored(V2, "x").await.settlement_id.unwrap();
    let raised = gateway.sandbox.dispute(NewDispute {
        enterprise: V2.to_owned(),
        external_id: "x".to_owned(),
        connection: EXAMPLE_CONNECTIONS[0].to_owned(),
        expected: BTreeMap::from([("BTC".to_owned(), "1.25".to_owned())]),
        reason: Some("a quarter is missing".to_owned()),
    });
    let Disputed::Done(dispute_id) = raised.await.unwrap() else { panic!("the dispute was not raised") };
    let mut listed = async |request: ListDisputesRequest| client.list_disputes(request).await.unwrap().into_inner().disputes;
    let all = listed(disputes(V2)).await;
    assert_eq!((all.len(), all[0].id.as_str(), all[0].reason()), (1, dispute_id.as_str(), "a quarter is missing"));
    assert_eq!(
        (all[0].disputed_settlement_id.as_str(), all[0].connection_id.as_str()),
        (settlement_id.as_str(), EXAMPLE_CONNECTIONS[0])
    );
    assert_eq!(all[0].expected_transfers[0].amount, "1.25");
    assert!(listed(ListDisputesRequest { closed: Some(true), ..disputes(V2) }).await.is_empty());
    let closing = DisputeClose { dispute_id, adjusted: None, notes: Some("agreed".to_owned()) };
    assert!(matches!(gateway.sandbox.close_dispute(closing).await.unwrap(), Disputed::Done(_)));
    let request = ListDisputesRequest { settlement_ids: vec![settlement_id], closed: Some(true), ..disputes(V2) };
    let closed = listed(request).await;
    assert_eq!(closed[0].dispute_closure.as_ref().map(|closure| closure.notes.as_str()), Some("agreed"));
    let others = ListDisputesRequest { connection_ids: vec![EXAMPLE_CONNECTIONS[1].to_owned()], ..disputes(V2) };
    assert!(listed(others).await.is_empty());
}

#[tokio::test]
async fn connections_are_listed_with_the_account_that_transfers_name() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let first = ListConnectionsRequest { page_size: 1, ..connections(V1) };
    let page = client.list_connections(first.clone()).await.unwrap().into_inner();
    let one = &page.connections[0];
    assert_eq!((one.id.as_str(), one.active), (EXAMPLE_CONNECTIONS[0], true));
    assert!(!one.network_account_id.is_empty() && one.network_account_id != one.id, "{one:?}");
    let second = ListConnectionsRequest { page_token: Some(page.next_page_token), ..first };
    let next = client.list_connections(second).await.unwrap().into_inner();
    assert_eq!(next.connections[0].id, EXAMPLE_CONNECTIONS[1]);
    let by_id = ListConnectionsRequest { connection_ids: vec![EXAMPLE_CONNECTIONS[1].to_owned()], ..connections(V1) };
    assert_eq!(client.list_connections(by_id).await.unwrap().into_inner().connections, next.connections);
    let inactive = ListConnectionsRequest { active: Some(false), ..connections(V1) };
    assert!(client.list_connections(inactive).await.unwrap().into_inner().connections.is_empty());
}

#[tokio::test]
async fn balances_are_the_partners_own_and_each_connections() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let all = client.get_balances(balances(V1)).await.unwrap().into_inner();
    assert!(all.own_balance_told && all.read_at.is_some());
    assert!(all.balances[0].connection_id.is_none(), "the partner's own go first");
    let asked = GetBalancesRequest {
        connection_ids: vec![EXAMPLE_CONNECTIONS[1].to_owned()],
        currencies: vec!["BTC".to_owned()],
        ..balances(V1)
    };
    let some = client.get_balances(asked).await.unwrap().into_inner();
    let whose: Vec<_> = some.balances.iter().map(|one| (one.connection_id.as_deref(), one.currency.as_str())).collect();
    assert_eq!(whose, [(None, "BTC"), (Some(EXAMPLE_CONNECTIONS[1]), "BTC")]);
    assert!(some.balances.iter().all(|one| all.balances.contains(one)));
}

#[tokio::test]
async fn a_client_lists_its_settlements_and_their_transfers() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let ids = vec![EXAMPLE_SETTLEMENT_ID.to_owned()];
    let one = client.get_client_settlement(client_settlement(V1)).await.unwrap().into_inner();
    let asked = ListClientSettlementsRequest { settlement_ids: ids.clone(), ..client_settlements(V1) };
    let listed = client.list_client_settlements(asked.clone()).await.unwrap().into_inner().settlements;
    assert_eq!(listed, [one.settlement.unwrap()]);
    let statuses = vec![VenueSettlementStatus::Rejected.into()];
    let none = client.list_client_settlements(ListClientSettlementsRequest { statuses, ..asked }).await.unwrap().into_inner();
    assert!(none.settlements.is_empty());

    let request = ListClientSettlementTransfersRequest { settlement_ids: ids, page_size: 200, ..client_transfers(V1) };
    let all = client.list_client_settlement_transfers(request.clone()).await.unwrap().into_inner().settlement_transfers;
    assert!(one.settlement_transfers.iter().all(|transfer| all.contains(transfer)) && !all.is_empty());
    let currencies = vec![all[0].currency.clone()];
    let some = ListClientSettlementTransfersRequest { currencies, ..request };
    let some = client.list_client_settlement_transfers(some).await.unwrap().into_inner().settlement_transfers;
    assert!(!some.is_empty() && some.iter().all(|transfer| transfer.currency == all[0].currency));
}

#[tokio::test]
async fn a_token_goes_with_the_request_that_it_was_given_for() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let first = ListConnectionsRequest { page_size: 1, ..connections(V1) };
    let token = Some(client.list_connections(first.clone()).await.unwrap().into_inner().next_page_token);
    let next = |request: ListConnectionsRequest| ListConnectionsRequest { page_token: token.clone(), ..request };
    assert!(client.list_connections(next(first.clone())).await.is_ok());
    for other in [
        connections(V1),
        ListConnectionsRequest { active: Some(true), ..first.clone() },
        ListConnectionsRequest { connection_ids: vec![EXAMPLE_CONNECTIONS[0].to_owned()], ..first.clone() },
        ListConnectionsRequest { enterprise_id: V2.to_owned(), ..first },
    ] {
        let told = refused(client.list_connections(next(other)).await);
        assert_told(&told, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(told.fields, ["page_token"]);
    }
    let elsewhere = ListDisputesRequest { page_size: 1, page_token: token, ..disputes(V1) };
    assert_eq!(refused(client.list_disputes(elsewhere).await).fields, ["page_token"]);
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let twice = || vec!["a".to_owned(), "a".to_owned()];
    let told = refused(client.list_disputes(ListDisputesRequest { settlement_ids: twice(), ..disputes("") }).await);
    assert_eq!(told.fields, ["enterprise_id", "settlement_ids[1]"]);
    let too_long: Vec<_> = (0..60).map(|n| format!("{n:0>128}")).collect();
    let told = refused(client.list_connections(ListConnectionsRequest { connection_ids: too_long, ..connections(V1) }).await);
    assert_eq!(told.fields, ["connection_ids"], "more than a URL holds");
    let request = ListClientSettlementTransfersRequest {
        currencies: vec![String::new()],
        statuses: vec![1, 1, 99],
        settlement_statuses: vec![0],
        settlement_updated_after: Some(prost_types::Timestamp { seconds: 10, nanos: 1 }),
        settlement_updated_before: Some(prost_types::Timestamp { seconds: 9, nanos: 0 }),
        page_size: 201,
        ..client_transfers(V1)
    };
    let told = refused(client.list_client_settlement_transfers(request).await);
    let expected = [
        "currencies[0]",
        "statuses[1]",
        "statuses[2]",
        "settlement_statuses[0]",
        "settlement_updated_after",
        "settlement_updated_before",
        "page_size",
    ];
    assert_eq!(told.fields, expected);
    let nameless = ListSettlementTransfersRequest { name: None, ..transfers(V1, named("x")) };
    assert_eq!(refused(client.list_settlement_transfers(nameless).await).fields, ["name"]);
    let told = refused(client.get_balances(GetBalancesRequest { currencies: twice(), ..balances(V1) }).await);
    assert_eq!(told.fields, ["currencies[1]"]);
}

fn refusal(status: u16) -> Behaviour {
    Behaviour::Status { status, body: Body::Error, effect: false }
}

#[tokio::test]
async fn what_the_venue_answers_instead_is_told_by_its_reason() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    for (status, code, reason) in [
        (400, Code::InvalidArgument, "VENUE_REJECTED_REQUEST"),
        (401, Code::FailedPrecondition, "VENUE_CREDENTIALS"),
        (403, Code::FailedPrecondition, "VENUE_FORBIDDEN"),
        (404, Code::FailedPrecondition, "VENUE_FORBIDDEN"),
        (418, Code::Internal, "VENUE_ANSWER_INVALID"),
    ] {
        let fault = Fault { on: Endpoint::PartnerReads, times: 1, behaviour: refusal(status) };
        gateway.disturb(fault.clone());
        assert_told(&refused(client.list_connections(connections(V1)).await), code, reason);
        gateway.disturb(fault.clone());
        assert_told(&refused(client.list_disputes(disputes(V1)).await), code, reason);
        gateway.disturb(fault);
        assert_told(&refused(client.get_balances(balances(V1)).await), code, reason);
    }
}
