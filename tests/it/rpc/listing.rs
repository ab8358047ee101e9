//! ListSettlements: newest first, filtered, page by page to the last.

use settlement_gateway::grpc::pb::{ListSettlementsRequest, ListSettlementsResponse, SettlementState};
use tonic::Code;

use super::requests::{client_settlement, settle};
use crate::support::gateway::{GatewayUnderTest, V1, V2};
use crate::support::told::{assert_told, refused};

fn list(page_size: i32) -> ListSettlementsRequest {
    ListSettlementsRequest { enterprise_id: V1.to_owned(), page_size, ..Default::default() }
}

fn ids(page: &ListSettlementsResponse) -> Vec<&str> {
    page.settlements.iter().map(|settlement| settlement.external_id.as_str()).collect()
}

/// Five settlements, "1" the oldest, all completed.
async fn with_five() -> GatewayUnderTest {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    for id in ["1", "2", "3", "4", "5"] {
        client.initiate_settlement(settle(V1, id)).await.unwrap();
    }
    client.initiate_settlement(settle(V2, "other")).await.unwrap();
    gateway
}

#[tokio::test]
async fn the_newest_come_first_and_the_last_page_has_no_token() {
    let gateway = with_five().await;
    let mut client = gateway.settlements().await;
    let mut request = list(2);
    for (expected, more) in [(&["5", "4"][..], true), (&["3", "2"], true), (&["1"], false)] {
        let page = client.list_settlements(request.clone()).await.unwrap().into_inner();
        assert_eq!((ids(&page).as_slice(), !page.next_page_token.is_empty()), (expected, more));
        assert!(page.settlements.iter().all(|one| one.posted_amounts.is_empty() && one.timeline.is_empty()));
        request.page_token = Some(page.next_page_token);
    }
    let whole = client.list_settlements(list(5)).await.unwrap().into_inner();
    assert_eq!((ids(&whole).len(), whole.next_page_token.as_str()), (5, ""), "a full last page is the last all the same");
    assert_eq!(client.list_settlements(list(0)).await.unwrap().into_inner().settlements.len(), 5);
}

#[tokio::test]
async fn a_new_settlement_moves_no_page() {
    let gateway = with_five().await;
    let mut client = gateway.settlements().await;
    let first = client.list_settlements(list(2)).await.unwrap().into_inner();
    client.initiate_settlement(settle(V1, "6")).await.unwrap();
    let next = ListSettlementsRequest { page_token: Some(first.next_page_token), ..list(2) };
    assert_eq!(ids(&client.list_settlements(next).await.unwrap().into_inner()), ["3", "2"]);
}

#[tokio::test]
async fn filters_by_state_and_time_hold() {
    let gateway = with_five().await;
    let mut client = gateway.settlements().await;
    let states = |states: &[SettlementState]| ListSettlementsRequest {
        states: states.iter().map(|&state| state.into()).collect(),
        ..list(0)
    };
    let third = gateway.stored(V1, "3").await.created_at;
    let rows = [
        ("completed", states(&[SettlementState::Completed]), &["5", "4", "3", "2", "1"][..]),
        ("other states", states(&[SettlementState::Pending, SettlementState::NeedsOperator]), &[]),
        ("one of two", states(&[SettlementState::Pending, SettlementState::Completed]), &["5", "4", "3", "2", "1"]),
        ("from the third on", ListSettlementsRequest { created_after: third, ..list(0) }, &["5", "4", "3"]),
        ("before the third", ListSettlementsRequest { created_before: third, ..list(0) }, &["2", "1"]),
    ];
    for (name, request, expected) in rows {
        assert_eq!(ids(&client.list_settlements(request).await.unwrap().into_inner()), expected, "{name}");
    }
}

#[tokio::test]
async fn a_token_is_bound_to_its_request() {
    let gateway = with_five().await;
    let mut client = gateway.settlements().await;
    let token = Some(client.list_settlements(list(2)).await.unwrap().into_inner().next_page_token);
    let states = vec![SettlementState::Completed.into()];
    let others = [
        ListSettlementsRequest { page_token: token.clone(), ..list(3) },
        ListSettlementsRequest { page_token: token.clone(), enterprise_id: V2.to_owned(), ..list(2) },
        ListSettlementsRequest { page_token: token.clone(), states, ..list(2) },
        ListSettlementsRequest { page_token: token.clone().map(|token| token.to_lowercase()), ..list(2) },
    ];
    for request in others {
        let told = refused(client.list_settlements(request).await);
        assert_told(&told, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(told.fields, ["page_token"]);
    }
    let mut of_another_rpc = client_settlement(V1);
    of_another_rpc.page_token = token;
    assert_eq!(refused(client.get_client_settlement(of_another_rpc).await).fields, ["page_token"]);
}
