//! What a client lists, at all partners.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use settlement_gateway::sandbox::{
    ClientSettlement, EXAMPLE_SETTLEMENT_ID, EXAMPLE_TRANSFERS, NewDispute, Sandbox, SandboxConfig, SandboxEnterprise,
};
use settlement_gateway::secret::Secret;

use super::support::{CONNECTION, ManualClock, PARTNER, Partner, config, content_v2, partner};

struct Client {
    sandbox: Sandbox,
    venue: Partner,
    /// The venue's id of the one settlement that the partner posted.
    id: String,
}

async fn client() -> Client {
    let mut enterprise = partner();
    (enterprise.disputes, enterprise.dispute_window_ms) = (true, 60_000);
    let client = SandboxEnterprise {
        client_settlements: vec![ClientSettlement::example()],
        ..SandboxEnterprise::new("client-1", Secret::from_text("client-token".to_owned()), [2; 33])
    };
    let base = config(&ManualClock::new(), partner());
    let sandbox = Sandbox::start(SandboxConfig { enterprises: vec![enterprise, client], ..base }).await.unwrap();
    let venue = Partner::of(&sandbox);
    let (_, answer) = venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    Client { sandbox, venue, id: answer["settlement"]["id"].as_str().unwrap().to_owned() }
}

impl Client {
    async fn list(&self, rest: &str, name: &str) -> Vec<Value> {
        let url = format!("{}/api/network/v1/enterprises/client-1/clients/{rest}", self.venue.base);
        let response = self.venue.http.get(url).bearer_auth("client-token").send().await.unwrap();
        assert_eq!(response.status(), 200, "{rest}");
        let body: Value = response.json().await.unwrap();
        body[name].as_array().unwrap().clone()
    }

    async fn settlements(&self, query: &str) -> Vec<String> {
        let found = self.list(&format!("settlements?{query}"), "settlements").await;
        found.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn transfers(&self, query: &str) -> Vec<Value> {
        self.list(&format!("settlementTransfers?{query}"), "settlementTransfers").await
    }

    async fn dispute(&self) {
        let dispute = NewDispute {
            enterprise: PARTNER.to_owned(),
            external_id: "day-1".to_owned(),
            connection: CONNECTION.to_owned(),
            expected: BTreeMap::from([("BTC".to_owned(), "2".to_owned())]),
            reason: None,
        };
        self.sandbox.dispute(dispute).await.unwrap();
    }
}

#[tokio::test]
async fn settlements_are_listed_with_the_way_their_money_goes_and_by_every_filter() {
    let client = client().await;
    let all = client.list("settlements", "settlements").await;
    assert_eq!(all.len(), 2);
    let own = all.iter().find(|one| one["id"] == json!(client.id)).unwrap();
    assert_eq!(own["transferDirection"], "send-and-receive");
    let id = vec![client.id.clone()];
    let partner_id = own["partnerId"].as_str().unwrap();
    assert_eq!(client.settlements(&format!("settlementIds={}", client.id)).await, id);
    assert_eq!(client.settlements(&format!("partnerIds={partner_id}")).await, id);
    assert_eq!(client.settlements(&format!("counterpartyConnectionIds={CONNECTION}")).await, id);
    assert_eq!(client.settlements("partyConnectionIds=another").await, Vec::<String>::new());
    assert_eq!(client.settlements("statuses=completed&statuses=failed").await, Vec::<String>::new());
    assert_eq!(client.settlements("statuses=pending&pageSize=1&pageNumber=1").await.len(), 1);
    assert_eq!(client.settlements("onlyShowDisputed=true").await, [EXAMPLE_SETTLEMENT_ID]);
    client.dispute().await;
    assert_eq!(client.settlements("onlyShowDisputed=true").await.len(), 2);
    client.sandbox.advance(Duration::from_secs(60)).await.unwrap();
    assert_eq!(client.settlements("statuses=completed").await, id);
}

#[tokio::test]
async fn transfers_are_listed_across_settlements_and_by_every_filter() {
    let client = client().await;
    assert_eq!(client.transfers("pageSize=500").await.len(), EXAMPLE_TRANSFERS + 2);
    let own = client.transfers(&format!("settlementIds={}", client.id)).await;
    assert_eq!(own.len(), 2);
    assert_eq!((&own[0]["settlementStatus"], &own[0]["sourceClientName"]), (&json!("pending"), &json!("*****")));
    let found = client.transfers("currencies=BTC&settlementTransferStatuses=pending&pageSize=500").await;
    assert!(found.iter().all(|one| one["currency"] == "BTC" && one["status"] == "pending") && !found.is_empty());
    assert_eq!(client.transfers("settlementStatuses=completed").await, Vec::<Value>::new());
    assert_eq!(client.transfers("settlementUpdatedBefore=2026-03-18T12:00:00.001Z").await.len(), 2);
    assert_eq!(
        client.transfers("settlementUpdatedOnOrAfter=2026-03-18T12:00:00.001Z&pageSize=500").await.len(),
        EXAMPLE_TRANSFERS
    );
    let initiator = client.list(&format!("settlements?settlementIds={}", client.id), "settlements").await;
    let initiator = initiator[0]["initiatedBy"].as_str().unwrap();
    assert_eq!(client.transfers(&format!("initiatedBy={initiator}")).await.len(), 2);
    let newest = client.transfers("sortField=updatedAt&sortDirection=DESC&pageSize=1").await;
    assert_eq!(newest[0]["settlementId"], EXAMPLE_SETTLEMENT_ID);
}

#[tokio::test]
async fn a_client_lists_its_own_disputes() {
    let client = client().await;
    assert_eq!(client.list("settlement/disputes", "disputes").await.len(), 0);
    client.dispute().await;
    let disputes = client.list("settlement/disputes?closed=false", "disputes").await;
    assert_eq!((disputes.len(), &disputes[0]["disputedSettlementId"]), (1, &json!(client.id)));
    let detail = client.list(&format!("settlements/{}", client.id), "settlementDisputes").await;
    assert_eq!(detail, disputes);
}
