//! Disputes: raised inside the window, taken back, closed into their own settlement or into the next one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use settlement_gateway::sandbox::{DisputeClose, Disputed, NewDispute, Sandbox, SandboxConfig};

use super::support::{CONNECTION, ManualClock, PARTNER, Partner, config, content_v2, partner};

struct Window {
    clock: Arc<ManualClock>,
    sandbox: Sandbox,
    venue: Partner,
    id: String,
}

/// A posted settlement whose clients may dispute for a second, after which the partner has another.
async fn posted(change: impl FnOnce(&mut SandboxConfig)) -> Window {
    let clock = ManualClock::new();
    let mut enterprise = partner();
    (enterprise.disputes, enterprise.dispute_window_ms, enterprise.top_up_window_ms) = (true, 1_000, 1_000);
    let mut config = config(&clock, enterprise);
    change(&mut config);
    let sandbox = Sandbox::start(config).await.unwrap();
    let venue = Partner::of(&sandbox);
    let (_, answer) = venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    let id = answer["settlement"]["id"].as_str().unwrap().to_owned();
    Window { clock, sandbox, venue, id }
}

impl Window {
    async fn raise(&self) -> Disputed {
        let dispute = NewDispute {
            enterprise: PARTNER.to_owned(),
            external_id: "day-1".to_owned(),
            connection: CONNECTION.to_owned(),
            expected: BTreeMap::from([("BTC".to_owned(), "1.5".to_owned())]),
            reason: Some("half a bitcoin is missing".to_owned()),
        };
        self.sandbox.dispute(dispute).await.unwrap()
    }

    async fn raised(&self) -> String {
        match self.raise().await {
            Disputed::Done(id) => id,
            other => panic!("the dispute was not raised: {other:?}"),
        }
    }

    async fn close(&self, dispute_id: &str, adjusted: Option<&str>) -> Disputed {
        let adjusted = adjusted.map(|amount| BTreeMap::from([("BTC".to_owned(), amount.to_owned())]));
        let closing = DisputeClose { dispute_id: dispute_id.to_owned(), adjusted, notes: None };
        self.sandbox.close_dispute(closing).await.unwrap()
    }

    async fn detail(&self) -> Value {
        self.venue.get_json(&format!("partners/settlements/{}", self.id)).await
    }

