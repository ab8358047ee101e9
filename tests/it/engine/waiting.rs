//! Who waits for a settlement, and how often the journal is read for it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use settlement_gateway::custody::Keyring;
use settlement_gateway::domain::settlement::{Change, Reason, Settlement, State};
use settlement_gateway::service::engine::{Engine, EngineSettings};
use settlement_gateway::service::{AnchorKeeper, Directory};
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
use settlement_gateway::store::{Recorded, SettlementStore};
use tempfile::TempDir;

use crate::support::anchor::MemoryAnchor;
use crate::support::builders::{intent, new_settlement, start};
use crate::support::world::{PATIENCE, RealClock};

const LEASE: Duration = Duration::from_secs(30);

async fn record(store: &SqliteStore, external_id: &str) -> Settlement {
    match store.record_settlement(new_settlement(intent(external_id))).await.unwrap() {
        Recorded::New(settlement) => *settlement,
        other => panic!("{other:?}"),
    }
}

/// Changes a settlement as another replica would: nothing is announced here.
async fn change_unannounced(store: &SqliteStore, settlement: &Settlement, change: Change) -> Settlement {
    let lease = store.claim(settlement.id, LEASE).await.unwrap().unwrap().lease;
    let after = settlement.after(&change, start()).unwrap();
    store.save(&lease, &change, &after, None, None).await.unwrap();
    after
}

#[tokio::test]
async fn a_watcher_relies_on_what_is_announced_and_a_caller_that_waits_does_not() {
    let folder = TempDir::new().unwrap();
    let options = SqliteOptions { path: folder.path().join("journal.db"), clock: Arc::new(RealClock) };
    let store = Arc::new(SqliteStore::open(options).await.unwrap());
    let (keyring, directory) = (Keyring::new([]).unwrap(), Directory::new(Vec::new(), None).unwrap());
    let settings = EngineSettings {
        longest_rest: Duration::from_millis(10),
        watch_reread: Duration::from_secs(3_600),
        ..EngineSettings::default()
    };
    let anchor = AnchorKeeper::new(store.clone(), Arc::new(MemoryAnchor::default()), Arc::new(RealClock));
    let engine = Engine::new(store.clone(), anchor, Arc::new(keyring), Arc::new(directory), Arc::new(RealClock), settings);

    let watched = record(&store, "watched").await;
    let mut watching = Box::pin(engine.wait_for_change(watched.id, watched.progress.sequence));
    assert!(futures_util::poll!(&mut watching).is_pending());
    // The watcher's first reading, which may be under way, ends before the change is written.
    for n in 0..5 {
        let other = record(&store, &format!("before-{n}")).await;
        assert!((&mut watching).now_or_never().is_none());
        store.settlement_by_id(other.id).await.unwrap();
    }
    let delayed = Change::Delayed { reason: Reason::VenueUnavailable, detail: "busy".to_owned() };
    let watched = change_unannounced(&store, &watched, delayed).await;
    for n in 0..10 {
        let other = record(&store, &format!("other-{n}")).await;
        let waiting = engine.wait_until_answered(other.clone(), PATIENCE);
        let (answered, _) = tokio::join!(waiting, change_unannounced(&store, &other, Change::Cancelled));
        assert_eq!(answered.unwrap().progress.state, State::Cancelled);
        assert!((&mut watching).now_or_never().is_none(), "the watcher read the journal unasked");
    }
    engine.announce(&watched);
    assert_eq!(watching.await.unwrap(), Some(watched));
}
