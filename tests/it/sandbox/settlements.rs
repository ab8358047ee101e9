//! Posting settlements: what is created, what is a repeat, and what is refused.

use serde_json::{Value, json};
use settlement_gateway::sandbox::{BadSignatureV1, EXAMPLE_CONNECTIONS, ShortfallAnswer, UnfundedV2};

use super::support::{CONNECTION, PARTNER, content, content_v2, partner, sign, started};

#[tokio::test]
async fn a_v1_settlement_completes_at_once_and_moves_money() {
    let (sandbox, venue) = started(partner()).await;
    let body = venue.body(&content("day-1")).await;
    let (status, answer) = venue.post("v1", &body).await;
    assert_eq!((status, &answer["settlement"]["status"]), (200, &json!("completed")));
    assert_eq!(answer["settlement"]["externalId"], "day-1");
    assert_eq!(answer["settlement"]["finalizedAt"], "2026-03-18T12:00:00.000Z");
    let ledger = sandbox.ledger();
    assert_eq!(ledger.balance(PARTNER, "", "BTC"), Some("99"));
    assert_eq!(ledger.balance(PARTNER, "", "ETH"), Some("2"));
    assert_eq!(ledger.balance(PARTNER, CONNECTION, "ETH"), Some("198"));
    sandbox.stop().await;
}

#[tokio::test]
async fn the_same_body_again_is_the_same_settlement() {
    let (sandbox, venue) = started(partner()).await;
    let body = venue.body(&content("day-1")).await;
    let (_, first) = venue.post("v1", &body).await;
    let (status, second) = venue.post("v1", &body).await;
    assert_eq!(status, 200);
    assert_eq!(first, second);
    let ledger = sandbox.ledger();
    let entry = ledger.settlement(PARTNER, "day-1").unwrap();
    assert_eq!((entry.created, entry.posts, entry.body_digests.len()), (1, 2, 1));
    assert_eq!(ledger.balance(PARTNER, CONNECTION, "ETH"), Some("198"));
}

#[tokio::test]
async fn other_properties_under_a_used_external_id_conflict() {
    let (sandbox, venue) = started(partner()).await;
    venue.post("v1", &venue.body(&content("day-1")).await).await;
    let mut other = content("day-1");
    other["nonce"] = json!("2");
    let (status, answer) = venue.post("v1", &venue.body(&other).await).await;
    assert_eq!(status, 409);
    assert!(answer["error"].is_string() && answer["errorName"].is_string() && answer["reqId"].is_string());
    let ledger = sandbox.ledger();
    let entry = ledger.settlement(PARTNER, "day-1").unwrap();
    assert_eq!((entry.created, entry.posts, entry.body_digests.len()), (1, 2, 2));
}

#[tokio::test]
async fn a_signature_of_another_payload_is_refused() {
    for (answer, expected) in [(BadSignatureV1::BadRequest, 400), (BadSignatureV1::Unauthorized, 401)] {
        let mut enterprise = partner();
        enterprise.bad_signature = answer;
        let (sandbox, venue) = started(enterprise).await;
        let mut body = venue.body(&content("day-1")).await;
        body["signature"] = json!(sign("something else"));
        assert_eq!(venue.post("v1", &body).await.0, expected);
        assert_eq!(sandbox.ledger().settlement(PARTNER, "day-1").unwrap().created, 0);
    }
}

#[tokio::test]
async fn a_payload_that_says_something_else_is_refused_however_well_signed() {
    let (_sandbox, venue) = started(partner()).await;
    let mut body = venue.body(&content("day-1")).await;
    let payload = body["payload"].as_str().unwrap().replace("-2.0", "-3.0");
    body["signature"] = json!(sign(&payload));
    body["payload"] = json!(payload);
    assert_eq!(venue.post("v1", &body).await.0, 400);
}

#[tokio::test]
async fn malformed_amounts_and_unknown_connections_are_refused() {
    let (_sandbox, venue) = started(partner()).await;
    for amounts in
        [json!({}), json!({ CONNECTION: { "BTC": "1e3" } }), json!({ CONNECTION: { "BTC": 1 } }), json!({ "c": { "BTC": "1" } })]
    {
        let mut content = content("day-1");
        content["settlementAmounts"] = amounts;
        let url = venue.url("v1", "partners/settlements-signing");
        let response = venue.http.post(url).bearer_auth(&venue.token).json(&content).send().await.unwrap();
        assert_eq!(response.status(), 400, "{content}");
    }
}

