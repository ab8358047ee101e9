//! Replicas as processes over one PostgreSQL: asked at once, paused past their leases, and with clocks that are wrong.

use std::ffi::OsString;

use settlement_gateway::grpc::pb::{Settlement, SettlementState, TimelineEntry};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, Sandbox};
use tokio::task::JoinSet;

use super::calls::{Gateway, initiate};
use super::installation::{Installation, Terms, created, faults_left};
use super::shim;
use super::support::until;
use crate::support::choices::Choices;
use crate::support::postgres::Schema;
use crate::support::world::{V1, V2};

/// Calls and leases end soon, so that what a paused replica held is taken over within the test.
const SHORT_LEASE: &str = "lease_ms = 2100\nsilence_window_ms = 300\n";
const SHORT_CALLS: &str = "connect_timeout_ms = 900\nfirst_byte_timeout_ms = 1000\ncall_timeout_ms = 1000\n";
/// A venue that keeps its answer for longer than any call lasts.
const HELD_MS: u64 = 600_000;

/// An installation over a schema, and the venues.
struct Ground {
    installation: Installation,
    sandbox: Sandbox,
    _schemas: [Schema; 2],
}

impl Ground {
    async fn new(engine: &'static str, venues: &'static str) -> Option<Self> {
        let (schema, beside) = (Schema::fresh().await?, Schema::fresh().await?);
        // In a database, which lets nobody hold the anchor who was stopped in the middle of it.
        let store = format!("url = \"{}\"\nmax_connections = 6\n[anchor]\nurl = \"{}\"\n", schema.url(), beside.url());
        let installation = Installation::on(Terms { store, engine, venues, ..Terms::default() });
        let sandbox = installation.with_venues().await;
        Some(Self { installation, sandbox, _schemas: [schema, beside] })
    }

    /// The venue has a settlement once, from one body.
    async fn has_once(&self, enterprise: &str, external_id: &str) {
        let entry = created(&self.sandbox, enterprise, external_id).await;
        assert_eq!((entry.created, entry.body_digests.len()), (1, 1), "{entry:?}");
    }
}

