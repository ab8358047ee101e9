//! Settlements that the partner never posted.

use serde_json::{Value, json};
use settlement_gateway::sandbox::ForeignSettlement;

use super::support::{CONNECTION, PARTNER, content, partner, started};

fn foreign(enterprise: &str, external_id: &str, amount: &str) -> ForeignSettlement {
    let amounts = json!({ CONNECTION: { "BTC": amount } });
    ForeignSettlement { enterprise: enterprise.to_owned(), external_id: external_id.to_owned(), amounts }
}

#[tokio::test]
async fn a_foreign_settlement_stands_in_the_list_and_was_never_posted() {
    for disputes in [false, true] {
        let mut enterprise = partner();
        enterprise.disputes = disputes;
        let (sandbox, venue) = started(enterprise).await;
        let id = sandbox.foreign(foreign(PARTNER, "stolen", "5")).await.unwrap().unwrap();
        let listed = venue.get_json("partners/settlements").await;
        assert_eq!((&listed["settlements"][0]["id"], &listed["settlements"][0]["externalId"]), (&json!(id), &json!("stolen")));
        assert_eq!(listed["settlements"][0]["status"], "completed");
        let ledger = sandbox.ledger();
        let entry = ledger.settlement(PARTNER, "stolen").unwrap();
        assert_eq!((entry.created, entry.posts), (1, 0));
        assert_eq!(ledger.balance(PARTNER, "", "BTC"), Some("95"));
    }
}

#[tokio::test]
async fn what_cannot_be_a_settlement_is_none() {
    let (sandbox, venue) = started(partner()).await;
    venue.post("v1", &venue.body(&content("day-1")).await).await;
    for wrong in [foreign("nobody", "x", "1"), foreign(PARTNER, "x", "nothing"), foreign(PARTNER, "day-1", "1")] {
        assert_eq!(sandbox.foreign(wrong).await.unwrap(), None);
    }
    let url = format!("{}/sandbox/foreign", venue.base);
    let body = json!({ "enterprise": PARTNER, "external_id": "stolen", "amounts": { CONNECTION: { "BTC": "1" } } });
    let answer: Value = venue.http.post(&url).json(&body).send().await.unwrap().json().await.unwrap();
    assert!(answer["settlement_id"].is_string());
}
