//! What leaves for BitGo: targets, bodies and the token of the moment.

use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::client_settlement::ClientSettlementQuery;
use settlement_gateway::domain::ids::{Currency, EnterpriseId, ExternalId, SettlementId};
use settlement_gateway::domain::settlement::Route;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, SigningMethod};
use settlement_gateway::upstream::{Credential, GoNetwork, VenueFailure};

use super::server::{Reply, Server};
use super::support::{SETTLEMENT, bitgo, enterprise, find, intent, options, post};

const PAYLOAD: &str = r#"{"payload":"p"}"#;
const REQUEST: &str = r#"{"externalId":"a","settlementAmounts":{"c":{"BTC":"1.0"}},"nonce":"n"}"#;

#[tokio::test]
async fn stored_bytes_are_posted_as_they_are_to_the_routes_version() {
    let mut server = Server::start(vec![Reply::json(200, SETTLEMENT), Reply::json(200, SETTLEMENT)]).await;
    let venue = bitgo(&server.url);
    venue.post_settlement(&enterprise(), Route::V1, b"{\"stored\" : \"\xc3\xa9\"}").await;
    venue.post_settlement(&enterprise(), Route::V2, b"{}").await;
    let first = server.next().await;
    assert_eq!(first.line(), "POST /api/network/v1/enterprises/e%2F1/partners/settlements");
    assert_eq!(first.body, "{\"stored\" : \"é\"}");
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("authorization"), Some("Bearer v2xabcdef"));
    assert!(first.header("user-agent").unwrap().starts_with("settlement-gateway/"));
    assert_eq!(server.next().await.line(), "POST /api/network/v2/enterprises/e%2F1/partners/settlements");
}

#[tokio::test]
async fn the_text_to_sign_is_asked_for_by_post_or_by_get_with_a_body() {
    let mut server = Server::start(vec![Reply::json(200, PAYLOAD), Reply::json(200, PAYLOAD)]).await;
    for (method, name) in [(SigningMethod::Post, "POST"), (SigningMethod::Get, "GET")] {
        let venue = BitGo::new(BitGoOptions { signing_method: method, ..options(&server.url) }).unwrap();
        venue.signing_payload(&intent(), Urgency::Settling).await.unwrap();
        let seen = server.next().await;
        assert_eq!(seen.line(), format!("{name} /api/network/v1/enterprises/e%2F1/partners/settlements-signing"));
        assert_eq!(seen.body, REQUEST);
    }
}

#[tokio::test]
async fn an_external_id_is_asked_for_whatever_it_is_made_of() {
    let mut server = Server::start(vec![Reply::json(200, r#"{"settlements":[]}"#)]).await;
    let id = ExternalId::new("2026/03 é&pageSize=0+1#").unwrap();
    assert_eq!(bitgo(&server.url).find_settlement(&enterprise(), &id).await, Ok(None));
    let seen = server.next().await;
    let query = "externalIds=2026%2F03+%C3%A9%26pageSize%3D0%2B1%23";
    assert_eq!(seen.line(), format!("GET /api/network/v1/enterprises/e%2F1/partners/settlements?{query}"));
    assert_eq!(seen.body, "");
}

#[tokio::test]
async fn a_clients_page_is_asked_for_with_its_filter() {
    let mut server = Server::start(vec![Reply::json(404, "{}")]).await;
    let query = ClientSettlementQuery {
        enterprise_id: enterprise(),
        settlement_id: SettlementId::new("s").unwrap(),
        currencies: ["BTC", "ofctusd"].map(|currency| Currency::new(currency).unwrap()).to_vec(),
        page_number: 2,
        page_size: 50,
    };
    let answer = bitgo(&server.url).client_settlement(&query).await;
    assert!(matches!(answer, Err(VenueFailure::Refused { status: 404, .. })));
    let parameters = "currencies=BTC&currencies=ofctusd&pageNumber=2&pageSize=50";
    assert_eq!(server.next().await.line(), format!("GET /api/network/v1/enterprises/e%2F1/clients/settlements/s?{parameters}"));
}

#[tokio::test]
async fn an_id_that_would_climb_out_of_its_path_is_not_sent() {
    let mut server = Server::start(vec![]).await;
    let answer = bitgo(&server.url).find_settlement(&EnterpriseId::new("..").unwrap(), &ExternalId::new("a").unwrap()).await;
    assert!(matches!(answer, Err(VenueFailure::NotSent { .. })));
    assert_eq!(server.others(), 0);
}

#[tokio::test]
async fn a_token_that_is_replaced_is_used_from_the_next_call_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "first\n").unwrap();
    let mut server = Server::start(vec![Reply::json(401, "{}"), Reply::json(200, SETTLEMENT)]).await;
    let credential = Credential::from_file(&path).unwrap();
    let venue = BitGo::new(BitGoOptions { credential, ..options(&server.url) }).unwrap();
    assert!(find(&venue).await.is_err());
    std::fs::write(&path, "second\n").unwrap();
    assert!(venue.reload_credential());
    assert!(!venue.reload_credential());
    post(&venue).await;
    assert_eq!(server.next().await.header("authorization"), Some("Bearer first"));
    assert_eq!(server.next().await.header("authorization"), Some("Bearer second"));
}
