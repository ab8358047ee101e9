//! Who chains: every replica, one at a time, in batches; and who verifies: page by page.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use settlement_gateway::domain::audit::{AuditEntry, AuditHead, AuditRecord, AuditSubject, ChainLink, Refusal};
use settlement_gateway::domain::ids::CallerId;
use settlement_gateway::service::{Chainer, ChainerSettings, Refusals, check_audit};
use settlement_gateway::store::postgres::{PostgresOptions, PostgresStore};
use settlement_gateway::store::{
    AuditLag, AuditStore, Chained, JournalLine, JournalPart, JournalSays, LeaseClock, Store, StoreError,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::ground::{Ground, faults};
use crate::support::builders::{after_start, intent, new_settlement, start};
use crate::support::clock::ManualClock;
use crate::support::postgres::Schema;

fn refusal(n: u32) -> Refusal {
    Refusal {
        caller: CallerId::new("caller-1").unwrap(),
        rpc: "SigningService/SignPayload".to_owned(),
        reason: "NOT_ALLOWED".to_owned(),
        name: Some(n.to_string()),
        key_id: None,
        payload_digest: None,
        at: start(),
    }
}

fn chainer(store: &Arc<dyn Store>, clock: &Arc<ManualClock>, batch: u32) -> (Chainer, Refusals) {
    let refusals = Refusals::new(store.clone(), Arc::<ManualClock>::clone(clock), 10);
    let settings = ChainerSettings { interval: Duration::from_millis(1), batch };
    (Chainer::new(store.clone(), refusals.clone(), Arc::<ManualClock>::clone(clock), settings), refusals)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chainer_that_is_told_to_stop_chains_what_is_left_first() {
    Ground::on_each(|ground| async move {
        for n in 0..25 {
            ground.store.record_audit(&refusal(n).entry()).await.unwrap();
        }
        let stop = CancellationToken::new();
        stop.cancel();
        let (chainer, _) = chainer(&ground.store, &ManualClock::at(start()), 4);
        chainer.run(stop).await;
        assert_eq!(ground.store.audit_head().await.unwrap().position, 25);
        assert_eq!(ground.store.audit_lag().await.unwrap().waiting, 0);
        assert!(ground.check(Vec::new()).await.is_whole());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_that_chain_while_both_record_make_one_chain() {
    const RECORDS: u32 = 100;
    let Some(schema) = Schema::fresh().await else { return };
    let stop = CancellationToken::new();
    let (mut writing, mut chaining, mut stores) = (JoinSet::new(), JoinSet::new(), Vec::new());
    for _ in 0..2 {
        let options = PostgresOptions { url: schema.url(), max_connections: 4, clock: LeaseClock::Database };
        let store: Arc<dyn Store> = Arc::new(PostgresStore::open(options).await.unwrap());
        let (chainer, _) = chainer(&store, &ManualClock::at(start()), 7);
        let (stopped, writer) = (stop.clone(), store.clone());
        chaining.spawn(async move { chainer.run(stopped).await });
        writing.spawn(async move {
            for n in 0..RECORDS {
                writer.record_audit(&refusal(n).entry()).await.unwrap();
            }
        });
        stores.push(store);
    }
    writing.join_all().await;
    stop.cancel();
    chaining.join_all().await;
    // Whoever was busy when both ended left nothing that the next pass does not take.
    while !matches!(stores[0].chain_audit(100).await.unwrap(), Chained::Added { count: 0, .. }) {}
    let report = check_audit(stores[1].as_ref(), Vec::new()).await.unwrap();
    assert!(report.is_whole(), "{:?}", faults(&report));
    assert_eq!((report.chain.records, report.waiting), (u64::from(2 * RECORDS), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_beyond_a_callers_allowance_are_told_in_one_record_and_nobody_elses_are_hidden() {
    Ground::on_each(|ground| async move {
        let clock = ManualClock::at(start());
        let (chainer, refusals) = chainer(&ground.store, &clock, 100);
        for n in 0..50 {
            refusals.note(refusal(n)).await;
        }
        let other = Refusal { caller: CallerId::new("caller-2").unwrap(), ..refusal(0) };
        refusals.note(other).await;
        refusals.tell(false).await;
        assert_eq!(ground.store.audit_lag().await.unwrap().waiting, 11, "ten of one caller, and the other's");
        // A minute later the allowance is there again.
        refusals.note(Refusal { at: after_start(60), ..refusal(50) }).await;
        let stop = CancellationToken::new();
        stop.cancel();
        chainer.run(stop).await;
        let links = ground.store.audit_chain(0, 100).await.unwrap();
        let said: Vec<String> = links
            .iter()
            .map(|link| match link {
                ChainLink::Record(chained) => chained.record.content.clone(),
                ChainLink::Unreadable { position } => panic!("record {position} cannot be read"),
            })
            .collect();
        assert_eq!(said.len(), 13, "{said:?}");
        let told = said.last().unwrap();
        assert!(told.contains("\"counts\":[[\"SigningService/SignPayload NOT_ALLOWED\",40]]"), "{told}");
        assert!(ground.check(Vec::new()).await.is_whole());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_that_cannot_be_recorded_are_told_once_they_can() {
    Ground::on_each(|ground| async move {
        let (_, refusals) = chainer(&ground.store, &ManualClock::at(start()), 100);
        ground.behind(&["ALTER TABLE audit_record RENAME TO elsewhere"]).await;
        for n in 0..3 {
            refusals.note(refusal(n)).await;
        }
        refusals.tell(true).await;
        ground.behind(&["ALTER TABLE elsewhere RENAME TO audit_record"]).await;
        refusals.note(refusal(3)).await;
        refusals.tell(true).await;
        let waiting = ground.store.audit_waiting(None, 100).await.unwrap();
        assert_eq!(waiting.len(), 2, "one by itself, and the sum: {waiting:?}");
        assert!(waiting[1].content.contains("NOT_ALLOWED\",3]"), "{waiting:?}");
    })
    .await;
}

/// A store that notes the longest page that it was asked for.
struct Pages {
    store: Arc<dyn Store>,
    longest: AtomicU32,
}

impl Pages {
    fn note(&self, limit: u32) -> u32 {
        self.longest.fetch_max(limit, Ordering::SeqCst);
        limit
    }
}

#[async_trait]
impl AuditStore for Pages {
    async fn record_audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.store.record_audit(entry).await
    }

    async fn chain_audit(&self, limit: u32) -> Result<Chained, StoreError> {
        self.store.chain_audit(self.note(limit)).await
    }

    async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        self.store.audit_head().await
    }

    async fn audit_lag(&self) -> Result<AuditLag, StoreError> {
        self.store.audit_lag().await
    }

    async fn audit_chain(&self, after: u64, limit: u32) -> Result<Vec<ChainLink>, StoreError> {
        self.store.audit_chain(after, self.note(limit)).await
    }

    async fn audit_waiting(&self, after: Option<uuid::Uuid>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.store.audit_waiting(after, self.note(limit)).await
    }

    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditRecord>, StoreError> {
        self.store.audit_of(subject).await
    }

    async fn journal_lines(
        &self,
        part: JournalPart,
        after: Option<AuditSubject>,
        limit: u32,
    ) -> Result<Vec<JournalLine>, StoreError> {
        self.store.journal_lines(part, after, self.note(limit)).await
    }

    async fn journal_of(&self, subject: &AuditSubject) -> Result<JournalSays, StoreError> {
        self.store.journal_of(subject).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_records_are_verified_page_by_page() {
    const SETTLEMENTS: u64 = 1_500;
    const REFUSALS: u32 = 1_500;
    Ground::on_each(|ground| async move {
        for n in 0..SETTLEMENTS {
            ground.store.record_settlement(new_settlement(intent(&format!("e-{n}")))).await.unwrap();
        }
        for n in 0..REFUSALS {
            ground.store.record_audit(&refusal(n).entry()).await.unwrap();
        }
        while !matches!(ground.store.chain_audit(500).await.unwrap(), Chained::Added { count: 0, .. }) {}
        let pages = Pages { store: ground.store.clone(), longest: AtomicU32::new(0) };
        let report = check_audit(&pages, Vec::new()).await.unwrap();
        assert!(report.is_whole(), "{:?}", faults(&report));
        assert_eq!((report.chain.records, report.lines), (SETTLEMENTS + u64::from(REFUSALS), SETTLEMENTS));
        assert!(pages.longest.load(Ordering::SeqCst) <= 200);
    })
    .await;
}
