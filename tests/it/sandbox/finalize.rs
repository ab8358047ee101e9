//! The venue's own call: when, to whom, how signed, and how it goes wrong.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, Flaw, Sandbox, SandboxConfig};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::support::{CONNECTION, ManualClock, PARTNER, Partner, START_MS, config, content_v2, partner};

/// Long enough for every call; nothing waits for it unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// A call as it arrived.
struct Arrived {
    path: String,
    token: Option<String>,
    body: Bytes,
}

impl Arrived {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn part(&self, place: usize) -> Value {
        let token = self.token.as_deref().unwrap();
        let part = token.split('.').nth(place).unwrap();
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap()
    }

    fn is_signed_by(&self, pem: &str) -> bool {
        let der = Base64::decode_vec(&pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
        let (text, signature) = self.token.as_deref().unwrap().rsplit_once('.').unwrap();
        let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(text.as_bytes(), &signature).is_ok()
    }
}

#[derive(Clone)]
struct Receiver {
    arrived: UnboundedSender<Arrived>,
    statuses: Arc<std::sync::Mutex<Vec<u16>>>,
}

async fn receive(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let token = headers.get("x-bitgo-signature").map(|value| value.to_str().unwrap().to_owned());
    let _ = receiver.arrived.send(Arrived { path: uri.path().to_owned(), token, body });
    StatusCode::from_u16(receiver.statuses.lock().unwrap().pop().unwrap_or(200)).unwrap()
}

/// A partner's listener that answers some statuses first, and 200 afterwards.
async fn listening(statuses: &[u16]) -> (SocketAddr, UnboundedReceiver<Arrived>) {
    let (arrived, calls) = unbounded_channel();
    let statuses = Arc::new(std::sync::Mutex::new(statuses.iter().rev().copied().collect()));
    let router = Router::new().route("/{*path}", post(receive)).with_state(Receiver { arrived, statuses });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, calls)
}

struct Scene {
    clock: Arc<ManualClock>,
    sandbox: Sandbox,
    venue: Partner,
    calls: UnboundedReceiver<Arrived>,
}

async fn scene(statuses: &[u16]) -> Scene {
    let (address, calls) = listening(statuses).await;
    let clock = ManualClock::new();
    let mut enterprise = partner();
    (enterprise.disputes, enterprise.dispute_window_ms, enterprise.top_up_window_ms) = (true, 1_000, 1_000);
    enterprise.finalize_url = Some(format!("http://{address}/final/{{id}}"));
    let sandbox = Sandbox::start(config(&clock, enterprise)).await.unwrap();
    let venue = Partner::of(&sandbox);
    Scene { clock, sandbox, venue, calls }
}

impl Scene {
    async fn post(&self, external_id: &str) -> String {
        let (_, answer) = self.venue.post("v2", &self.venue.body(&content_v2(external_id)).await).await;
        answer["settlement"]["id"].as_str().unwrap().to_owned()
    }

    async fn call(&mut self) -> Arrived {
        timeout(PATIENCE, self.calls.recv()).await.expect("nobody called").unwrap()
    }

    fn flaw(&self, flaw: Flaw) {
        self.sandbox.faults().push(Fault { on: Endpoint::FinalizeCall, times: 1, behaviour: Behaviour::Flawed { flaw } });
    }

    fn pem(&self) -> String {
        self.sandbox.callback_key().unwrap().public_pem().unwrap()
    }