/// Both replicas tell the same of a settlement's end.
async fn agreed(replicas: [&Gateway; 2], enterprise: &str, external_id: &str) -> Settlement {
    let settled = replicas[0].reconciled(enterprise, external_id).await;
    assert_eq!(settled.state(), SettlementState::Completed, "{settled:?}");
    assert_eq!(replicas[1].initiate(enterprise, external_id).await.unwrap(), settled);
    settled
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_at_two_processes_at_once_is_one_settlement_and_one_post() {
    let Some(ground) = Ground::new("", "").await else { return };
    let (one, other) = tokio::join!(ground.installation.serve(), ground.installation.serve());
    for (round, enterprise) in [V1, V2, V1].into_iter().enumerate() {
        let external_id = format!("both-{round}");
        let mut asked = JoinSet::new();
        for call in 0..12 {
            let (grpc, external_id) = ([one.grpc, other.grpc][call % 2], external_id.clone());
            asked.spawn(async move { initiate(grpc, enterprise, &external_id).await.unwrap() });
        }
        let answers = asked.join_all().await;
        assert!(answers.iter().all(|answer| answer.timeline[..5] == answers[0].timeline[..5]), "{answers:?}");
        let settled = agreed([&one, &other], enterprise, &external_id).await;
        assert_eq!((settled.attempts, created(&ground.sandbox, enterprise, &external_id).await.posts), (1, 1));
        ground.has_once(enterprise, &external_id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_paused_past_its_lease_finds_its_settlement_taken_over_and_writes_nothing() {
    let Some(ground) = Ground::new(SHORT_LEASE, SHORT_CALLS).await else { return };
    let (paused, other) = tokio::join!(ground.installation.serve(), ground.installation.serve());
    let holds = [
        ("payload", Endpoint::SettlementsSigning, Behaviour::DelayBefore { ms: HELD_MS }),
        ("post", Endpoint::SettlementPost, Behaviour::DelayBefore { ms: HELD_MS }),
        ("answer", Endpoint::SettlementPost, Behaviour::DelayAfter { ms: HELD_MS }),
    ];
    for (external_id, on, behaviour) in holds {
        // Only the one that is paused may take it up at first.
        other.process.signal("STOP");
        ground.sandbox.faults().push(Fault { on, times: 1, behaviour });
        paused.initiate_and_go(V1, external_id);
        faults_left(&ground.sandbox, 0).await;
        paused.process.signal("STOP");
        other.process.signal("CONT");
        let taken_over = other.reconciled(V1, external_id).await;
        assert_eq!(taken_over.state(), SettlementState::Completed);
        paused.process.signal("CONT");
        assert_eq!(agreed([&paused, &other], V1, external_id).await, taken_over, "whoever was paused changed nothing");
        ground.has_once(V1, external_id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_are_paused_at_random_under_load_settle_everything_once() {
    let mut choices = Choices::from_environment();
    let Some(ground) = Ground::new(SHORT_LEASE, SHORT_CALLS).await else { return };
    let (one, other) = tokio::join!(ground.installation.serve(), ground.installation.serve());
    let replicas = [&one, &other];
    let mut asked = 0;
    for round in 0..4 {
        let (paused, awake) = (replicas[round % 2], replicas[(round + 1) % 2]);
        let enough = ground.sandbox.ledger().requests_containing("partners/") + choices.below(8);
        let names: Vec<_> = (asked..asked + 5).map(|number| format!("paused-{number}")).collect();
        asked += 5;
        for (number, name) in names.iter().enumerate() {
            replicas[number % 2].initiate_and_go([V1, V2][number % 2], name);
        }
        until("some of it is under way", async || {
            (ground.sandbox.ledger().requests_containing("partners/") >= enough).then_some(())
        })
        .await;
        paused.process.signal("STOP");
        for (number, name) in names.iter().enumerate() {
            // What never came to the paused one's journal is asked for again where somebody is awake.
            let enterprise = [V1, V2][number % 2];
            until("the one that is awake settles it", async || awake.initiate(enterprise, name).await.ok()).await;
            awake.reconciled(enterprise, name).await;
        }
        paused.process.signal("CONT");
        for (number, name) in names.iter().enumerate() {
            agreed(replicas.map(|replica| replica), [V1, V2][number % 2], name).await;
            ground.has_once([V1, V2][number % 2], name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_whose_clocks_are_two_hours_apart_keep_each_others_leases() {
    let Some(ground) = Ground::new("", "").await else { return };
    let (Some(ahead), Some(behind)) = (shim::skewed(3_600), shim::skewed(-3_600)) else { return };
    let serve = async |variables: [(&'static str, OsString); 2]| ground.installation.serve_with(variables).await;
    let (ahead, behind) = tokio::join!(serve(ahead), serve(behind));
    for (number, (holder, other)) in [(&ahead, &behind), (&behind, &ahead)].into_iter().enumerate() {
        let held = format!("held-{number}");
        let slow = Behaviour::DelayAfter { ms: 1_500 };
        ground.sandbox.faults().push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: slow });
        holder.initiate_and_go(V1, &held);
        faults_left(&ground.sandbox, 0).await;
        for more in 0..4 {
            let name = format!("beside-{number}-{more}");
            other.initiate_and_go(V2, &name);
            holder.initiate_and_go(V2, &name);
            agreed([&ahead, &behind], V2, &name).await;
            ground.has_once(V2, &name).await;
        }
        let settled = agreed([&ahead, &behind], V1, &held).await;
        assert_eq!(settled.attempts, 1, "nobody took it for lapsed: {settled:?}");
        assert!(settled.timeline.iter().all(|change| change.change != "UNANSWERED"), "{settled:?}");
        let apart = |change: &TimelineEntry| jiff::Timestamp::now().as_second().abs_diff(change.at.unwrap().seconds);
        assert!(settled.timeline.iter().all(|change| apart(change) < 1_800), "neither clock stamped it: {settled:?}");
        ground.has_once(V1, &held).await;
    }
}
