//! Replicas over one database: one settlement each, no leader, and who paused too long changes nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use settlement_gateway::domain::budget::{CallBudget, Drawn, Urgency};
use settlement_gateway::domain::settlement::{Change, OnceRules, State, Twice};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault};
use settlement_gateway::service::engine::EngineSettings;
use settlement_gateway::service::{Context, initiate_settlement, watch_settlement_events};
use settlement_gateway::store::{
    BudgetStore, EventQuery, Lease, NewSettlement, Recorded, SettlementName, SettlementStore, StoreError,
};

use crate::support::builders::{external, intent, leg, new_settlement};
use crate::support::postgres::Schema;
use crate::support::world::{Ground, PATIENCE, V1, asking, caller, quick, request, state_of};

use super::open;

/// Short, so that a takeover is seen within a test, and longer than the venue's answers.
const LEASE: Duration = Duration::from_millis(400);
/// How long a replica rests at most before it looks for what has lapsed.
const REST: Duration = Duration::from_millis(50);
/// What a loaded machine may add to a bound.
const SLACK: Duration = Duration::from_secs(5);

fn settings() -> EngineSettings {
    EngineSettings { lease: LEASE, longest_rest: REST, ..quick() }
}

/// Two replicas at work, each with connections of its own.
struct Replicas {
    ground: Ground,
    one: Context,
    other: Context,
    _schema: Schema,
}

impl Replicas {
    async fn start() -> Option<Self> {
        let schema = Schema::fresh().await?;
        let ground = Ground::new(|_| ()).await;
        let one = ground.context(Arc::new(open(schema.url()).await.unwrap()), settings());
        let other = ground.context(Arc::new(open(schema.url()).await.unwrap()), settings());
        Some(Self { ground, one, other, _schema: schema })
    }

