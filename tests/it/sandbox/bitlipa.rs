//! Bitlipa: quotes from creation to their end.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, RetryAfter, Sandbox, SandboxConfig};
use sha2::Sha256;

use super::support::{ManualClock, START_MS};

const NONCE: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// A merchant's platform that signs what it sends.
pub(super) struct Platform {
    pub(super) clock: Arc<ManualClock>,
    pub(super) sandbox: Sandbox,
    http: Client,
}

impl Platform {
    pub(super) async fn with(edit: impl FnOnce(&mut SandboxConfig)) -> Self {
        let clock = ManualClock::new();
        let mut config = SandboxConfig::loopback(Arc::<ManualClock>::clone(&clock));
        edit(&mut config);
        let sandbox = Sandbox::start(config).await.unwrap();
        Self { clock, sandbox, http: Client::builder().no_proxy().build().unwrap() }
    }

    async fn send(&self, method: Method, path: &str, body: &str, at_s: i64, key: &str) -> (u16, String) {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(format!("{at_s}\n{method}\n{path}\n\n{body}").as_bytes());
        let request = self
            .http
            .request(method, format!("{}{path}", self.sandbox.bitlipa_url()))
            .header("Authorization", "pk_sandbox")
            .header("X-Bitlipa-Timestamp", at_s)
            .header("X-Bitlipa-Nonce", NONCE)
            .header("X-Bitlipa-Signature", base16ct::lower::encode_string(&mac.finalize().into_bytes()))
            .body(body.to_owned());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub(super) async fn call(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let now_s = START_MS / 1000;
        let (status, text) = self.send(method, path, &body, now_s, "sk_sandbox").await;
        (status, serde_json::from_str(&text).unwrap())
    }

    pub(super) async fn create(&self) -> Value {
        let (status, quote) = self.call(Method::POST, "/api/v1/settlements", &order()).await;
        assert_eq!(status, 201, "{quote}");
        quote
    }

    pub(super) async fn read(&self, quote: &Value) -> Value {
        let path = format!("/api/v1/settlements/{}", quote["tx_id"].as_str().unwrap());
        self.call(Method::GET, &path, &Value::Null).await.1
    }

    async fn confirm(&self, quote: &Value) -> (u16, Value) {
        self.confirm_calling(quote, "https://example.com/c").await
    }

    pub(super) async fn confirm_calling(&self, quote: &Value, callback_url: &str) -> (u16, Value) {
        let body = json!({ "tx_id": quote["tx_id"], "external_tx_id": "ours-1", "callback_url": callback_url });
        self.call(Method::POST, "/api/v1/settlements/confirm", &body).await
    }

    async fn cancel(&self, quote: &Value) -> (u16, Value) {
        self.call(Method::POST, "/api/v1/settlements/cancel", &json!({ "tx_id": quote["tx_id"] })).await
    }
}

fn order() -> Value {
    json!({
        "source_amount": 100_000,
        "source_currency": "KES",
        "destination_currency": "USDT",
        "external_merchant_id": "merchant_123",
        "chain": "eip155:137",
        "wallet_address": "0x742d35cc6634c0532925a3b844bc454e4438f44e",
    })
}

#[tokio::test]
async fn a_quote_is_the_documentations_own_example_digit_for_digit() {
    let platform = Platform::with(|_| {}).await;
    let body = order().to_string();
    let (status, text) = platform.send(Method::POST, "/api/v1/settlements", &body, START_MS / 1000, "sk_sandbox").await;
    assert_eq!(status, 201);
    for part in [
        r#""status":"quoted""#,
        r#""exchange_rate":0.0077,"#,
        r#""destination_amount":5.20,"#,
        r#""platform_fee":2.50,"#,
        r#""fulfillment":"full","#,
        r#""expected_source_amount":100000,"#,
        r#""expires_at":"2026-03-18T12:05:00Z""#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn scarce_liquidity_makes_quotes_partial_or_empty() {
    for (liquidity, fulfillment, expected, net) in [(50_000, "partial", 50_000, "1.35"), (0, "none", 0, "0.0")] {
        let platform = Platform::with(|config| {
            for rate in &mut config.bitlipa.rates {
                rate.liquidity_minor_units = Some(liquidity);
            }
        })
        .await;
        let quote = platform.create().await;
        assert_eq!((&quote["fulfillment"], &quote["expected_source_amount"]), (&json!(fulfillment), &json!(expected)));
        assert_eq!(quote["destination_amount"].to_string(), net);
    }
}

#[tokio::test]
async fn a_quote_is_confirmed_and_executed() {
    let platform = Platform::with(|_| {}).await;
    let quote = platform.create().await;
    let (status, confirmed) = platform.confirm(&quote).await;
    assert_eq!((status, &confirmed["status"]), (200, &json!("processing")));
    assert_eq!(platform.read(&quote).await["status"], "processing");
    assert_eq!(platform.confirm(&quote).await.1["error"]["code"], "already_confirmed");
    assert_eq!(platform.cancel(&quote).await.1["error"]["code"], "cannot_cancel");
    platform.clock.advance(2_000);
    let executed = platform.read(&quote).await;
    assert_eq!((&executed["status"], &executed["external_tx_id"]), (&json!("executed"), &json!("ours-1")));
    assert_eq!(executed["executed_at"], "2026-03-18T12:00:02Z");
    assert!(executed["tx_hash"].as_str().unwrap().starts_with("0x"));
    assert_eq!(platform.sandbox.ledger().quotes[0].external_tx_id.as_deref(), Some("ours-1"));
}

#[tokio::test]
async fn executions_can_fail() {
    let platform = Platform::with(|config| config.bitlipa.executions_fail = true).await;
    let quote = platform.create().await;
    platform.confirm(&quote).await;
    platform.clock.advance(2_000);
    let failed = platform.read(&quote).await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["failure_reason"].is_string() && failed["tx_hash"].is_null());
}

#[tokio::test]
async fn a_cancelled_quote_cannot_be_taken_up() {
    let platform = Platform::with(|_| {}).await;
    let quote = platform.create().await;
    assert_eq!(platform.cancel(&quote).await.1["status"], "cancelled");
    assert_eq!(platform.read(&quote).await["status"], "cancelled");
    for (status, answer) in [platform.confirm(&quote).await, platform.cancel(&quote).await] {
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("already_cancelled")));
    }
}

