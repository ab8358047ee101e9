//! A partner with a key, a clock that stands still, and the requests that both send.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use reqwest::{Client, Response};
use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{Message, PublicKey, SecretKey};
use serde_json::{Value, json};
use settlement_gateway::domain::time::Clock;
use settlement_gateway::sandbox::{Sandbox, SandboxConfig, SandboxConnection, SandboxEnterprise};
use settlement_gateway::secret::Secret;
use sha2::{Digest, Sha256};

pub(super) const PARTNER: &str = "partner-1";
pub(super) const TOKEN: &str = "v2xabababababababababababababababababababababababababababababababab";
pub(super) const CONNECTION: &str = "09684b38-49ed-4cf6-a28e-c3a459494c69";
/// 2026-03-18T12:00:00Z.
pub(super) const START_MS: i64 = 1_773_835_200_000;

/// A clock that moves only when told to.
pub(super) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(START_MS)))
    }

    pub(super) fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

fn secret_key() -> SecretKey {
    SecretKey::from_secret_bytes([7; 32]).unwrap()
}

pub(super) fn partner() -> SandboxEnterprise {
    let public_key = PublicKey::from_secret_key(&secret_key()).serialize();
    SandboxEnterprise {
        connections: vec![SandboxConnection {
            connection_id: CONNECTION.to_owned(),
            client_enterprise_id: Some("client-1".to_owned()),
            balances: BTreeMap::from([("ETH".to_owned(), "200".to_owned())]),
        }],
        account: BTreeMap::from([("BTC".to_owned(), "100".to_owned())]),
        ..SandboxEnterprise::new(PARTNER, Secret::from_text(TOKEN.to_owned()), public_key)
    }
}

pub(super) fn config(clock: &Arc<ManualClock>, enterprise: SandboxEnterprise) -> SandboxConfig {
    SandboxConfig { enterprises: vec![enterprise], ..SandboxConfig::loopback(Arc::<ManualClock>::clone(clock)) }
}

pub(super) async fn started(enterprise: SandboxEnterprise) -> (Sandbox, Partner) {
    let sandbox = Sandbox::start(config(&ManualClock::new(), enterprise)).await.unwrap();
    let partner = Partner::of(&sandbox);
    (sandbox, partner)
}

/// A settlement's content: the partner pays 1 BTC and is owed 2 ETH.
pub(super) fn content(external_id: &str) -> Value {
    json!({
        "externalId": external_id,
        "notes": "a note",
        "settlementAmounts": { CONNECTION: { "BTC": "1", "ETH": "-2.0" } },
        "nonce": "1",
    })
}

pub(super) fn content_v2(external_id: &str) -> Value {
    let mut content = content(external_id);
    content["cutoffAt"] = json!("2026-03-18T11:59:59.999Z");
    content
}

/// The recoverable signature that BitGo's SDK would make.
pub(super) fn sign(payload: &str) -> String {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    let size = match payload.len() {
        0..=252 => length[..1].to_vec(),
        253..=65_535 => [&[0xfd], &length[..2]].concat(),
        _ => [&[0xfe], &length[..]].concat(),
    };
    let framed = [b"\x18Bitcoin Signed Message:\n", &size[..], payload.as_bytes()].concat();
    let digest: [u8; 32] = Sha256::digest(Sha256::digest(framed)).into();
    let signature = RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest), &secret_key());
    let (recovery_id, compact) = signature.serialize_compact();
    let header = 31 + recovery_id.to_u8();
    base16ct::lower::encode_string(&[&[header][..], &compact].concat())
}

/// Who sends the partner's requests.
pub(super) struct Partner {
    pub(super) http: Client,
    pub(super) base: String,
    pub(super) token: String,
}

impl Partner {
    pub(super) fn of(sandbox: &Sandbox) -> Self {
        Self { http: Client::builder().no_proxy().build().unwrap(), base: sandbox.bitgo_url(), token: TOKEN.to_owned() }
    }

    pub(super) fn url(&self, version: &str, rest: &str) -> String {
        format!("{}/api/network/{version}/enterprises/{PARTNER}/{rest}", self.base)
    }

    pub(super) async fn get(&self, rest: &str) -> Response {
        self.http.get(self.url("v1", rest)).bearer_auth(&self.token).send().await.unwrap()
    }

    pub(super) async fn get_json(&self, rest: &str) -> Value {
        let response = self.get(rest).await;
        assert_eq!(response.status(), 200, "{rest}");
        response.json().await.unwrap()
    }

    pub(super) async fn payload(&self, content: &Value) -> String {
        let url = self.url("v1", "partners/settlements-signing");
        let response = self.http.post(url).bearer_auth(&self.token).json(content).send().await.unwrap();
        let body: Value = response.json().await.unwrap();
        body["payload"].as_str().expect("a payload").to_owned()
    }

    /// The body of a post: content, payload and signature.
    pub(super) async fn body(&self, content: &Value) -> Value {
        let payload = self.payload(content).await;
        let mut body = content.clone();
        body["signature"] = json!(sign(&payload));
        body["payload"] = json!(payload);
        body
    }

    pub(super) async fn try_post(&self, version: &str, body: &Value) -> reqwest::Result<Response> {
        let url = self.url(version, "partners/settlements");
        self.http.post(url).bearer_auth(&self.token).json(body).send().await
    }

    pub(super) async fn post(&self, version: &str, body: &Value) -> (u16, Value) {
        let response = self.try_post(version, body).await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}
