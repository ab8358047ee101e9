//! The main job over PostgreSQL: by one gateway, and by two at once.

use settlement_gateway::grpc::pb::{ListSettlementsRequest, SettlementState};
use tonic::Code;

use super::{at_venue_once, enterprise_of, initiate, over};
use crate::rpc::known::{caller, of};
use crate::rpc::requests::{client_settlement, leg, quote, settle, settle_legs, sign, trade_payload};
use crate::support::gateway::{V1, V1_KEY, V2, channel};
use crate::support::postgres::Schema;
use crate::support::told::{assert_told, refused};

#[tokio::test]
async fn the_main_job_is_done_over_postgresql_and_survives_a_restart() {
    let Some(schema) = Schema::fresh().await else { return };
    let gateway = over(&schema.url(), |_| ()).await;
    for enterprise in [V1, V2] {
        let settled = initiate(&gateway.channel().await, settle(enterprise, "x")).await.unwrap();
        let changes: Vec<&str> = settled.timeline.iter().map(|entry| entry.change.as_str()).collect();
        assert_eq!(changes[..5], ["RECEIVED", "PREPARED", "SIGNED", "DISPATCHED", "TAKEN"]);
        at_venue_once(&gateway.sandbox, &settled);
    }
    let read = gateway.settlements().await.get_client_settlement(client_settlement(V1)).await.unwrap().into_inner();
    let signed = gateway.signing().await.sign_payload(sign(V1_KEY, trade_payload("1"))).await.unwrap().into_inner();
    let quoted = gateway.quotes().await.create_quote(quote()).await.unwrap().into_inner();
    assert!(read.settlement.is_some() && quoted.quote.is_some());
    let before = gateway.reconciled(V1, "x").await;

    let gateway = gateway.restart().await;
    assert_eq!(gateway.reconciled(V1, "x").await, before);
    assert_eq!(initiate(&gateway.channel().await, settle(V1, "x")).await.unwrap(), before, "a repeat is a read");
    let again = gateway.signing().await.sign_payload(sign(V1_KEY, trade_payload("1"))).await.unwrap().into_inner();
    assert_eq!(again, signed);
    let other = trade_payload("1").replace("\"receiveAmount\":\"1\"", "\"receiveAmount\":\"2\"");
    let told = refused(gateway.signing().await.sign_payload(sign(V1_KEY, other)).await);
    assert_told(&told, Code::FailedPrecondition, "SIGNING_REFERENCE_TAKEN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callers_limit_of_the_day_holds_over_all_replicas() {
    const LIMIT: &str = "rpcs = [\"*\"]\nenterprises = [\"*\"]\n[[callers.limits]]\ncurrency = \"BTC\"\nper_day = \"5\"\n";
    let Some(schema) = Schema::fresh().await else { return };
    let gateway = over(&schema.url(), |setup| setup.callers = caller("desk", LIMIT)).await;
    let replica = gateway.replica().await;
    let channels = [gateway.channel().await, channel(&replica).await];
    let calls = (0..12).map(|n| {
        let (channel, legs) = (channels[n % 2].clone(), vec![leg("c1", "BTC", "1")]);
        // Of two enterprises, so that only the caller is what they share.
        let request = of("desk", settle_legs(enterprise_of(n / 2), &format!("limited-{n}"), legs));
        let mut client = settlement_gateway::grpc::pb::settlement_service_client::SettlementServiceClient::new(channel);
        tokio::spawn(async move { client.initiate_settlement(request).await })
    });
    let mut taken = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => taken += 1,
            Err(status) => assert_eq!(status.code(), Code::PermissionDenied, "{status:?}"),
        }
    }
    assert_eq!(taken, 5);
    replica.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_at_two_gateways_at_once_is_one_settlement_with_equal_answers() {
    let Some(schema) = Schema::fresh().await else { return };
    let gateway = over(&schema.url(), |_| ()).await;
    let replica = gateway.replica().await;
    let channels = [gateway.channel().await, channel(&replica).await];
    for round in 0..3 {
        let id = format!("both-{round}");
        let calls = (0..12).map(|n| {
            let (channel, request) = (channels[n % 2].clone(), settle(V1, &id));
            tokio::spawn(async move { initiate(&channel, request).await })
        });
        let mut answers = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            answers.push(call.await.unwrap().unwrap());
        }
        let first = &answers[0];
        assert!(answers.iter().all(|answer| answer.state() == SettlementState::Completed), "{answers:?}");
        assert!(answers.iter().all(|answer| answer.timeline[..5] == first.timeline[..5]), "{answers:?}");
        at_venue_once(&gateway.sandbox, first);
        assert_eq!(gateway.sandbox.ledger().settlement(V1, &id).unwrap().posts, 1);
    }
    let request = ListSettlementsRequest { enterprise_id: V1.to_owned(), page_size: 200, ..Default::default() };
    assert_eq!(gateway.settlements().await.list_settlements(request).await.unwrap().into_inner().settlements.len(), 3);
    replica.stop().await.unwrap();
}