    async fn statuses(&self) -> Vec<String> {
        let detail = self.detail().await;
        let transfers = detail["settlementTransfers"].as_array().unwrap();
        transfers.iter().map(|transfer| transfer["status"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_raised_dispute_marks_the_settlement_and_keeps_its_transfers_out() {
    let window = posted(|_| ()).await;
    let dispute_id = window.raised().await;
    assert_eq!(window.raise().await, Disputed::TooLate, "one dispute of a connection stands at a time");
    let detail = window.detail().await;
    assert_eq!(detail["settlement"]["disputed"], true);
    let dispute = &detail["settlementDisputes"][0];
    assert_eq!((&dispute["id"], &dispute["retracted"]), (&json!(dispute_id), &json!(false)));
    assert_eq!(dispute["expectedTransfers"], json!({ "BTC": "1.5" }));
    assert_eq!(window.statuses().await, ["disputed", "disputed"]);
    let balances = window.venue.get_json("partners/balances").await;
    assert_eq!(balances["networkBalances"][CONNECTION]["balances"]["ETH"], json!({ "available": "200", "held": "0" }));

    window.clock.advance(2_000);
    assert_eq!(window.detail().await["settlement"]["status"], "completed");
    assert_eq!(window.statuses().await, ["disputed", "disputed"]);
    assert_eq!(window.sandbox.ledger().balance(PARTNER, "", "BTC"), Some("100"));
}

#[tokio::test]
async fn a_dispute_that_is_taken_back_lets_the_transfers_in_again() {
    let window = posted(|_| ()).await;
    let dispute_id = window.raised().await;
    let retracted = window.sandbox.retract_dispute(&dispute_id, Some("found it")).await.unwrap();
    assert_eq!(retracted, Disputed::Done(dispute_id.clone()));
    assert_eq!(window.sandbox.retract_dispute(&dispute_id, None).await.unwrap(), Disputed::TooLate);
    let listed = window.venue.get_json("partners/settlement/disputes").await;
    assert_eq!(listed["disputes"], json!([]), "retracted ones are shown on demand");
    let listed = window.venue.get_json("partners/settlement/disputes?showRetracted=true").await;
    assert_eq!(listed["disputes"][0]["retractedReason"], "found it");
    window.clock.advance(2_000);
    assert_eq!(window.statuses().await, ["completed", "completed"]);
    assert_eq!(window.sandbox.ledger().balance(PARTNER, "", "BTC"), Some("99"));
    assert_eq!(window.detail().await["settlement"]["disputed"], true, "it was raised, whatever became of it");
}

#[tokio::test]
async fn what_is_agreed_inside_the_window_is_settled_at_once() {
    let window = posted(|_| ()).await;
    let dispute_id = window.raised().await;
    assert_eq!(window.close(&dispute_id, Some("1.5")).await, Disputed::Done(dispute_id.clone()));
    assert_eq!(window.close(&dispute_id, Some("1.5")).await, Disputed::TooLate);
    let detail = window.detail().await;
    let settling = &detail["settlingDisputes"][0];
    assert_eq!((&settling["id"], &settling["settledInSettlementId"]), (&json!(dispute_id), &json!(window.id)));
    assert_eq!(settling["disputeClosure"]["closedBy"], "admin");
    assert_eq!(settling["disputeClosure"]["adjustedTransfers"], json!({ "BTC": "1.5" }));
    assert_eq!(settling["disputeClosure"]["adjustedSettlementTransfers"][0], detail["settlementTransfers"][2]);
    assert_eq!(detail["settlementTransfers"][2]["quantity"], "1.5");
    window.clock.advance(2_000);
    assert_eq!(window.statuses().await, ["disputed", "disputed", "completed"]);
    assert_eq!(window.sandbox.ledger().balance(PARTNER, "", "BTC"), Some("98.5"));
}

#[tokio::test]
async fn what_is_agreed_later_waits_for_the_next_settlement() {
    let window = posted(|_| ()).await;
    let dispute_id = window.raised().await;
    window.clock.advance(1_000);
    assert_eq!(window.raise().await, Disputed::TooLate);
    assert_eq!(window.sandbox.retract_dispute(&dispute_id, None).await.unwrap(), Disputed::TooLate);
    window.clock.advance(1_000);
    assert_eq!(window.close(&dispute_id, None).await, Disputed::Done(dispute_id.clone()));
    let listed = window.venue.get_json("partners/settlement/disputes?closed=true").await;
    let closure = &listed["disputes"][0]["disputeClosure"];
    assert_eq!(closure["closedBy"], "client");
    assert_eq!(closure["adjustedTransfers"], json!({ "BTC": "1", "ETH": "-2" }), "the original transfers hold after all");
    assert_eq!(closure["adjustedSettlementTransfers"][0]["status"], "pending_settlement_assignment");
    assert!(listed["disputes"][0].get("settledInSettlementId").is_none());

    let (_, next) = window.venue.post("v2", &window.venue.body(&content_v2("day-2")).await).await;
    assert_eq!(next["settlement"]["settlingDisputes"][0]["id"], json!(dispute_id));
    window.clock.advance(2_000);
    assert_eq!(window.sandbox.ledger().balance(PARTNER, "", "BTC"), Some("98"));
    assert_eq!(window.sandbox.ledger().balance(PARTNER, CONNECTION, "ETH"), Some("196"));
}

#[tokio::test]
async fn every_filter_of_disputes_leaves_what_it_names() {
    let window = posted(|_| ()).await;
    let dispute_id = window.raised().await;
    window.close(&dispute_id, Some("1.5")).await;
    let all = window.venue.get_json("partners/settlement/disputes").await["disputes"].clone();
    let closure = all[0]["disputeClosureId"].as_str().unwrap();
    let connections = window.venue.get_json("partners/connections").await;
    let client = connections["connections"][0]["clientId"].as_str().unwrap();
    let partner = connections["connections"][0]["partnerId"].as_str().unwrap();
    for (name, value) in [
        ("settlementIds", window.id.as_str()),
        ("settledInSettlementIds", window.id.as_str()),
        ("settlementExternalIds", "day-1"),
        ("settledInSettlementExternalIds", "day-1"),
        ("connectionIds", CONNECTION),
        ("partnerIds", partner),
        ("clientIds", client),
        ("disputeIds", dispute_id.as_str()),
        ("disputeClosureIds", closure),
        ("closed", "true"),
    ] {
        let found = window.venue.get_json(&format!("partners/settlement/disputes?{name}={value}")).await;
        assert_eq!(found["disputes"], all, "{name}");
        let other = if name == "closed" { "false" } else { "another" };
        let none = window.venue.get_json(&format!("partners/settlement/disputes?{name}={other}")).await;
        assert_eq!(none["disputes"], json!([]), "{name}");
    }
    let disputed = window.venue.get_json("partners/settlements?onlyShowDisputed=true").await;
    assert_eq!(disputed["settlements"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_restart_keeps_disputes_and_the_moved_clock() {
    let folder = tempfile::tempdir().unwrap();
    let kept = |config: &mut SandboxConfig| config.data_dir = Some(folder.path().to_owned());
    let window = posted(kept).await;
    let dispute_id = window.raised().await;
    window.close(&dispute_id, Some("1.5")).await;
    window.sandbox.advance(std::time::Duration::from_millis(1_999)).await.unwrap();
    let before = window.detail().await;
    window.sandbox.stop().await;

    let mut enterprise = partner();
    (enterprise.disputes, enterprise.dispute_window_ms, enterprise.top_up_window_ms) = (true, 1_000, 1_000);
    let mut again = config(&window.clock, enterprise);
    kept(&mut again);
    let sandbox = Sandbox::start(again).await.unwrap();
    let venue = Partner::of(&sandbox);
    assert_eq!(venue.get_json(&format!("partners/settlements/{}", window.id)).await, before);
    assert_eq!(sandbox.ledger().clock_moved_ms, 1_999);
    window.clock.advance(1);
    let after = venue.get_json(&format!("partners/settlements/{}", window.id)).await;
    assert_eq!(after["settlement"]["status"], "completed");
    assert_eq!(sandbox.ledger().balance(PARTNER, "", "BTC"), Some("98.5"));
}

#[tokio::test]
async fn a_broker_dispute_is_settled_between_the_same_two_connections() {
    let broker = |config: &mut SandboxConfig| config.enterprises[0].default_balance = Some("10".to_owned());
    let window = posted(broker).await;
    let mut content = content_v2("day-2");
    content["settlementAmounts"] = json!({ "party": { "counterparty": { "BTC": "3" } } });
    window.venue.post("v2", &window.venue.body(&content).await).await;
    let dispute = NewDispute {
        enterprise: PARTNER.to_owned(),
        external_id: "day-2".to_owned(),
        connection: "party".to_owned(),
        expected: BTreeMap::from([("BTC".to_owned(), "-2".to_owned())]),
        reason: None,
    };
    let Disputed::Done(dispute_id) = window.sandbox.dispute(dispute).await.unwrap() else { panic!("it was not raised") };
    assert_eq!(window.close(&dispute_id, Some("-2")).await, Disputed::Done(dispute_id));
    window.clock.advance(2_000);
    let ledger = window.sandbox.ledger();
    assert_eq!(ledger.balance(PARTNER, "party", "BTC"), Some("8"));
    assert_eq!(ledger.balance(PARTNER, "counterparty", "BTC"), Some("12"));
    let listed = window.venue.get_json("partners/connections?pageSize=100").await;
    let ids: Vec<&str> = listed["connections"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [CONNECTION, "counterparty", "party"], "connections that were named are known where any is");
}
