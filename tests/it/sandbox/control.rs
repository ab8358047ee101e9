//! The control path over HTTP.

use serde_json::{Value, json};

use super::support::{PARTNER, content, partner, started};

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