#[tokio::test]
async fn the_signing_payload_can_be_asked_for_with_a_get() {
    let (_sandbox, venue) = started(partner()).await;
    let url = venue.url("v1", "partners/settlements-signing");
    let response = venue.http.get(url).bearer_auth(&venue.token).json(&content("day-1")).send().await.unwrap();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["payload"], venue.payload(&content("day-1")).await);
}

#[tokio::test]
async fn v1_is_forbidden_where_disputes_are_enabled() {
    let mut enterprise = partner();
    enterprise.disputes = true;
    let (_sandbox, venue) = started(enterprise).await;
    let body = venue.body(&content_v2("day-1")).await;
    assert_eq!(venue.post("v1", &body).await.0, 403);
    let (status, answer) = venue.post("v2", &body).await;
    assert_eq!((status, &answer["settlement"]["status"]), (200, &json!("pending")));
    assert_eq!(answer["settlement"]["settlingDisputes"], json!([]));
    assert_eq!(answer["settlement"]["cutoffAt"], "2026-03-18T11:59:59.999Z");
}

#[tokio::test]
async fn v2_needs_a_cutoff() {
    let (_sandbox, venue) = started(partner()).await;
    assert_eq!(venue.post("v2", &venue.body(&content("day-1")).await).await.0, 400);
}

#[tokio::test]
async fn a_v1_settlement_short_of_funds_fails_and_completes_when_repeated_after_funding() {
    for (answer, expected) in [(ShortfallAnswer::Unauthorized, 401), (ShortfallAnswer::InternalError, 500)] {
        let mut enterprise = partner();
        enterprise.account.clear();
        enterprise.shortfall = answer;
        let (sandbox, venue) = started(enterprise).await;
        let body = venue.body(&content("day-1")).await;
        let (status, failed) = venue.post("v1", &body).await;
        assert_eq!((status, &failed["settlement"]["status"]), (expected, &json!("failed")));
        assert_eq!(failed["settlement"]["reason"], "insufficient funds");
        sandbox.fund(PARTNER, None, "BTC", "5").await.unwrap();
        let (status, completed) = venue.post("v1", &body).await;
        assert_eq!((status, &completed["settlement"]["status"]), (200, &json!("completed")));
        assert_eq!(completed["settlement"]["id"], failed["settlement"]["id"]);
        assert_eq!(sandbox.ledger().balance(PARTNER, "", "BTC"), Some("4"));
    }
}

#[tokio::test]
async fn liabilities_above_a_connections_balance_are_unprocessable_in_v2() {
    for (unfunded, created) in [(UnfundedV2::NotCreated, 0), (UnfundedV2::CreatedFirst, 1)] {
        let mut enterprise = partner();
        enterprise.unfunded = unfunded;
        let (sandbox, venue) = started(enterprise).await;
        let mut content = content_v2("day-1");
        content["settlementAmounts"][CONNECTION]["ETH"] = json!("-200.01");
        let (status, _) = venue.post("v2", &venue.body(&content).await).await;
        assert_eq!(status, 422);
        assert_eq!(sandbox.ledger().settlement(PARTNER, "day-1").unwrap().created, created);
        let listed = venue.get_json("partners/settlements?externalIds=day-1").await;
        assert_eq!(listed["settlements"].as_array().unwrap().len() as u64, created);
    }
}

