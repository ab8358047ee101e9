//! Who is let in: bare tokens, signed requests, and the budget of a user.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, Response};
use settlement_gateway::sandbox::{Sandbox, SandboxAuth};
use sha2::{Digest, Sha256};

use super::support::{ManualClock, PARTNER, Partner, START_MS, TOKEN, config, content, partner, started};

fn hmac(subject: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(subject.as_bytes());
    base16ct::lower::encode_string(&mac.finalize().into_bytes())
}

/// Sends a signed request of version 2 or 3 whose time is off by so much.
async fn signed(venue: &Partner, version: u8, method: Method, target: &str, body: &str, off_ms: i64) -> Response {
    let at = START_MS + off_ms;
    let subject = if version == 2 { format!("{at}|{target}|{body}") } else { format!("{method}|{at}|3.0|{target}|{body}") };
    venue
        .http
        .request(method, format!("{}{target}", venue.base))
        .header("BitGo-Auth-Version", format!("{version}.0"))
        .header("Auth-Timestamp", at)
        .header("Authorization", format!("Bearer {}", base16ct::lower::encode_string(&Sha256::digest(TOKEN))))
        .header("HMAC", hmac(&subject))
        .body(body.to_owned())
        .send()
        .await
        .unwrap()
}

fn header(response: &Response, name: &str) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn another_token_and_another_enterprise_are_unauthorized() {
    let (_sandbox, mut venue) = started(partner()).await;
    let foreign = venue.url("v1", "partners").replace(PARTNER, "partner-2");
    assert_eq!(venue.http.get(foreign).bearer_auth(TOKEN).send().await.unwrap().status(), 401);
    venue.token = "other".to_owned();
    let response = venue.get("partners").await;
    assert_eq!(response.status(), 401);
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["errorName"], "Unauthorized");
}

#[tokio::test]
async fn signed_requests_are_let_in_and_their_answers_are_signed() {
    let (_sandbox, venue) = started(partner()).await;
    let path = &format!("/api/network/v1/enterprises/{PARTNER}/partners/settlements-signing");
    let body = content("day-1").to_string();
    for version in [2, 3] {
        let response = signed(&venue, version, Method::POST, path, &body, 0).await;
        assert_eq!(response.status(), 200);
        let (given, at) = (header(&response, "hmac"), header(&response, "timestamp"));
        let text = response.text().await.unwrap();
        let subject = if version == 2 { format!("{at}|{path}|200|{text}") } else { format!("POST|{at}|{path}|200|{text}") };
        assert_eq!(given, hmac(&subject));
    }
}

#[tokio::test]
async fn a_stale_or_altered_signed_request_is_unauthorized() {
    let (_sandbox, venue) = started(partner()).await;
    let target = format!("/api/network/v1/enterprises/{PARTNER}/partners");
    assert_eq!(signed(&venue, 3, Method::GET, &target, "", 300_000).await.status(), 200);
    assert_eq!(signed(&venue, 3, Method::GET, &target, "", 300_001).await.status(), 401);
    assert_eq!(signed(&venue, 3, Method::GET, &target, "", -300_001).await.status(), 401);
    let other_query = signed(&venue, 2, Method::GET, &format!("{target}?a=1"), "", 0).await;
    let altered = venue
        .http
        .get(format!("{}{target}?a=2", venue.base))
        .header("BitGo-Auth-Version", "2.0")
        .header("Auth-Timestamp", START_MS)
        .header("Authorization", format!("Bearer {}", base16ct::lower::encode_string(&Sha256::digest(TOKEN))))
        .header("HMAC", hmac(&format!("{START_MS}|{target}?a=1|")))
        .send()
        .await
        .unwrap();
    assert_eq!((other_query.status().as_u16(), altered.status().as_u16()), (200, 401));
}

#[tokio::test]
async fn an_enterprise_can_insist_on_one_kind_of_authentication() {
    for (auth, bare, two, three) in
        [(SandboxAuth::Bearer, 200, 401, 401), (SandboxAuth::HmacV2, 401, 200, 401), (SandboxAuth::HmacV3, 401, 401, 200)]
    {
        let mut enterprise = partner();
        enterprise.auth = auth;
        let (_sandbox, venue) = started(enterprise).await;
        let target = format!("/api/network/v1/enterprises/{PARTNER}/partners");
        assert_eq!(venue.get("partners").await.status(), bare, "{auth:?}");
        assert_eq!(signed(&venue, 2, Method::GET, &target, "", 0).await.status(), two, "{auth:?}");
        assert_eq!(signed(&venue, 3, Method::GET, &target, "", 0).await.status(), three, "{auth:?}");
    }
}

#[tokio::test]
async fn a_spent_budget_is_answered_429_until_the_minute_has_passed() {
    let clock = ManualClock::new();
    let mut config = config(&clock, partner());
    config.requests_per_minute = 2;
    let sandbox = Sandbox::start(config).await.unwrap();
    let venue = Partner::of(&sandbox);
    assert_eq!(venue.get("partners").await.status(), 200);
    clock.advance(10_000);
    assert_eq!(venue.get("partners").await.status(), 200);
    let refused = venue.get("partners").await;
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after").as_str()), (429, "51"));
    clock.advance(50_000);
    assert_eq!(venue.get("partners").await.status(), 200);
}
