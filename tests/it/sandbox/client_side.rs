//! A settlement as its client sees it.

use serde_json::{Value, json};
use settlement_gateway::sandbox::{
    ClientSettlement, EXAMPLE_SETTLEMENT_ID, EXAMPLE_TRANSFERS, Sandbox, SandboxConfig, SandboxEnterprise,
};
use settlement_gateway::secret::Secret;

use super::support::{CONNECTION, ManualClock, Partner, config, content, partner};

async fn with_client() -> (Sandbox, Partner) {
    let client = SandboxEnterprise {
        client_settlements: vec![ClientSettlement::example()],
        ..SandboxEnterprise::new("client-1", Secret::from_text("client-token".to_owned()), [2; 33])
    };
    let stranger = SandboxEnterprise::new("client-2", Secret::from_text("stranger-token".to_owned()), [2; 33]);
    let base = config(&ManualClock::new(), partner());
    let sandbox = Sandbox::start(SandboxConfig { enterprises: vec![partner(), client, stranger], ..base }).await.unwrap();
    let venue = Partner::of(&sandbox);
    (sandbox, venue)
}

async fn seen(venue: &Partner, client: &str, token: &str, rest: &str) -> (u16, Value) {
    let url = format!("{}/api/network/v1/enterprises/{client}/clients/settlements/{rest}", venue.base);
    let response = venue.http.get(url).bearer_auth(token).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn the_example_is_read_page_by_page() {
    let (_sandbox, venue) = with_client().await;
    let mut ids = Vec::new();
    for (page, expected) in [(0, 25), (1, 25), (2, 10), (3, 0)] {
        let rest = format!("{EXAMPLE_SETTLEMENT_ID}?pageNumber={page}");
        let (status, body) = seen(&venue, "client-1", "client-token", &rest).await;
        assert_eq!(status, 200);
        assert_eq!(body["settlement"]["id"], EXAMPLE_SETTLEMENT_ID);
        let transfers = body["settlementTransfers"].as_array().unwrap();
        assert_eq!(transfers.len(), expected);
        ids.extend(transfers.iter().map(|transfer| transfer["id"].as_str().unwrap().to_owned()));
    }
    ids.dedup();
    assert_eq!(ids.len(), EXAMPLE_TRANSFERS);
}

#[tokio::test]
async fn the_currency_filter_leaves_only_those() {
    let (_sandbox, venue) = with_client().await;
    let rest = format!("{EXAMPLE_SETTLEMENT_ID}?currencies=BTC&currencies=SOL&pageSize=100");
    let (_, body) = seen(&venue, "client-1", "client-token", &rest).await;
    let transfers = body["settlementTransfers"].as_array().unwrap();
    assert_eq!(transfers.len(), EXAMPLE_TRANSFERS / 2);
    assert!(transfers.iter().all(|transfer| ["BTC", "SOL"].contains(&transfer["currency"].as_str().unwrap())));
}

#[tokio::test]
async fn a_posted_settlement_is_seen_by_its_client_with_others_masked() {
    let (_sandbox, venue) = with_client().await;
    let (_, answer) = venue.post("v1", &venue.body(&content("day-1")).await).await;
    let id = answer["settlement"]["id"].as_str().unwrap();
    let (status, body) = seen(&venue, "client-1", "client-token", id).await;
    assert_eq!((status, &body["settlement"]["externalId"]), (200, &json!("day-1")));
    let transfer = &body["settlementTransfers"][0];
    let connections = venue.get_json("partners/connections").await;
    let account = &connections["connections"][0]["networkAccountId"];
    assert_ne!(account, CONNECTION, "a network account is not its connection");
    assert_eq!(&transfer["destinationNetworkAccountId"], account);
    assert_eq!(transfer["sourceClientName"], "*****");
    assert!(transfer.get("sourceTradingAccountId").is_none());
    assert_eq!(transfer["settlementStatus"], "completed");
}

#[tokio::test]
async fn a_client_that_is_not_involved_finds_nothing() {
    let (_sandbox, venue) = with_client().await;
    let (_, answer) = venue.post("v1", &venue.body(&content("day-1")).await).await;
    let id = answer["settlement"]["id"].as_str().unwrap();
    assert_eq!(seen(&venue, "client-2", "stranger-token", id).await.0, 404);
    assert_eq!(seen(&venue, "client-2", "stranger-token", EXAMPLE_SETTLEMENT_ID).await.0, 404);
    assert_eq!(seen(&venue, "client-1", "stranger-token", id).await.0, 401);
    assert_eq!(seen(&venue, "client-1", "client-token", "nonsense").await.0, 400);
}
