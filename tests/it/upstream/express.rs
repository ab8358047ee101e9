//! What a BitGo Express between the gateway and the venue does to requests and answers.

use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::client_settlement::ClientSettlementQuery;
use settlement_gateway::domain::ids::SettlementId;
use settlement_gateway::domain::settlement::{DispatchAnswer, VenueStatus};
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, RequestAuth, SigningMethod};
use settlement_gateway::upstream::{GoNetwork, VenueFailure};

use super::sandbox::{sandbox_behind, settled};
use super::server::{Reply, Server};
use super::support::{SETTLEMENT, TOKEN, bitgo, enterprise, find, intent, options, post};

const PAGE: &str = "<html><body><h1>503 Service Unavailable</h1></body></html>";

#[tokio::test]
async fn its_own_time_out_proves_nothing_of_the_post_that_goes_on_behind_it() {
    let server = Server::start(vec![Reply::of(503, &[("content-type", "text/html")], PAGE)]).await;
    let answer = post(&bitgo(&server.url)).await;
    let DispatchAnswer::Answered { status: 503, settlement: None, is_proven: false, .. } = answer else { panic!("{answer:?}") };
}

#[tokio::test]
async fn the_text_to_sign_is_asked_for_in_a_request_whose_body_it_does_not_drop() {
    let mut server = Server::start(vec![Reply::json(200, r#"{"payload":"p"}"#)]).await;
    bitgo(&server.url).signing_payload(&intent(), Urgency::Settling).await.unwrap();
    let seen = server.next().await;
    assert!(seen.line().starts_with("POST ") && seen.body.contains("externalId"), "{seen:?}");
}

#[tokio::test]
async fn a_429_without_its_header_names_no_wait() {
    let body = r#"{"error":"too many requests","name":"TooMany","requestId":"r-1"}"#;
    let server = Server::start(vec![Reply::json(429, body)]).await;
    let Err(VenueFailure::Refused { status: 429, error, retry_after_seconds: None }) = find(&bitgo(&server.url)).await else {
        panic!("another answer")
    };
    assert_eq!((error.name.as_deref(), error.request_id.as_deref()), (Some("TooMany"), Some("r-1")));
}

#[tokio::test]
async fn numbers_that_it_wrote_again_are_shown_as_they_came_and_texts_keep_every_digit() {
    let page = r#"{"settlement":{"id":"s","externalId":"a","status":"pending"},"settlementTransfers":[{"id":"t","currency":"BTC",
        "quantity":"-123456789012345678901234567890.10","usdValue":1.2345678901234568e+21}]}"#;
    let server = Server::start(vec![Reply::json(200, page)]).await;
    let query = ClientSettlementQuery {
        enterprise_id: enterprise(),
        settlement_id: SettlementId::new("s").unwrap(),
        currencies: vec![],
        page_number: 0,
        page_size: 1,
    };
    let transfers = bitgo(&server.url).client_settlement(&query).await.unwrap().transfers;
    assert_eq!(transfers[0].quantity, "-123456789012345678901234567890.10");
    assert_eq!(transfers[0].usd_value_cents.as_deref(), Some("1.2345678901234568e+21"));
}

#[tokio::test]
async fn a_token_that_it_writes_into_its_error_is_taken_out_of_a_reads_failure_too() {
    let body = format!(r#"{{"error":"no route for Bearer {TOKEN}","name":"{TOKEN}"}}"#);
    let server = Server::start(vec![Reply::json(511, &body)]).await;
    let failure = find(&bitgo(&server.url)).await.unwrap_err();
    assert!(!format!("{failure:?} {failure}").contains(TOKEN), "{failure:?}");
}

#[tokio::test]
async fn the_signature_of_an_answer_that_it_dropped_is_missing() {
    for auth in [RequestAuth::HmacV2, RequestAuth::HmacV3] {
        let server = Server::start(vec![Reply::json(200, SETTLEMENT), Reply::json(200, r#"{"settlements":[]}"#)]).await;
        let venue = BitGo::new(BitGoOptions { auth, ..options(&server.url) }).unwrap();
        assert!(matches!(post(&venue).await, DispatchAnswer::NoAnswer { .. }));
        assert!(matches!(find(&venue).await, Err(VenueFailure::Unreadable { .. })));
    }
}

#[tokio::test]
async fn a_settlement_is_made_and_found_through_it() {
    let sandbox = sandbox_behind(true).await;
    let venue = bitgo(&sandbox.bitgo_url());
    let answer = settled(&venue, &intent()).await;
    let DispatchAnswer::Answered { status: 200, settlement: Some(made), .. } = answer else { panic!("{answer:?}") };
    assert_eq!(made.status, VenueStatus::Completed);
    assert_eq!(find(&venue).await.unwrap().unwrap().settlement_id, made.settlement_id);
    assert!(!venue.network_balances(&enterprise()).await.unwrap().is_empty());
    sandbox.stop().await;
}

#[tokio::test]
async fn a_body_that_it_drops_is_refused_by_the_venue_and_nothing_is_signed() {
    let sandbox = sandbox_behind(true).await;
    let venue = BitGo::new(BitGoOptions { signing_method: SigningMethod::Get, ..options(&sandbox.bitgo_url()) }).unwrap();
    let answer = venue.signing_payload(&intent(), Urgency::Settling).await;
    assert!(matches!(answer, Err(VenueFailure::Refused { status: 400, .. })), "{answer:?}");
    sandbox.stop().await;
}
