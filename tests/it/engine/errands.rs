//! Due work that is no settlement: run once it is due, whoever runs it and whatever becomes of the worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use settlement_gateway::service::{ErrandSettings, Errands, RunsErrands};
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
use settlement_gateway::store::{ErrandClaim, ErrandKind, Store, StoreError};
use tempfile::TempDir;

use crate::support::world::{PATIENCE, RealClock};

/// Counts its runs, and behaves as it is told for the first of them.
struct Counts {
    runs: AtomicU32,
    first: First,
}

#[derive(Clone, Copy)]
enum First {
    Panics,
    FailsInTheJournal,
    AsksForMore,
}

#[async_trait]
impl RunsErrands for Counts {
    fn kind(&self) -> ErrandKind {
        ErrandKind::Patrol
    }

    async fn run(&self, _: &ErrandClaim) -> Result<Option<Timestamp>, StoreError> {
        let is_first = self.runs.fetch_add(1, Ordering::SeqCst) == 0;
        match self.first {
            First::Panics if is_first => panic!("a defect inside an errand"),
            First::FailsInTheJournal if is_first => Err(StoreError::Fenced),
            First::AsksForMore if is_first => Ok(Some(Timestamp::now())),
            _ => Ok(None),
        }
    }
}

struct Ground {
    store: Arc<dyn Store>,
    errands: Errands,
    _folder: TempDir,
}

async fn ground() -> Ground {
    let folder = TempDir::new().unwrap();
    let options = SqliteOptions { path: folder.path().join("journal.db"), clock: Arc::new(RealClock) };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).await.unwrap());
    let settings = ErrandSettings {
        workers: 2,
        lease: Duration::from_millis(100),
        longest_rest: Duration::from_millis(20),
        ..ErrandSettings::default()
    };
    let errands = Errands::new(Arc::clone(&store), Arc::new(RealClock), settings);
    Ground { store, errands, _folder: folder }
}

/// Enlists one errand and waits until it has run `times` times and nothing is due any more.
async fn runs(ground: &Ground, first: First, times: u32) {
    let counts = Arc::new(Counts { runs: AtomicU32::new(0), first });
    ground.store.enlist(ErrandKind::Patrol, "one", Timestamp::now()).await.unwrap();
    ground.errands.start(vec![counts.clone()]);
    let is_done = || async {
        let rests = ground.store.next_errand_due().await.unwrap().is_none();
        Ok::<_, StoreError>((rests && counts.runs.load(Ordering::SeqCst) == times).then_some(()))
    };
    let done = ground.errands.wait_until(ErrandKind::Patrol, "one", PATIENCE, is_done).await.unwrap();
    assert_eq!(done, Some(()), "{} runs", counts.runs.load(Ordering::SeqCst));
    ground.errands.drain().await;
    assert_eq!(counts.runs.load(Ordering::SeqCst), times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_errand_that_asks_for_more_is_run_again() {
    runs(&ground().await, First::AsksForMore, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_panics_inside_an_errand_leaves_it_to_another() {
    runs(&ground().await, First::Panics, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_errand_whose_lease_was_lost_is_run_once_more_when_it_lapses() {
    runs(&ground().await, First::FailsInTheJournal, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_what_never_comes_is_answered_when_patience_ends_or_the_gateway_drains() {
    let ground = ground().await;
    let never = || async { Ok::<Option<()>, StoreError>(None) };
    let wait = |patience| ground.errands.wait_until(ErrandKind::Trade, "one", patience, never);
    assert_eq!(wait(Duration::from_millis(30)).await.unwrap(), None);
    let (waited, ()) = tokio::join!(wait(PATIENCE), ground.errands.drain());
    assert_eq!(waited.unwrap(), None);
}
