//! Asynchronous settlements: windows run on the clock that was handed in.

use std::collections::BTreeMap;

use serde_json::json;
use settlement_gateway::sandbox::{ClosedDispute, Sandbox};

use super::support::{CONNECTION, ManualClock, PARTNER, Partner, config, content_v2, partner};

async fn status(venue: &Partner) -> serde_json::Value {
    venue.get_json("partners/settlements?externalIds=day-1").await["settlements"][0]["status"].clone()
}

#[tokio::test]
async fn a_settlement_completes_when_both_windows_have_passed() {
    let clock = ManualClock::new();
    let mut enterprise = partner();
    enterprise.dispute_window_ms = 1_000;
    enterprise.top_up_window_ms = 500;
    let sandbox = Sandbox::start(config(&clock, enterprise)).await.unwrap();
    let venue = Partner::of(&sandbox);
    let body = venue.body(&content_v2("day-1")).await;
    venue.post("v2", &body).await;
    clock.advance(1_499);
    assert_eq!(status(&venue).await, "pending");
    clock.advance(1);
    assert_eq!(status(&venue).await, "completed");
    let (again, answer) = venue.post("v2", &body).await;
    assert_eq!((again, &answer["settlement"]["status"]), (200, &json!("completed")));
}

#[tokio::test]
async fn without_windows_the_answer_still_says_pending() {
    let sandbox = Sandbox::start(config(&ManualClock::new(), partner())).await.unwrap();
    let venue = Partner::of(&sandbox);
    let (_, answer) = venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    assert_eq!(answer["settlement"]["status"], "pending");
    assert_eq!(status(&venue).await, "completed");
}

#[tokio::test]
async fn a_settlement_that_the_partner_cannot_pay_fails_and_is_tried_again() {
    let mut enterprise = partner();
    enterprise.account.clear();
    let sandbox = Sandbox::start(config(&ManualClock::new(), enterprise)).await.unwrap();
    let venue = Partner::of(&sandbox);
    venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    assert_eq!(status(&venue).await, "failed");
    sandbox.fund(PARTNER, None, "BTC", "1").await.unwrap();
    assert_eq!(status(&venue).await, "completed");
    assert_eq!(sandbox.ledger().balance(PARTNER, "", "BTC"), Some("0"));
}

#[tokio::test]
async fn a_rejected_settlement_says_why_and_frees_what_it_held() {
    let mut enterprise = partner();
    enterprise.dispute_window_ms = 1_000;
    let clock = ManualClock::new();
    let sandbox = Sandbox::start(config(&clock, enterprise)).await.unwrap();
    let venue = Partner::of(&sandbox);
    venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    assert!(sandbox.reject(PARTNER, "day-1", "not on my watch").await.unwrap());
    assert!(!sandbox.reject(PARTNER, "day-1", "twice").await.unwrap());
    clock.advance(1_000);
    let listed = venue.get_json("partners/settlements?externalIds=day-1").await;
    let settlement = &listed["settlements"][0];
    assert_eq!((&settlement["status"], &settlement["reason"]), (&json!("rejected"), &json!("not on my watch")));
    assert_eq!(settlement["finalizedAt"], "2026-03-18T12:00:00.000Z");
    let balances = venue.get_json("partners/balances").await;
    assert_eq!(balances["networkBalances"][CONNECTION]["balances"]["ETH"], json!({ "available": "200", "held": "0" }));
}

#[tokio::test]
async fn a_copy_of_the_ledger_shows_windows_that_have_ended() {
    let sandbox = Sandbox::start(config(&ManualClock::new(), partner())).await.unwrap();
    let venue = Partner::of(&sandbox);
    venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    assert_eq!(sandbox.ledger().settlement(PARTNER, "day-1").unwrap().status.as_deref(), Some("completed"));
}

#[tokio::test]
async fn a_closed_dispute_is_pulled_into_the_next_settlement_and_into_no_other() {
    let dispute_id = "d15b07e5-0000-4000-8000-000000000001";
    let mut enterprise = partner();
    enterprise.closed_disputes = vec![ClosedDispute {
        dispute_id: dispute_id.to_owned(),
        connection_id: CONNECTION.to_owned(),
        disputed_settlement_id: "11111111-2222-4333-8444-555555555555".to_owned(),
        adjusted_transfers: BTreeMap::from([("BTC".to_owned(), "0.5".to_owned())]),
    }];
    let sandbox = Sandbox::start(config(&ManualClock::new(), enterprise)).await.unwrap();
    let venue = Partner::of(&sandbox);
    let body = venue.body(&content_v2("day-1")).await;
    let (_, first) = venue.post("v2", &body).await;
    let id = first["settlement"]["id"].as_str().unwrap();
    assert_eq!(first["settlement"]["settlingDisputes"][0]["id"], dispute_id);
    assert_eq!(first["settlement"]["settlingDisputes"][0]["settledInSettlementId"], id);
    let (_, second) = venue.post("v2", &venue.body(&content_v2("day-2")).await).await;
    assert_eq!(second["settlement"]["settlingDisputes"], json!([]));

    let detail = venue.get_json(&format!("partners/settlements/{id}")).await;
    assert_eq!(detail["settlementTransfers"].as_array().unwrap().len(), 3);
    assert_eq!(detail["settlementTransfers"][2]["quantity"], "0.5");
    assert!(detail["settlementTransfers"][2]["disputeClosureId"].is_string());
    let listed = venue.get_json(&format!("partners/settlement/disputes?settledInSettlementIds={id}")).await;
    assert_eq!(listed["disputes"], detail["settlingDisputes"]);
    assert_eq!(sandbox.ledger().balance(PARTNER, "", "BTC"), Some("97.5"));
}
