//! The control path over HTTP.

use serde_json::{Value, json};

use super::support::{CONNECTION, PARTNER, content, content_v2, partner, started};

#[tokio::test]
async fn rules_are_pushed_and_dropped() {
    let (sandbox, venue) = started(partner()).await;
    let url = format!("{}/sandbox/faults", sandbox.bitlipa_url());
    let rule = json!({
        "on": "partner_reads",
        "times": 2,
        "behaviour": { "kind": "too_many_requests", "retry_after": { "seconds": 3 } },
    });
    assert_eq!(venue.http.post(&url).json(&rule).send().await.unwrap().status(), 204);
    assert_eq!(venue.get("partners").await.status(), 429);
    assert_eq!(venue.http.delete(&url).send().await.unwrap().status(), 204);
    assert_eq!(venue.get("partners").await.status(), 200);
    let unknown = json!({ "on": "partner_reads", "times": 1, "behaviour": { "kind": "explode" } });
    assert_eq!(venue.http.post(&url).json(&unknown).send().await.unwrap().status(), 422);
}

#[tokio::test]
async fn the_ledger_is_read_and_accounts_are_funded() {
    let (_sandbox, venue) = started(partner()).await;
    let funding = json!({ "enterprise": PARTNER, "currency": "BTC", "amount": "5.5" });
    let url = format!("{}/sandbox/fund", venue.base);
    assert_eq!(venue.http.post(url).json(&funding).send().await.unwrap().status(), 204);
    venue.post("v1", &venue.body(&content("day-1")).await).await;
    let url = format!("{}/sandbox/ledger", venue.base);
    let ledger: Value = venue.http.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(ledger["balances"][PARTNER][""]["BTC"], "4.5");
    assert_eq!(ledger["settlements"][0]["external_id"], "day-1");
    assert_eq!(ledger["settlements"][0]["status"], "completed");
    let path = format!("POST /api/network/v1/enterprises/{PARTNER}/partners/settlements");
    assert_eq!(ledger["requests"][path], 1);
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_rejected() {
    let (_sandbox, venue) = started(partner()).await;
    let rejection = json!({ "enterprise": PARTNER, "external_id": "day-1", "reason": "no" });
    let url = format!("{}/sandbox/reject", venue.base);
    assert_eq!(venue.http.post(url).json(&rejection).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_clock_moves_a_settlement_through_its_windows_and_credentials_stay_good() {
    let mut enterprise = partner();
    (enterprise.disputes, enterprise.dispute_window_ms, enterprise.top_up_window_ms) = (true, 3_600_000, 3_600_000);
    let (_sandbox, venue) = started(enterprise).await;
    venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    let url = format!("{}/sandbox/clock", venue.base);
    for (advance_ms, expected) in [(7_199_999, "pending"), (1, "completed")] {
        let moved = venue.http.post(&url).json(&json!({ "advance_ms": advance_ms })).send().await.unwrap();
        assert_eq!(moved.status(), 204);
        let listed = venue.get_json("partners/settlements").await;
        assert_eq!(listed["settlements"][0]["status"], expected);
    }
    let back = venue.http.post(&url).json(&json!({ "advance_ms": -1 })).send().await.unwrap();
    assert_eq!(back.status(), 422, "time goes ahead only");
}

#[tokio::test]
async fn disputes_are_raised_taken_back_and_closed_by_hand() {
    let mut enterprise = partner();
    (enterprise.disputes, enterprise.dispute_window_ms) = (true, 60_000);
    let (_sandbox, venue) = started(enterprise).await;
    venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    let ask = async |path: &str, body: Value| {
        let response = venue.http.post(format!("{}/sandbox/{path}", venue.base)).json(&body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap_or_default())
    };
    let dispute = json!({
        "enterprise": PARTNER, "external_id": "day-1", "connection": CONNECTION, "expected": { "BTC": "2" },
    });
    let (status, raised) = ask("dispute", dispute.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(ask("dispute", dispute.clone()).await.0, 409);
    assert_eq!(ask("dispute/retract", raised).await.0, 200);
    let (_, raised) = ask("dispute", dispute.clone()).await;
    assert_eq!(ask("dispute/close", json!({ "dispute_id": raised["dispute_id"], "adjusted": { "BTC": "0" } })).await.0, 400);
    assert_eq!(ask("dispute/close", json!({ "dispute_id": raised["dispute_id"], "adjusted": { "BTC": "2" } })).await.0, 200);
    assert_eq!(ask("dispute/close", json!({ "dispute_id": "nobody's" })).await.0, 404);
    let mut unknown = dispute;
    unknown["connection"] = json!("another");
    assert_eq!(ask("dispute", unknown).await.0, 404);
}
