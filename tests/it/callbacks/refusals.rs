//! What proves nothing is told nothing, stores nothing and asks no venue.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::support::{Answer, Called, PATH, body, claims, new_key, token, token_by, venue_key};

fn refused() -> Answer {
    Answer { status: 401, body: String::new() }
}

#[tokio::test]
async fn every_forged_or_stale_token_gets_the_same_answer_and_leaves_no_trace() {
    let called = Called::start().await;
    let settlement = called.pending("day-1").await;
    let (body, asked) = (body(&settlement), called.gateway.venue_requests());
    let stale = |iat: i64, exp: i64| {
        let mut claims = claims("j-1");
        let now = claims["iat"].as_i64().unwrap();
        (claims["iat"], claims["exp"]) = (json!(now + iat), json!(now + exp));
        token(&claims)
    };
    let rs256 = Header::new(Algorithm::RS256);
    let public = venue_key().public_key_pem();
    let good = token(&claims("j-1"));
    let tokens = [
        token_by(&new_key(), &rs256, &claims("j-1")),
        encode(&Header::new(Algorithm::HS256), &claims("j-1"), &EncodingKey::from_secret(public.as_bytes())).unwrap(),
        token_by(venue_key(), &Header::new(Algorithm::RS512), &claims("j-1")),
        format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap()),
        stale(-3_600, -3_540),
        stale(3_600, 3_660),
        stale(0, 3_600),
        good[..good.len() - 1].to_owned(),
        format!("Bearer {good}"),
        String::new(),
    ];
    for token in &tokens {
        assert_eq!(called.call(token, &body).await, refused(), "{token}");
    }
    assert_eq!(called.request("POST", PATH, None, body.clone()).await, refused());
    assert!(called.inbox().await.is_empty());
    assert_eq!(called.gateway.venue_requests(), asked);
}

#[tokio::test]
async fn two_tokens_on_one_call_are_none() {
    let called = Called::start().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(called.url(PATH)).header("X-BitGo-Signature", token(&claims("j-1")));
    let response = request.header("x-bitgo-signature", token(&claims("j-2"))).body("{}").send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert!(called.inbox().await.is_empty());
}

#[tokio::test]
async fn a_token_admits_one_body_and_a_body_one_byte_off_is_refused() {
    let called = Called::start().await;
    let settlement = called.pending("day-1").await;
    let (token, body) = (token(&claims("j-1")), body(&settlement));
    assert_eq!(called.call(&token, &body).await.status, 202);
    for place in 0..body.len() {
        let mut other = body.clone().into_bytes();
        other[place] ^= 1;
        assert_eq!(called.request("POST", PATH, Some(&token), other).await, refused(), "byte {place}");
    }
    assert_eq!(called.call(&token, &body).await.status, 202, "the first body is still a repeat");
    assert_eq!(called.inbox().await.len(), 1);
}

#[tokio::test]
async fn other_paths_and_methods_are_not_there() {
    let called = Called::start().await;
    let token = token(&claims("j-1"));
    for path in
        ["/", "/bitgo", "/bitgo/v1/finalize/", "/bitgo/v1/finalize/x", "//bitgo/v1/finalize", "/metrics", "/livez", "/bitlipa/x"]
    {
        let answer = called.request("POST", path, Some(&token), "{}").await;
        assert_eq!(answer, Answer { status: 404, body: String::new() }, "{path}");
    }
    for method in ["GET", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        assert_eq!(called.request(method, PATH, Some(&token), "").await.status, 405, "{method}");
    }
    assert!(called.inbox().await.is_empty());
}