    fn both_work(&self) {
        self.one.engine.start();
        self.other.engine.start();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_at_two_replicas_at_once_is_one_settlement_with_equal_answers() {
    let Some(replicas) = Replicas::start().await else { return };
    replicas.both_work();
    for n in 0..5 {
        let id = format!("both-{n}");
        let calls = (0..16).map(|call| {
            let context = if call % 2 == 0 { &replicas.one } else { &replicas.other }.clone();
            let request = request(V1, &id);
            tokio::spawn(async move { initiate_settlement(&context, &caller(), request, PATIENCE).await })
        });
        let mut answers = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            answers.push(call.await.unwrap().unwrap().settlement);
        }
        assert!(answers.iter().all(|answer| answer.id == answers[0].id), "one settlement");
        assert!(answers.iter().all(|answer| answer.progress.state == State::Completed), "{answers:?}");
        let entry = replicas.ground.at_venue(V1, &id).unwrap();
        assert_eq!((entry.created, entry.posts, entry.body_digests.len()), (1, 1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_meaning_at_another_replica_is_refused() {
    let Some(replicas) = Replicas::start().await else { return };
    replicas.both_work();
    initiate_settlement(&replicas.one, &caller(), request(V1, "taken"), PATIENCE).await.unwrap();
    let other = asking(V1, "taken", vec![leg("connection-1", "BTC", "9")]);
    let refused = initiate_settlement(&replicas.other, &caller(), other, PATIENCE).await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_days_that_two_replicas_record_at_once_one_is_open() {
    let Some(schema) = Schema::fresh().await else { return };
    let stores = [Arc::new(open(schema.url()).await.unwrap()), Arc::new(open(schema.url()).await.unwrap())];
    let once = OnceRules { max_open_settlements: 1, ..OnceRules::NONE };
    let recordings = (0..32).map(|n| {
        let store = Arc::clone(&stores[n % 2]);
        let new = NewSettlement { once, ..new_settlement(intent(&format!("day-{n}"))) };
        tokio::spawn(async move { store.record_settlement(new).await.unwrap() })
    });
    let mut recorded = 0;
    for recording in recordings.collect::<Vec<_>>() {
        match recording.await.unwrap() {
            Recorded::New(_) => recorded += 1,
            Recorded::Twice(Twice::TooManyOpen { most: 1, .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(recorded, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_draw_from_one_budget() {
    let Some(schema) = Schema::fresh().await else { return };
    let stores = [Arc::new(open(schema.url()).await.unwrap()), Arc::new(open(schema.url()).await.unwrap())];
    let (budget, begun) = (CallBudget::per_minute(60), Instant::now());
    let draws = (0..40).map(|n| {
        let store = Arc::clone(&stores[n % 2]);
        tokio::spawn(async move { store.draw("shared", budget, Urgency::Settling).await.unwrap() })
    });
    let mut granted: u128 = 0;
    for draw in draws.collect::<Vec<_>>() {
        granted += u128::from(matches!(draw.await.unwrap(), Drawn::Granted { .. }));
    }
    // A burst of ten, and one more for each 1.2 s that the draws may have taken.
    let most = 10 + begun.elapsed().as_millis() / 1_200;
    assert!((10..=most).contains(&granted), "{granted} of {most}");
}

/// Records a settlement while nobody works, and takes it with a lease that then lapses: a replica that stands still.
async fn paused(replicas: &Replicas, id: &str) -> Lease {
    let enterprise = request(V1, id).asked.enterprise_id;
    let nobody_waits = Duration::from_millis(1);
    initiate_settlement(&replicas.one, &caller(), request(V1, id), nobody_waits).await.unwrap();
    let name = SettlementName::External(external(id));
    let settlement = replicas.one.store.settlement(&enterprise, &name).await.unwrap().unwrap();
    replicas.one.store.claim(settlement.id, LEASE).await.unwrap().unwrap().lease
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_replicas_settlement_is_taken_over_within_its_lease_and_a_rest_and_its_late_write_is_refused() {
    let Some(replicas) = Replicas::start().await else { return };
    let lease = paused(&replicas, "paused").await;
    let received = replicas.one.store.settlement_by_id(lease.id).await.unwrap().unwrap();
    let begun = Instant::now();
    replicas.other.engine.start();
    let done = initiate_settlement(&replicas.other, &caller(), request(V1, "paused"), PATIENCE).await;
    assert_eq!(state_of(&done), State::Completed);
    assert!(begun.elapsed() < LEASE + REST + SLACK, "{:?}", begun.elapsed());
    let late = Change::Prepared { payload: "{}".to_owned() };
    let after = received.after(&late, replicas.one.clock.now()).unwrap();
    let refused = replicas.one.store.save(&lease, &late, &after, None, None).await;
    assert!(matches!(refused, Err(StoreError::Fenced)), "{refused:?}");
    assert_eq!(replicas.ground.at_venue(V1, "paused").unwrap().posts, 1);
    let stored = replicas.one.store.settlement_by_id(lease.id).await.unwrap().unwrap();
    assert_eq!(stored, done.unwrap().settlement, "the late write left no trace");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_venue_slower_than_the_lease_sees_identical_bytes_and_one_settlement() {
    let Some(replicas) = Replicas::start().await else { return };
    let three_leases = u64::try_from(LEASE.as_millis() * 3).unwrap();
    let slow = Behaviour::DelayBefore { ms: three_leases };
    replicas.ground.sandbox.faults().push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: slow });
    replicas.both_work();
    let done = initiate_settlement(&replicas.one, &caller(), request(V1, "slow"), PATIENCE).await;
    assert_eq!(state_of(&done), State::Completed);
    let entry = replicas.ground.at_venue(V1, "slow").unwrap();
    assert_eq!((entry.created, entry.body_digests.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_shared_without_a_leader_and_nothing_is_done_twice() {
    let Some(replicas) = Replicas::start().await else { return };
    let ids: Vec<_> = (0..20).map(|n| format!("shared-{n}")).collect();
    for id in &ids {
        initiate_settlement(&replicas.one, &caller(), request(V1, id), Duration::from_millis(1)).await.unwrap();
    }
    replicas.both_work();
    for id in &ids {
        let done = initiate_settlement(&replicas.other, &caller(), request(V1, id), PATIENCE).await;
        assert_eq!(state_of(&done), State::Completed);
        assert_eq!(replicas.ground.at_venue(V1, id).unwrap().posts, 1, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_one_replica_is_told_every_change_of_all_in_one_order() {
    let Some(replicas) = Replicas::start().await else { return };
    let enterprise_id = request(V1, "x").asked.enterprise_id;
    let query = EventQuery { enterprise_id, external_id: None, states: Vec::new(), after: 0, limit: 200 };
    let mut watches = Vec::new();
    for context in [&replicas.one, &replicas.other] {
        watches.push(watch_settlement_events(context, &caller(), query.clone(), PATIENCE).await.unwrap());
    }
    replicas.both_work();
    for n in 0..10 {
        let context = if n % 2 == 0 { &replicas.one } else { &replicas.other };
        initiate_settlement(context, &caller(), request(V1, &format!("watched-{n}")), PATIENCE).await.unwrap();
    }
    let journal = replicas.one.store.settlement_events(&query).await.unwrap();
    // Five to each settlement's end, and more where it was reconciled meanwhile.
    assert!(journal.events.len() >= 50 && journal.events.len() as u64 == journal.newest, "{}", journal.newest);
    for mut watch in watches {
        let mut told = Vec::new();
        while told.len() < journal.events.len() {
            let news = tokio::time::timeout(PATIENCE, watch.next()).await.unwrap().unwrap().unwrap();
            told.extend(news.event.map(|event| event.as_ref().clone()));
        }
        assert_eq!(told, journal.events);
    }
}
