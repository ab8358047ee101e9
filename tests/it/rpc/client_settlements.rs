//! GetClientSettlement: every field of seed 001, what is missing and what nobody knows yet, and its pages.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use settlement_gateway::grpc::pb::{
    self, DisputeClosedBy, DisputeClosureStatus, GetClientSettlementRequest, GetClientSettlementResponse, SettlementTransfer,
    SettlementTransferStatus, SettlementType, VenueSettlementStatus,
};
use settlement_gateway::sandbox::{
    Behaviour, Body, ClientSettlement, ClientTransfer, EXAMPLE_TRANSFERS, Endpoint, Fault, RetryAfter,
};
use tonic::Code;

use super::requests::client_settlement;
use crate::support::gateway::{GatewayUnderTest, V1, V2};
use crate::support::told::{assert_told, refused};

const FULL: &str = include_str!("../../golden/upstream/bitgo_client_settlement.json");
const NULLS: &str = include_str!("../../golden/upstream/bitgo_client_settlement_nulls.json");
const FULL_ID: &str = "1fa3a3a1-7a5f-4f0e-9b6e-1f0d3c8f7a12";
const NULLS_ID: &str = "1fa3a3a1-7a5f-4f0e-9b6e-1f0d3c8f7a13";

/// A venue's answer whose numbers keep their digits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    settlement: Box<RawValue>,
    settlement_transfers: Vec<Box<RawValue>>,
    settling_disputes: Box<RawValue>,
    settlement_disputes: Box<RawValue>,
}

#[derive(Deserialize)]
struct InCurrency {
    currency: String,
}