#[tokio::test]
async fn settlements_are_listed_by_external_ids_and_read_by_id() {
    let (_sandbox, venue) = started(partner()).await;
    for name in ["a", "b", "c"] {
        assert_eq!(venue.post("v1", &venue.body(&content(name)).await).await.0, 200);
    }
    for query in ["externalIds=a&externalIds=c", "externalIds=a,c"] {
        let listed = venue.get_json(&format!("partners/settlements?{query}")).await;
        let names: Vec<&str> =
            listed["settlements"].as_array().unwrap().iter().map(|one| one["externalId"].as_str().unwrap()).collect();
        assert_eq!(names, ["a", "c"]);
    }
    let all = venue.get_json("partners/settlements?pageSize=2&pageNumber=1").await;
    assert_eq!(all["settlements"].as_array().unwrap().len(), 1);
    assert_eq!(venue.get_json("partners/settlements?createdBefore=2026-03-18T12:00:00Z").await["settlements"], json!([]));

    let id = all["settlements"][0]["id"].as_str().unwrap();
    let detail = venue.get_json(&format!("partners/settlements/{id}?currencies=ETH")).await;
    assert_eq!(detail["settlement"], all["settlements"][0]);
    assert_eq!(detail["settlementTransfers"].as_array().unwrap().len(), 1);
    assert_eq!(detail["settlementTransfers"][0]["quantity"], "-2.0");
    assert_eq!(venue.get("partners/settlements/not-a-uuid").await.status(), 400);
    assert_eq!(venue.get("partners/settlements/00000000-0000-4000-8000-000000000000").await.status(), 404);
}

#[tokio::test]
async fn balances_connections_and_windows_can_be_read() {
    let mut enterprise = partner();
    enterprise.disputes = true;
    enterprise.dispute_window_ms = 3_600_000;
    let (_sandbox, venue) = started(enterprise).await;
    venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    let balances = venue.get_json("partners/balances").await;
    assert_eq!(balances["networkBalances"][CONNECTION]["balances"]["ETH"], json!({ "available": "198", "held": "2" }));
    assert_eq!(balances["balances"]["BTC"], json!({ "available": "100", "held": "0" }));
    assert_eq!(venue.get_json("partners/connections").await["connections"][0]["id"], CONNECTION);
    assert_eq!(venue.get_json("partners").await["partners"][0]["clientDisputeWindowMinutes"], 60);
    assert_eq!(venue.get_json("partners/settlement/disputes").await["disputes"], json!([]));
}

#[tokio::test]
async fn a_broker_settles_between_two_connections() {
    let mut enterprise = partner();
    enterprise.default_balance = Some("10".to_owned());
    let (sandbox, venue) = started(enterprise).await;
    let mut content = content("day-1");
    content["settlementAmounts"] = json!({ "party": { "counterparty": { "BTC": "3" } } });
    assert_eq!(venue.post("v1", &venue.body(&content).await).await.0, 200);
    let ledger = sandbox.ledger();
    assert_eq!(ledger.balance(PARTNER, "party", "BTC"), Some("7"));
    assert_eq!(ledger.balance(PARTNER, "counterparty", "BTC"), Some("13"));
}

#[tokio::test]
async fn the_largest_settlement_is_taken_and_its_transfers_are_paged() {
    let mut enterprise = partner();
    enterprise.account.clear();
    enterprise.default_balance = Some("1000000".to_owned());
    let (sandbox, venue) = started(enterprise).await;
    let mut content = content("day-1");
    let connection = |place: usize| (format!("00000000-0000-4000-8000-{place:012}"), json!({ "BTC": "1.5", "ETH": "-2" }));
    content["settlementAmounts"] = (0..10_000).map(connection).collect::<serde_json::Map<_, _>>().into();
    let (status, answer) = venue.post("v1", &venue.body(&content).await).await;
    assert_eq!(status, 200);
    let id = answer["settlement"]["id"].as_str().unwrap();
    let last = venue.get_json(&format!("partners/settlements/{id}?pageSize=500&pageNumber=39")).await;
    assert_eq!(last["settlementTransfers"].as_array().unwrap().len(), 500);
    assert_eq!(sandbox.ledger().balance(PARTNER, "", "BTC"), Some("985000"));
}

#[tokio::test]
async fn the_documentations_own_settlement_goes_through_with_example_accounts() {
    let (_sandbox, venue) = started(partner().with_example_accounts(None)).await;
    let content = json!({
        "externalId": "idForSettlementAtPartner",
        "notes": "this is a settlement note",
        "settlementAmounts": {
            EXAMPLE_CONNECTIONS[0]: { "BTC": "100", "ETH": "-200" },
            EXAMPLE_CONNECTIONS[1]: { "XRP": "300", "BTC": "-400" },
        },
        "nonce": "1",
        "cutoffAt": "2026-03-18T12:00:00.000Z",
    });
    assert_eq!(venue.post("v2", &venue.body(&content).await).await.0, 200);
}
