//! Between a call and what follows from it: the process dies, the journal fails, or a worker is in the way.

use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::domain::settlement::{Settlement, State};
use settlement_gateway::http::{
    BitGoEndpoint, CallbackServer, CallbackSettings, HttpSettings, TokenRules, VenueKey, VenueKeyFile,
};
use settlement_gateway::service::engine::EngineSettings;
use settlement_gateway::service::{Context, Deliveries};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::support::{PATH, claims, token, venue_key};
use crate::support::world::{PATIENCE, V2, World, quick, request};

const LANE: &str = "bitgo /bitgo/v1/finalize";
const LONG: Duration = Duration::from_secs(3_600);

/// A listener over a gateway's inside; nobody acts on deliveries yet.
struct Listener {
    url: String,
    shutdown: CancellationToken,
    ended: JoinHandle<()>,
}

impl Listener {
    async fn start(world: &World) -> Self {
        let file = world.folder.path().join("venue.pem");
        std::fs::write(&file, venue_key().public_key_pem()).unwrap();
        let endpoint = BitGoEndpoint {
            path: PATH.to_owned(),
            enterprises: vec![EnterpriseId::new(V2).unwrap()],
            key: Arc::new(VenueKey::open(VenueKeyFile::Pem(file)).unwrap()),
            rules: TokenRules {
                issuer: None,
                audience: None,
                max_lifetime: Duration::from_secs(60),
                clock_tolerance: Duration::from_secs(10),
            },
            status: axum::http::StatusCode::OK,
            body: String::new(),
        };
        let settings = CallbackSettings {
            http: HttpSettings::default(),
            tls: None,
            max_body_bytes: 4_096,
            max_requests_per_minute: 60_000,
            bitgo: vec![endpoint],
            bitlipa: None,
        };
        let address = "127.0.0.1:0".parse().unwrap();
        let server = CallbackServer::bind(address, settings, world.context.clone()).await.unwrap();
        let url = format!("http://{}{PATH}", server.local_addr());
        let shutdown = CancellationToken::new();
        let ended = tokio::spawn(server.serve(shutdown.clone()));
        Self { url, shutdown, ended }
    }

    async fn call(&self, jti: &str, body: &str) -> u16 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(&self.url).header("X-BitGo-Signature", token(&claims(jti))).body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.ended.await.unwrap();
    }
}

/// An engine that looks again in an hour, unless something is made due.
fn patient() -> EngineSettings {
    EngineSettings { shortest_wait: LONG, longest_wait: LONG, poll_interval: LONG, ..quick() }
}

async fn pending() -> (World, Settlement) {
    let world = World::with(patient(), |enterprise| enterprise.dispute_window_ms = 3_600_000).await;
    let settlement = world.initiate(request(V2, "day-1")).await.unwrap().settlement;
    assert_eq!(settlement.progress.state, State::Pending);
    (world, settlement)
}

fn act_on_deliveries(context: &Context) {
    context.errands.start(vec![Arc::new(Deliveries::new(context.clone(), Some(LONG)))]);
}

async fn completed(world: &World, settlement: Settlement) {
    let changed = world.context.engine.wait_for_change(settlement.id, settlement.progress.sequence);
    let after = tokio::time::timeout(PATIENCE, changed).await.unwrap().unwrap().unwrap();
    assert_eq!(after.progress.state, State::Completed);
}

#[tokio::test]
async fn a_process_that_dies_after_its_answer_acts_on_the_delivery_when_it_is_back() {
    let (world, settlement) = pending().await;
    let listener = Listener::start(&world).await;
    assert_eq!(listener.call("j-1", r#"{"externalId":"day-1"}"#).await, 200);
    assert_eq!(world.context.store.waiting_deliveries(LANE, 9).await.unwrap().len(), 1);
    listener.stop().await;
    world.sandbox.advance(2 * LONG).await.unwrap();
    let world = world.restart_with(patient()).await;
    act_on_deliveries(&world.context);
    completed(&world, settlement).await;
    assert!(world.context.store.waiting_deliveries(LANE, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_stored_is_asked_for_again() {
    let (world, _) = pending().await;
    let listener = Listener::start(&world).await;
    world.context.store.close().await.unwrap();
    assert_eq!(listener.call("j-1", r#"{"externalId":"day-1"}"#).await, 503);
}

#[tokio::test]
async fn a_settlement_in_the_hands_of_a_worker_is_waited_for() {
    let (world, settlement) = pending().await;
    let listener = Listener::start(&world).await;
    let held = world.context.store.claim(settlement.id, LONG).await.unwrap().unwrap();
    act_on_deliveries(&world.context);
    assert_eq!(listener.call("j-1", r#"{"externalId":"day-1"}"#).await, 200);
    // Another lane is acted on after the first was looked at, and that one still waits.
    while world.context.store.next_errand_due().await.unwrap().is_none_or(|due| due <= world.context.clock.now()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.context.store.waiting_deliveries(LANE, 9).await.unwrap().len(), 1);
    world.sandbox.advance(2 * LONG).await.unwrap();
    let far = world.context.clock.now() + LONG;
    world.context.store.release(&held.lease, Some(far)).await.unwrap();
    completed(&world, settlement).await;
}
