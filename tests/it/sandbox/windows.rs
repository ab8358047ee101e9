//! Asynchronous settlements: windows run on the clock that was handed in.

use serde_json::json;
use settlement_gateway::sandbox::Sandbox;

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