/// A settlement that the simulated venue shows as a golden answer does.
fn golden(settlement_id: &str, text: &str) -> ClientSettlement {
    let answer: Answer = serde_json::from_str(text).unwrap();
    let transfer = |json: &RawValue| ClientTransfer {
        currency: serde_json::from_str::<InCurrency>(json.get()).unwrap().currency,
        json: json.get().to_owned(),
    };
    ClientSettlement {
        settlement_id: settlement_id.to_owned(),
        settlement: answer.settlement.get().replacen(r#""id": "1""#, &format!(r#""id": "{settlement_id}""#), 1),
        transfers: answer.settlement_transfers.iter().map(|json| transfer(json)).collect(),
        settling_disputes: answer.settling_disputes.get().to_owned(),
        settlement_disputes: answer.settlement_disputes.get().to_owned(),
    }
}

async fn with_goldens() -> GatewayUnderTest {
    GatewayUnderTest::start_with(|setup| {
        let shown = &mut setup.enterprise(V1).client_settlements;
        shown.extend([golden(FULL_ID, FULL), golden(NULLS_ID, NULLS)]);
    })
    .await
}

async fn read(gateway: &GatewayUnderTest, settlement_id: &str) -> GetClientSettlementResponse {
    let request = GetClientSettlementRequest { settlement_id: settlement_id.to_owned(), ..client_settlement(V1) };
    gateway.settlements().await.get_client_settlement(request).await.unwrap().into_inner()
}

fn at(text: &str) -> Option<prost_types::Timestamp> {
    let at: jiff::Timestamp = text.parse().unwrap();
    Some(prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn every_field_of_the_settlement_arrives() {
    let expected = pb::ClientSettlement {
        id: FULL_ID.to_owned(),
        partner_id: "7b1f0c6e-2a64-4a9d-8d5f-3a6c1e2b9f01".to_owned(),
        external_id: "2026-03-18".to_owned(),
        status: VenueSettlementStatus::Failed.into(),
        status_text: "failed".to_owned(),
        settlement_type: SettlementType::Onchain.into(),
        settlement_type_text: "onchain".to_owned(),
        reconciled: false,
        initiated_by: "62ab90e06dfda30007974f0a52a12995".to_owned(),
        notes: some("Zürich 💸"),
        created_at: at("2026-03-18T12:00:00Z"),
        updated_at: at("2026-03-18T12:05:00Z"),
        finalized_at: None,
        rt_id: some("0b9df7c4-5a53-4c70-b2ad-6a3f9c0e4d21"),
        loss_sla_alert_sent: false,
        gain_sla_alert_sent: true,
        cutoff_at: at("2026-03-18T11:59:59.999Z"),
        disputed: Some(true),
        reason: some("insufficient funds"),
    };
    let answer = read(&with_goldens().await, FULL_ID).await;
    assert_eq!((answer.settlement, answer.next_page_token.as_str()), (Some(expected), ""));
}

#[tokio::test]
async fn every_field_of_a_transfer_arrives_digit_for_digit() {
    let expected = SettlementTransfer {
        id: "c1b7c2f4-4a0c-4b62-9f31-8e0f6f3c5d01".to_owned(),
        source_trading_account_id: some("go-source"),
        source_network_account_id: some("net-source"),
        destination_trading_account_id: some("go-destination"),
        destination_network_account_id: some("net-destination"),
        currency: "BTC".to_owned(),
        quantity: "-100.000000000000000000000000000001".to_owned(),
        tx_ids: vec!["tx-1".to_owned(), "tx-2".to_owned()],
        status: SettlementTransferStatus::PendingSettlementAssignment.into(),
        status_text: "pending_settlement_assignment".to_owned(),
        usd_value_cents: some("1234567890123456789.50"),
        settlement_id: some(FULL_ID),
        dispute_closure_id: some("d1b7c2f4-4a0c-4b62-9f31-8e0f6f3c5d09"),
        created_at: at("2026-03-18T12:00:01Z"),
        updated_at: at("2026-03-18T12:00:02Z"),
        settlement_status: VenueSettlementStatus::Failed.into(),
        settlement_status_text: "failed".to_owned(),
        settlement_notes: some("Zürich 💸"),
        source_client_name: some("********"),
        destination_client_name: some("Own Name"),
        source_connection_name: some("****"),
        destination_connection_name: some("Own connection"),
    };
    let transfers = read(&with_goldens().await, FULL_ID).await.settlement_transfers;
    assert_eq!(transfers[0], expected);
    assert_eq!(transfers[1].usd_value_cents(), "1234567890123456789012.10", "a JSON number keeps its digits too");
}

#[tokio::test]
async fn every_field_of_a_dispute_and_its_closure_arrives() {
    let answer = read(&with_goldens().await, FULL_ID).await;
    let amount = |currency: &str, amount: &str| pb::CurrencyAmount { currency: currency.to_owned(), amount: amount.to_owned() };
    let settling = &answer.settling_disputes[0];
    assert_eq!(settling.expected_transfers, [amount("ETH", "-200.10"), amount("BTC", "100")]);
    assert_eq!((settling.retracted, settling.settled_in_settlement_id()), (false, FULL_ID));
    assert_eq!((settling.created_at, settling.updated_at), (at("2026-03-17T10:00:00Z"), at("2026-03-17T11:00:00Z")));
    let closure = settling.dispute_closure.as_ref().unwrap();
    assert_eq!((closure.id.as_str(), closure.closed_by()), (settling.dispute_closure_id(), DisputeClosedBy::Client));
    assert_eq!((closure.status(), closure.status_text.as_str()), (DisputeClosureStatus::PendingReview, "pending_review"));
    assert_eq!((closure.notes.as_str(), closure.review_notes()), ("agreed", "looks right"));
    assert_eq!(closure.adjusted_transfers, [amount("BTC", "1.10")]);
    assert_eq!(closure.adjusted_settlement_transfers[0].quantity, "-0.50");

    let raised = &answer.settlement_disputes[0];
    assert_eq!((raised.retracted, raised.reason(), raised.retracted_reason()), (true, "wrong amount", "our mistake"));
    assert_eq!((raised.retracted_by(), raised.retracted_at), ("62ab90e06dfda30007974f0a52a12997", at("2026-03-18T12:02:00Z")));
    assert_eq!((&raised.dispute_closure, &raised.settled_in_settlement_id), (&None, &None));
}

#[tokio::test]
async fn null_is_absent_and_a_word_of_tomorrow_keeps_its_text() {
    let answer = read(&with_goldens().await, NULLS_ID).await;
    let settlement = answer.settlement.unwrap();
    let expected = pb::ClientSettlement {
        id: NULLS_ID.to_owned(),
        external_id: "a".to_owned(),
        status_text: "frozen".to_owned(),
        ..Default::default()
    };
    assert_eq!(settlement, expected);
    let expected = SettlementTransfer {
        id: "t".to_owned(),
        currency: "BTC".to_owned(),
        quantity: "5".to_owned(),
        status_text: "teleported".to_owned(),
        ..Default::default()
    };
    assert_eq!(answer.settlement_transfers, [expected]);
    assert!(answer.settling_disputes.is_empty());
    assert_eq!(answer.settlement_disputes, [pb::Dispute { id: "d".to_owned(), ..Default::default() }]);
}

#[tokio::test]
async fn pages_lead_through_every_transfer_once_and_end() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let (mut ids, mut statuses) = (BTreeSet::new(), BTreeSet::new());
    let mut request = GetClientSettlementRequest { page_size: 7, ..client_settlement(V1) };
    let mut pages = 0;
    loop {
        let page = client.get_client_settlement(request.clone()).await.unwrap().into_inner();
        pages += 1;
        for transfer in &page.settlement_transfers {
            assert!(ids.insert(transfer.id.clone()), "{} came twice", transfer.id);
            statuses.insert(transfer.status);
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = Some(page.next_page_token);
    }
    assert_eq!((ids.len(), pages), (EXAMPLE_TRANSFERS, EXAMPLE_TRANSFERS.div_ceil(7)));
    assert_eq!(statuses, (1..=9).collect(), "all nine statuses");
}

#[tokio::test]
async fn a_token_is_bound_to_the_settlement_the_currencies_and_the_page_size() {
    let gateway = with_goldens().await;
    let mut client = gateway.settlements().await;
    let filtered = GetClientSettlementRequest { currencies: vec!["BTC".to_owned()], page_size: 5, ..client_settlement(V1) };
    let first = client.get_client_settlement(filtered.clone()).await.unwrap().into_inner();
    assert_eq!(first.settlement_transfers.len(), 5);
    let next = GetClientSettlementRequest { page_token: Some(first.next_page_token), ..filtered };
    let second = client.get_client_settlement(next.clone()).await.unwrap().into_inner();
    let both: Vec<_> = first.settlement_transfers.into_iter().chain(second.settlement_transfers).collect();
    assert!(both.iter().all(|transfer| transfer.currency == "BTC"), "{both:?}");
    let before = gateway.venue_requests();
    for other in [
        GetClientSettlementRequest { currencies: vec!["ETH".to_owned()], ..next.clone() },
        GetClientSettlementRequest { currencies: Vec::new(), ..next.clone() },
        GetClientSettlementRequest { page_size: 6, ..next.clone() },
        GetClientSettlementRequest { settlement_id: FULL_ID.to_owned(), ..next.clone() },
        GetClientSettlementRequest { enterprise_id: V2.to_owned(), ..next },
    ] {
        assert_eq!(refused(client.get_client_settlement(other).await).fields, ["page_token"]);
    }
    assert_eq!(gateway.venue_requests(), before, "the venue was called");
}

#[tokio::test]
async fn what_the_venue_does_wrong_has_a_reason_of_its_own() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let status = |status, body| Behaviour::Status { status, body, effect: false };
    let rows = [
        (status(400, Body::Error), Code::InvalidArgument, "VENUE_REJECTED_REQUEST", false),
        (status(401, Body::Error), Code::FailedPrecondition, "VENUE_CREDENTIALS", false),
        (status(403, Body::ErrorName), Code::FailedPrecondition, "VENUE_FORBIDDEN", false),
        (status(404, Body::NameRequestId), Code::NotFound, "CLIENT_SETTLEMENT_NOT_FOUND", false),
        (status(500, Body::Nothing), Code::Unavailable, "VENUE_UNAVAILABLE", true),
        (status(503, Body::Html), Code::Unavailable, "VENUE_UNAVAILABLE", true),
        (Behaviour::CutBefore, Code::Unavailable, "VENUE_UNAVAILABLE", true),
        (Behaviour::TooManyRequests { retry_after: RetryAfter::Seconds(7) }, Code::Unavailable, "VENUE_RATE_LIMITED", true),
        (status(200, Body::Html), Code::Internal, "VENUE_ANSWER_INVALID", false),
        (status(200, Body::Truncated), Code::Internal, "VENUE_ANSWER_INVALID", false),
        (status(200, Body::EmptyObject), Code::Internal, "VENUE_ANSWER_INVALID", false),
        (Behaviour::Oversize { bytes: 64 * 1024 * 1024 }, Code::Internal, "VENUE_ANSWER_INVALID", false),
    ];
    for (behaviour, code, reason, waiting_helps) in rows {
        let name = format!("{behaviour:?}");
        gateway.disturb(Fault { on: Endpoint::ClientSettlement, times: 10, behaviour });
        let told = refused(client.get_client_settlement(client_settlement(V1)).await);
        gateway.sandbox.faults().clear();
        assert_eq!(
            (told.code, told.reason.as_str(), told.retry_after.is_some()),
            (code, reason, waiting_helps),
            "{name}: {told:?}"
        );
    }
    let unknown = GetClientSettlementRequest { settlement_id: NULLS_ID.to_owned(), ..client_settlement(V1) };
    assert_told(&refused(client.get_client_settlement(unknown).await), Code::NotFound, "CLIENT_SETTLEMENT_NOT_FOUND");
}