    /// Waits until the venue has noted the partner's answer.
    async fn answered(&self, external_id: &str) {
        let noted = async {
            while !self.sandbox.ledger().settlement(PARTNER, external_id).unwrap().finalize_answered {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, noted).await.expect("the answer was not noted");
    }
}

#[tokio::test]
async fn the_partner_is_called_with_the_final_amounts_when_the_dispute_window_ends() {
    let mut scene = scene(&[]).await;
    let id = scene.post("day-1").await;
    scene.clock.advance(999);
    assert!(!scene.sandbox.ledger().settlement(PARTNER, "day-1").unwrap().finalize_answered);
    assert!(scene.calls.try_recv().is_err(), "the window is open");
    scene.clock.advance(1);
    let call = scene.call().await;
    assert_eq!(call.path, format!("/final/{id}"));
    let body = call.json();
    assert_eq!((&body["settlementId"], &body["externalId"]), (&json!(id), &json!("day-1")));
    assert_eq!(body["settlementAmounts"], json!({ CONNECTION: { "BTC": "1", "ETH": "-2" } }));
    assert!(call.is_signed_by(&scene.pem()));
    assert_eq!(call.part(0)["alg"], "RS256");
    let claims = call.part(1);
    let issued = (START_MS + 1_000) / 1_000;
    assert_eq!((&claims["iss"], &claims["iat"], &claims["exp"]), (&json!("bitgo"), &json!(issued), &json!(issued + 60)));
    assert!(claims["jti"].is_string());
    scene.answered("day-1").await;
}

#[tokio::test]
async fn a_call_that_is_not_answered_with_success_is_made_again_with_another_token() {
    let mut scene = scene(&[503, 401]).await;
    scene.post("day-1").await;
    scene.sandbox.advance(Duration::from_secs(1)).await.unwrap();
    let calls = [scene.call().await, scene.call().await, scene.call().await];
    let names: std::collections::BTreeSet<String> = calls.iter().map(|call| call.part(1)["jti"].to_string()).collect();
    assert_eq!(names.len(), 3);
    assert!(calls.iter().all(|call| call.body == calls[0].body));
    scene.answered("day-1").await;
}

#[tokio::test]
async fn tokens_that_are_not_the_venues_go_out_on_demand() {
    for flaw in [Flaw::Forged, Flaw::Unsigned, Flaw::NoToken, Flaw::Stale] {
        let mut scene = scene(&[401]).await;
        scene.flaw(flaw);
        scene.post("day-1").await;
        scene.clock.advance(1_000);
        let wrong = scene.call().await;
        match flaw {
            Flaw::NoToken => assert!(wrong.token.is_none()),
            Flaw::Unsigned => assert_eq!(wrong.part(0)["alg"], "none"),
            Flaw::Stale => assert!(wrong.part(1)["exp"].as_i64().unwrap() < START_MS / 1_000 && wrong.is_signed_by(&scene.pem())),
            _ => assert!(!wrong.is_signed_by(&scene.pem())),
        }
        assert!(scene.call().await.is_signed_by(&scene.pem()), "the right call follows: {flaw:?}");
    }
}

#[tokio::test]
async fn bodies_that_say_something_else_go_out_well_signed() {
    for flaw in [Flaw::WrongBody, Flaw::OtherAmounts, Flaw::AnotherSettlement] {
        let mut scene = scene(&[]).await;
        scene.flaw(flaw);
        scene.post("day-1").await;
        scene.clock.advance(1_000);
        let call = scene.call().await;
        assert!(call.is_signed_by(&scene.pem()));
        match flaw {
            Flaw::WrongBody => assert!(serde_json::from_slice::<Value>(&call.body).is_err()),
            Flaw::OtherAmounts => assert_eq!(call.json()["settlementAmounts"][CONNECTION]["BTC"], "10"),
            _ => assert_eq!(call.json()["externalId"], "another-settlement"),
        }
    }
}

#[tokio::test]
async fn a_replayed_call_comes_twice_byte_for_byte() {
    let mut scene = scene(&[]).await;
    scene.flaw(Flaw::Replayed);
    scene.post("day-1").await;
    scene.clock.advance(1_000);
    let (first, second) = (scene.call().await, scene.call().await);
    assert_eq!((first.token, first.body), (second.token, second.body));
}

#[tokio::test]
async fn a_reordered_call_comes_after_one_that_was_due_later() {
    let mut scene = scene(&[]).await;
    scene.flaw(Flaw::Reordered);
    scene.post("day-1").await;
    scene.clock.advance(10);
    scene.post("day-2").await;
    scene.sandbox.advance(Duration::from_secs(1)).await.unwrap();
    let names = [scene.call().await.json()["externalId"].clone(), scene.call().await.json()["externalId"].clone()];
    assert_eq!(names, ["day-2", "day-1"]);
}

#[tokio::test]
async fn a_key_is_kept_and_an_unanswered_call_is_made_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (address, mut calls) = listening(&[]).await;
    let clock = ManualClock::new();
    let mut enterprise = partner();
    (enterprise.disputes, enterprise.dispute_window_ms) = (true, 1_000);
    let kept = || SandboxConfig { data_dir: Some(folder.path().to_owned()), ..config(&clock, enterprise.clone()) };
    let sandbox = Sandbox::start(kept()).await.unwrap();
    let venue = Partner::of(&sandbox);
    venue.post("v2", &venue.body(&content_v2("day-1")).await).await;
    let pem = sandbox.callback_key().unwrap().public_pem().unwrap();
    clock.advance(1_000);
    sandbox.stop().await;

    let sandbox = Sandbox::start(kept()).await.unwrap();
    let venue = Partner::of(&sandbox);
    let told = json!({ "enterprise": PARTNER, "url": format!("http://{address}/hook") });
    let answer = venue.http.post(format!("{}/sandbox/finalize", venue.base)).json(&told).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    let call = timeout(PATIENCE, calls.recv()).await.expect("nobody called").unwrap();
    assert!(call.path == "/hook" && call.is_signed_by(&pem));
    let shown = venue.http.get(format!("{}/sandbox/callback-key", venue.base)).send().await.unwrap().text().await.unwrap();
    assert_eq!(shown, pem);
    let jwks = venue.http.get(format!("{}/sandbox/callback-jwks", venue.base)).send().await.unwrap();
    let jwks: Value = jwks.json().await.unwrap();
    assert_eq!((&jwks["keys"][0]["kid"], &jwks["keys"][0]["e"]), (&call.part(0)["kid"], &json!("AQAB")));
    sandbox.stop().await;
}