#[tokio::test]
async fn an_expired_quote_stays_quoted_and_is_gone() {
    let platform = Platform::with(|config| config.bitlipa.quote_lifetime_ms = 1_000).await;
    let quote = platform.create().await;
    platform.clock.advance(1_000);
    let (status, answer) = platform.confirm(&quote).await;
    assert_eq!((status, &answer["error"]["code"]), (410, &json!("quote_expired")));
    assert_eq!(platform.read(&quote).await["status"], "quoted");
}

#[tokio::test]
async fn every_wrong_field_has_its_code() {
    let platform = Platform::with(|config| config.merchants = vec!["merchant_123".to_owned()]).await;
    for (field, value, code) in [
        ("source_amount", json!(999), "amount_below_minimum"),
        ("source_amount", json!(100_000_000_001_u64), "amount_above_maximum"),
        ("source_amount", json!("100000"), "invalid_request"),
        ("source_amount", json!(1.5), "invalid_request"),
        ("source_currency", json!("EUR"), "unsupported_pair"),
        ("chain", json!("eip155:1"), "unsupported_chain"),
        ("wallet_address", json!("0x742d35Cc6634C0532925a3b844Bc454e4438f44E"), "invalid_wallet_address"),
        ("external_merchant_id", json!("merchant_9"), "invalid_request"),
    ] {
        let mut order = order();
        order[field] = value;
        let (status, answer) = platform.call(Method::POST, "/api/v1/settlements", &order).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(code)), "{order}");
        assert!(answer["request_id"].is_string() && answer["error"]["message"].is_string());
    }
    let (status, answer) = platform.call(Method::GET, "/api/v1/settlements/tx_none", &Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn a_wrong_signature_and_a_stale_time_are_told_apart() {
    let platform = Platform::with(|_| {}).await;
    let (path, now_s) = ("/api/v1/settlements/tx_none", START_MS / 1000);
    for (at_s, key, code) in [
        (now_s, "sk_other", "invalid_signature"),
        (now_s - 301, "sk_sandbox", "timestamp_expired"),
        (now_s + 301, "sk_sandbox", "timestamp_expired"),
        (now_s - 300, "sk_sandbox", "not_found"),
    ] {
        let (_, text) = platform.send(Method::GET, path, "", at_s, key).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["error"]["code"], code);
    }
    let bare = platform.http.get(format!("{}{path}", platform.sandbox.bitlipa_url())).send().await.unwrap();
    assert_eq!(bare.status(), 401);
}

#[tokio::test]
async fn a_rate_limit_is_worded_as_bitlipa_words_it() {
    let platform = Platform::with(|config| config.bitlipa.requests_per_minute = 1).await;
    platform.create().await;
    let (status, answer) = platform.call(Method::POST, "/api/v1/settlements", &order()).await;
    assert_eq!((status, &answer["error"]["code"]), (429, &json!("rate_limit_exceeded")));
    let behaviour = Behaviour::TooManyRequests { retry_after: RetryAfter::Seconds(1) };
    platform.sandbox.faults().push(Fault { on: Endpoint::QuoteCreate, times: 1, behaviour });
    let (status, answer) = platform.call(Method::POST, "/api/v1/settlements", &order()).await;
    assert_eq!((status, &answer["error"]["code"]), (429, &json!("rate_limit_exceeded")));
}
