//! Request signing held against BitGo's own vectors.

use serde::Deserialize;

use super::*;

const GOLDEN: &str = include_str!("../../../tests/golden/bitgo_hmac.json");

#[derive(Deserialize)]
struct Golden {
    token: String,
    authorization_header: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    auth_version: u8,
    method: String,
    url: String,
    body: String,
    timestamp_ms: i64,
    request_hmac: String,
    response_status: u16,
    response_body: String,
    response_hmac: String,
}

fn golden() -> Golden {
    serde_json::from_str(GOLDEN).unwrap()
}

impl Vector {
    fn exchange(&self, token: &str) -> Exchange {
        let auth = if self.auth_version == 2 { RequestAuth::HmacV2 } else { RequestAuth::HmacV3 };
        let method = match self.method.as_str() {
            "get" => Method::GET,
            "post" => Method::POST,
            "del" => Method::DELETE,
            other => panic!("{other}"),
        };
        let url = Url::parse("https://app.bitgo.com").unwrap().join(&self.url).unwrap();
        Exchange::new(auth, Arc::new(Secret::from_text(token.to_owned())), method, &url)
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.timestamp_ms).unwrap()
    }
}

#[test]
fn every_request_of_the_vectors_is_signed_alike() {
    let golden = golden();
    assert_eq!(golden.vectors.len(), 10);
    for vector in &golden.vectors {
        let headers = vector.exchange(&golden.token).headers(vector.body.as_bytes(), vector.at()).unwrap();
        let header = |name: &str| headers.iter().find(|(key, _)| key.as_str() == name).unwrap().1.to_str().unwrap().to_owned();
        assert_eq!(header("hmac"), vector.request_hmac, "{} {}", vector.method, vector.url);
        assert_eq!(header("authorization"), golden.authorization_header);
        assert_eq!(header("auth-timestamp"), vector.timestamp_ms.to_string());
        assert_eq!(header("bitgo-auth-version"), format!("{}.0", vector.auth_version));
    }
}

#[test]
fn every_answer_of_the_vectors_verifies_and_no_other() {
    let golden = golden();
    for vector in &golden.vectors {
        let exchange = vector.exchange(&golden.token);
        let body = vector.response_body.as_bytes();
        let timestamp = vector.timestamp_ms.to_string();
        assert!(exchange.verifies(&timestamp, vector.response_status, body, &vector.response_hmac));
        assert!(!exchange.verifies(&timestamp, 201, body, &vector.response_hmac));
        assert!(!exchange.verifies("1", vector.response_status, body, &vector.response_hmac));
        assert!(!exchange.verifies(&timestamp, vector.response_status, b"{}", &vector.response_hmac));
        assert!(!exchange.verifies(&timestamp, vector.response_status, body, "zz"));
        assert!(!exchange.verifies(&timestamp, vector.response_status, body, ""));
    }
}

#[test]
fn an_answer_is_fresh_for_five_minutes_and_leads_by_one_at_most() {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let aged = |seconds: i64| is_fresh(&(now.as_millisecond() - seconds * 1_000).to_string(), now);
    assert!(aged(300) && aged(0) && aged(-60));
    assert!(!aged(301) && !aged(-61));
    assert!(!is_fresh("soon", now) && !is_fresh("9999999999999999", now));
}

#[test]
fn a_bearer_token_travels_bare_and_is_hidden_from_logs() {
    let token = Arc::new(Secret::from_text("v2xtoken".to_owned()));
    let url = Url::parse("https://app.bitgo.com/api").unwrap();
    let headers = Exchange::new(RequestAuth::Bearer, token, Method::GET, &url).headers(b"", Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(headers.len(), 1);
    assert_eq!(headers[0].1.as_bytes(), b"Bearer v2xtoken");
    assert!(headers[0].1.is_sensitive());
}

#[test]
fn only_two_kinds_of_token_can_sign() {
    let token = |text: &str| Secret::from_text(text.to_owned());
    assert!(RequestAuth::HmacV3.suits(&token("v2xabc")));
    assert!(RequestAuth::HmacV2.suits(&token(&"a".repeat(67))));
    assert!(!RequestAuth::HmacV3.suits(&token("abc")));
    assert!(RequestAuth::Bearer.suits(&token("abc")));
}
