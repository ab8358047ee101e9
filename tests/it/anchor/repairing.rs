//! Repair, step by step: what an older copy of the journal may have forgotten is read back, and never sent again on a guess.

use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::anchor::{Adrift, Head, Mark, Standing};
use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::domain::settlement::{Change, Reason, Settlement, State};
use settlement_gateway::domain::trade::{TradeReason, TradeState};
use settlement_gateway::sandbox::ForeignSettlement;
use settlement_gateway::service::recovery::{Recovery, RecoveryError, RepairOptions, SignedFilter};
use settlement_gateway::service::trade::{TradeErrands, TradeSettings, write_trade};
use settlement_gateway::service::{
    Context, ServiceError, SettlementVersion, Unanchored, cancel_settlement, check_audit, initiate_settlement,
};
use settlement_gateway::store::SettlementName;
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

use super::{heads, mark};
use crate::support::builders::external;
use crate::support::world::{Ground, PATIENCE, RealClock, V1, caller, quick, request};
use crate::trade::support::{direct, settings};

const LEASE: Duration = Duration::from_secs(1);
const OPTIONS: RepairOptions =
    RepairOptions { since: None, margin: Duration::from_secs(3_600), takes_another_journals_place: false };

/// A gateway's inside whose engine does nothing until a test starts it, and the tools over it.
struct Bench {
    ground: Ground,
    context: Context,
    recovery: Recovery,
    _folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let (ground, folder) = (Ground::new(|_| ()).await, TempDir::new().unwrap());
        let options = SqliteOptions { path: folder.path().join("journal.db"), clock: Arc::new(RealClock) };
        let context = ground.context(Arc::new(SqliteStore::open(options).await.unwrap()), quick());
        context.anchor.look().await.unwrap();
        let (store, directory) = (context.store.clone(), context.directory.clone());
        let recovery = Recovery::new(store, ground.anchor.clone(), directory, Arc::new(RealClock), LEASE);
        Self { ground, context, recovery, _folder: folder }
    }

    /// Makes the journal look like an older copy: the anchor knows of more.
    fn forget(&self) {
        let Mark { head, at } = self.ground.anchor.held().unwrap();
        self.ground.anchor.put(Some(Mark { head: Head { sequence: head.sequence + 1, ..head }, at }));
    }

    /// Records a settlement that nobody works on.
    async fn recorded(&self, external_id: &str) -> Settlement {
        let view = initiate_settlement(&self.context, &caller(), request(V1, external_id), Duration::ZERO).await;
        view.unwrap().settlement
    }

    async fn stored(&self, external_id: &str) -> Settlement {
        let name = SettlementName::External(external(external_id));
        self.context.store.settlement(&EnterpriseId::new(V1).unwrap(), &name).await.unwrap().unwrap()
    }

    async fn until(&self, external_id: &str, holds: impl Fn(&Settlement) -> bool) -> Settlement {
        let looking = async {
            loop {
                let stored = self.stored(external_id).await;
                if holds(&stored) {
                    return stored;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.unwrap()
    }

    fn posts(&self) -> u64 {
        let ledger = self.ground.sandbox.ledger();
        ledger
            .requests
            .iter()
            .filter(|(line, _)| line.starts_with("POST") && line.ends_with("/settlements"))
            .map(|(_, n)| n)
            .sum()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_agrees_with_its_anchor_is_repaired_only_from_an_instant_that_somebody_names() {
    let bench = Bench::new().await;
    assert!(bench.recovery.repair(OPTIONS).await.unwrap().is_none());
    let since = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let report = bench.recovery.repair(RepairOptions { since, ..OPTIONS }).await.unwrap().unwrap();
    assert_eq!((report.epoch, report.read_from), (2, since));
    bench.context.anchor.look().await.unwrap();
    let [record] = bench.context.store.audit_of("epoch 2").await.unwrap().try_into().unwrap();
    assert_eq!(record.kind, "REPAIR");
    assert!(record.content.contains("\"read_from\":\"2026-01-01T00:00:00Z\""), "{}", record.content);
    let report = check_audit(bench.context.store.as_ref(), Vec::new()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anchor_that_another_replica_moves_while_it_is_looked_at_needs_no_repair() {
    let bench = Bench::new().await;
    let Mark { head, at } = bench.ground.anchor.held().unwrap();
    for late in [None, Some(Mark { head: Head { epoch: head.epoch + 1, ..head }, at })] {
        bench.ground.anchor.answer_once_with(late);
        let diagnosis = bench.recovery.diagnose().await.unwrap();
        assert_eq!((diagnosis.verdict, diagnosis.mark.unwrap().head), (Ok(Standing::Anchored), head));
        bench.ground.anchor.answer_once_with(late);
        assert!(bench.recovery.repair(OPTIONS).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_that_was_cut_between_the_anchors_epoch_and_the_journals_is_run_again() {
    let bench = Bench::new().await;
    bench.forget();
    let head = bench.context.store.head().await.unwrap();
    bench.ground.anchor.put(Some(mark(Head { epoch: head.epoch + 1, ..head })));
    let refused = Unanchored::Adrift(Adrift::OtherEpoch { journal: 1, anchor: 2 });
    assert_eq!(bench.context.anchor.look().await, Err(refused));
    assert_eq!(bench.recovery.repair(OPTIONS).await.unwrap().unwrap().epoch, 3);
    bench.context.anchor.look().await.unwrap();
    assert!(bench.recovery.repair(OPTIONS).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_journals_place_is_taken_only_when_that_is_said() {
    let bench = Bench::new().await;
    bench.ground.anchor.put(Some(mark(heads(3)[3])));
    assert!(matches!(bench.recovery.repair(OPTIONS).await, Err(RecoveryError::OtherJournal)));
    let refused = Unanchored::Adrift(Adrift::OtherJournal);
    assert_eq!(bench.context.anchor.look().await, Err(refused));
    let meant = RepairOptions { takes_another_journals_place: true, ..OPTIONS };
    let report = bench.recovery.repair(meant).await.unwrap().unwrap();
    assert_eq!(report.read_from, None, "everything that the venues have is read");
    bench.context.anchor.look().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_that_the_anchor_or_a_venue_does_not_answer_changes_no_epoch() {
    let bench = Bench::new().await;
    bench.forget();
    bench.ground.anchor.fail(true);
    assert!(matches!(bench.recovery.repair(OPTIONS).await, Err(RecoveryError::Anchor(_))));
    bench.ground.anchor.fail(false);
    assert_eq!(bench.context.store.head().await.unwrap().epoch, 1);
    assert!(bench.recovery.repair(OPTIONS).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unfinished_is_read_back_and_never_sent_on_a_guess() {
    let bench = Bench::new().await;
    let (there, lost) = (bench.recorded("there").await, bench.recorded("lost").await);
    let amounts = serde_json::json!({ "connection-1": { "BTC": "1" } });
    let made = ForeignSettlement { enterprise: V1.to_owned(), external_id: "there".to_owned(), amounts };
    bench.ground.sandbox.foreign(made).await.unwrap().unwrap();
    bench.forget();
    let report = bench.recovery.repair(OPTIONS).await.unwrap().unwrap();
    let exposed: Vec<_> = report.unfinished.exposed.iter().map(|(_, id, state)| (id.as_str(), *state)).collect();
    assert_eq!(exposed, [("there", State::Received), ("lost", State::Received)]);
    assert!(report.listed.iter().all(|listed| listed.adopted.is_empty()), "the journal has it");
    for settlement in [&there, &lost] {
        let stored = bench.stored(settlement.header.external_id.as_str()).await;
        assert_eq!((stored.progress.state, stored.progress.reason), (State::OutcomeUnknown, Some(Reason::JournalRestored)));
    }
    bench.context.anchor.look().await.unwrap();
    bench.context.engine.start();
    let taken = bench.until("there", |settlement| settlement.progress.venue.is_some()).await;
    assert_eq!(taken.progress.state, State::Completed);
    let refused = bench.until("lost", |settlement| settlement.progress.state == State::NotAccepted).await;
    assert_eq!(refused.progress.reason, Some(Reason::JournalRestored));
    assert!(refused.progress.may_retry(refused.header.route));
    assert_eq!(bench.posts(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlement_that_a_worker_holds_is_waited_for() {
    let bench = Bench::new().await;
    let settlement = bench.recorded("held").await;
    let held = bench.context.store.claim(settlement.id, Duration::from_millis(300)).await.unwrap();
    assert!(held.is_some());
    bench.forget();
    let report = bench.recovery.repair(OPTIONS).await.unwrap().unwrap();
    assert_eq!(report.unfinished.exposed.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trade_write_is_never_sent_after_a_repair() {
    let bench = Bench::new().await;
    let asked = direct("r-1");
    write_trade(&bench.context, &caller(), asked.clone(), None, Duration::ZERO).await.unwrap();
    bench.forget();
    let report = bench.recovery.repair(OPTIONS).await.unwrap().unwrap();
    assert_eq!(report.exposed_trades.len(), 1);
    bench.context.anchor.look().await.unwrap();
    let settings: TradeSettings = settings();
    bench.context.errands.start(vec![Arc::new(TradeErrands::new(&bench.context, settings))]);
    let looking = async {
        loop {
            let stored = bench.context.store.trade(&asked.enterprise_id, &asked.request_id).await.unwrap().unwrap();
            if stored.progress.state == TradeState::NeedsOperator {
                return stored;
            }
            tokio::task::yield_now().await;
        }
    };
    let parked = tokio::time::timeout(PATIENCE, looking).await.unwrap();
    assert_eq!(parked.progress.reason, Some(TradeReason::OutcomeUndecided));
    assert_eq!((parked.progress.attempts, bench.posts()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_body_that_is_handed_out_is_recorded_first_and_neither_cancelled_nor_lost() {
    let bench = Bench::new().await;
    bench.ground.anchor.fail(true);
    bench.context.engine.start();
    bench.recorded("by-hand").await;
    bench.until("by-hand", |settlement| settlement.progress.reason == Some(Reason::AnchorUnavailable)).await;
    bench.context.engine.drain().await;
    let all = SignedFilter::default();
    let refused = bench.recovery.export_signed(&all).await;
    assert!(matches!(refused, Err(RecoveryError::Unanchored(Unanchored::Unavailable))), "the anchor does not cover it");
    bench.ground.anchor.fail(false);
    let nobody = SignedFilter { external_id: Some(external("another")), ..SignedFilter::default() };
    assert!(bench.recovery.export_signed(&nobody).await.unwrap().is_empty());
    assert_eq!(bench.stored("by-hand").await.progress.state, State::Signed);
    let first = bench.recovery.export_signed(&all).await.unwrap();
    let again = bench.recovery.export_signed(&all).await.unwrap();
    assert_eq!((first.len(), &first[0].body), (1, &again[0].body), "the same bytes each time");
    let stored = bench.stored("by-hand").await;
    assert_eq!((stored.progress.state, stored.progress.reason), (State::OutcomeUnknown, Some(Reason::ExportedByOperator)));
    assert!(stored.after(&Change::Expired, stored.progress.updated_at).is_err());
    let version = SettlementVersion {
        enterprise_id: stored.header.enterprise_id.clone(),
        external_id: stored.header.external_id.clone(),
        expected_sequence: stored.progress.sequence,
    };
    let cancelled = cancel_settlement(&bench.context, &caller(), &version).await;
    assert!(matches!(cancelled, Err(ServiceError::Draining | ServiceError::NotCancellable(_))), "{cancelled:?}");
}
