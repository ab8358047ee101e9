//! Random operations on a real journal against the model: claims, saves, leases that lapse, signatures and restarts.
//!
//! It holds the journal to the model, and the model, which stands in for the journal in simulations, to the journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use settlement_gateway::domain::ids::{EnterpriseId, KeyId};
use settlement_gateway::domain::settlement::{AdoptedBy, AdoptedSettlement, Asked, Change, Intent, VenueStatus};
use settlement_gateway::domain::signing::SigningJournal;
use settlement_gateway::domain::signing::{PayloadDigest, Signature, SigningReference};
use settlement_gateway::domain::time::{Clock, later};
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
use settlement_gateway::store::{
    AdoptionStore, Claim, DetailsMark, FollowingStore, HeadStore, Recorded, SettlementStore, Store, StoreError,
};
use tempfile::TempDir;
use tokio::runtime::Builder;

use super::changes::any_change;
use super::journal::{Journal, Save};
use super::number;
use crate::support::builders::{external, intent, new_settlement, start, venue};
use crate::support::clock::ManualClock;

/// Operations that once failed: they run before all others.
const KEPT: FileFailurePersistence = FileFailurePersistence::Direct("tests/it/simulation/kept/journal.txt");
const CASES: u32 = 24;
const LEASE: Duration = Duration::from_secs(30);
const ENTERPRISES: [&str; 2] = ["one", "other"];

/// One operation. A lease is one of all that were ever given, by its place from the newest back.
#[derive(Debug, Clone)]
enum Op {
    Record(u8),
    Adopt(u8),
    ClaimDue { pass_over: Vec<usize> },
    Claim(u8),
    ClaimFollowed { enterprise: usize, ahead_s: u64, limit: u32 },
    Save { lease: usize, change: Change, on_old: bool, due_in_s: Option<u64>, keep: bool },
    Release { lease: usize, due_in_s: Option<u64> },
    ReleaseLooked { lease: usize, due_in_s: u64 },
    Prolong { lease: usize },
    Reserve { reference: u8, payload: u8 },
    Sign { reference: u8, payload: u8, signature: u8 },
    Wait(u64),
    Reopen,
}

fn any_op() -> impl Strategy<Value = Op> {
    let lease = || prop_oneof![6 => 0..1_usize, 2 => 1..4_usize, 1 => 4..20_usize];
    let due = || prop::option::of(0..90_u64);
    prop_oneof![
        4 => (0..6_u8).prop_map(Op::Record),
        1 => (0..6_u8).prop_map(Op::Adopt),
        6 => prop::collection::vec(0..2_usize, 0..2).prop_map(|pass_over| Op::ClaimDue { pass_over }),
        2 => (0..6_u8).prop_map(Op::Claim),
        2 => (0..2_usize, 0..120_u64, 1..4_u32)
            .prop_map(|(enterprise, ahead_s, limit)| Op::ClaimFollowed { enterprise, ahead_s, limit }),
        24 => (lease(), any_change(), prop::bool::weighted(0.1), due(), prop::bool::weighted(0.8))
            .prop_map(|(lease, change, on_old, due_in_s, keep)| Op::Save { lease, change, on_old, due_in_s, keep }),
        3 => (lease(), due()).prop_map(|(lease, due_in_s)| Op::Release { lease, due_in_s }),
        1 => (lease(), 0..90_u64).prop_map(|(lease, due_in_s)| Op::ReleaseLooked { lease, due_in_s }),
        1 => lease().prop_map(|lease| Op::Prolong { lease }),
        2 => (0..3_u8, 0..2_u8).prop_map(|(reference, payload)| Op::Reserve { reference, payload }),
        2 => (0..3_u8, 0..2_u8, any::<u8>())
            .prop_map(|(reference, payload, signature)| Op::Sign { reference, payload, signature }),
        4 => prop_oneof![1..10_u64, 25..40_u64].prop_map(Op::Wait),
        1 => Just(Op::Reopen),
    ]
}

/// Both, and every lease that was ever given.
struct Pair {
    path: PathBuf,
    clock: Arc<ManualClock>,
    real: SqliteStore,
    model: Journal,
    claims: Vec<Claim>,
}

fn enterprise(n: usize) -> EnterpriseId {
    EnterpriseId::new(ENTERPRISES[n]).unwrap()
}

fn wish(n: u8) -> Intent {
    let plain = intent(&format!("e-{n}"));
    let asked = Asked { enterprise_id: enterprise(usize::from(n) % 2), external_id: external(&format!("e-{n}")), ..plain.asked };
    Intent { asked, ..plain }
}

fn reference(n: u8) -> SigningReference {
    SigningReference::Allocation { key: KeyId::new("key-1").unwrap(), nonce: n.to_string() }
}

/// What can be compared of an error.
fn plain<T>(answer: Result<T, StoreError>) -> Result<T, &'static str> {
    answer.map_err(|error| match error {
        StoreError::Fenced => "fenced",
        StoreError::Damaged(_) => "damaged",
        StoreError::Unavailable(_) => "unavailable",
        StoreError::Adrift(_) => "adrift",
        StoreError::Archived(_) => "archived",
    })
}

fn shown(claim: &Claim) -> String {
    format!("{claim:?}")
}

async fn open(path: &Path, clock: &Arc<ManualClock>) -> SqliteStore {
    let options = SqliteOptions { path: path.to_owned(), clock: Arc::<ManualClock>::clone(clock) };
    SqliteStore::open(options).await.unwrap()
}

impl Pair {
    async fn new(folder: &TempDir) -> Self {
        let (path, clock) = (folder.path().join("journal.db"), ManualClock::at(start()));
        let real = open(&path, &clock).await;
        Self { path, clock, real, model: Journal::new(), claims: Vec::new() }
    }

    fn in_s(&self, seconds: u64) -> jiff::Timestamp {
        later(self.clock.now(), Duration::from_secs(seconds))
    }

    fn claim_at(&self, from_newest: usize) -> Option<Claim> {
        self.claims.iter().rev().nth(from_newest).cloned()
    }

    fn took(&mut self, mut real: Vec<Claim>, mut model: Vec<Claim>) -> Result<(), TestCaseError> {
        for claims in [&mut real, &mut model] {
            claims.sort_by_key(|claim| claim.lease.id);
        }
        prop_assert_eq!(real.iter().map(shown).collect::<Vec<_>>(), model.iter().map(shown).collect::<Vec<_>>());
        self.claims.append(&mut real);
        Ok(())
    }

    async fn does(&mut self, op: Op) -> Result<(), TestCaseError> {
        let now = self.clock.now();
        match op {
            Op::Record(n) => {
                let mut new = new_settlement(wish(n));
                new.now = now;
                let real = self.real.record_settlement(new.clone()).await.unwrap();
                prop_assert_eq!(recorded(&real), recorded(&self.model.record(new)));
            }
            Op::Adopt(n) => {
                let shown = venue(&format!("e-{n}"), VenueStatus::Pending);
                let found = AdoptedSettlement::of(&enterprise(usize::from(n) % 2), shown, AdoptedBy::Adopt, now).unwrap();
                let real = self.real.adopt(std::slice::from_ref(&found)).await.unwrap();
                prop_assert_eq!(real, self.model.adopt(vec![found]));
            }
            Op::ClaimDue { pass_over } => {
                let pass_over: Vec<_> = pass_over.into_iter().map(enterprise).collect();
                let real = self.real.claim_due(now, LEASE, &pass_over).await.unwrap();
                let model = self.model.claim_due(now, now, LEASE, &pass_over);
                self.took(real.into_iter().collect(), model.into_iter().collect())?;
            }
            Op::Claim(n) => {
                let Some(id) = self.id_of(n) else { return Ok(()) };
                let real = self.real.claim(id, LEASE).await.unwrap();
                let model = self.model.claim(now, id, LEASE);
                self.took(real.into_iter().collect(), model.into_iter().collect())?;
            }
            Op::ClaimFollowed { enterprise: n, ahead_s, limit } => {
                let (enterprise, due_by) = (enterprise(n), self.in_s(ahead_s));
                let real = self.real.claim_followed(&enterprise, due_by, LEASE, limit).await.unwrap();
                let model = self.model.claim_followed(now, &enterprise, due_by, LEASE, limit);
                self.took(real, model)?;
            }
            Op::Reserve { reference: n, payload } => {
                let (reference, digest) = (reference(n), PayloadDigest::of(&payload.to_string()));
                let real = self.real.reserve(&reference, digest).await.unwrap();
                prop_assert_eq!(real, self.model.reserve(&reference, digest));
            }
            Op::Sign { reference: n, payload, signature } => {
                let (reference, digest) = (reference(n), PayloadDigest::of(&payload.to_string()));
                let signature = Signature::from_bytes([signature; 65]);
                let real = self.real.record(&reference, digest, signature).await.ok();
                prop_assert_eq!(real, self.model.sign(now, &reference, digest, signature));
            }
            Op::Wait(seconds) => self.clock.advance(Duration::from_secs(seconds)),
            Op::Reopen => {
                self.real.close().await.unwrap();
                self.real = open(&self.path, &self.clock).await;
                self.model.free_all(now);
            }
            Op::Save { .. } | Op::Release { .. } | Op::ReleaseLooked { .. } | Op::Prolong { .. } => {
                self.under_a_lease(op).await?
            }
        }
        prop_assert_eq!(self.real.next_due(&[]).await.unwrap(), self.model.next_due(&[]));
        Ok(())
    }

    async fn under_a_lease(&mut self, op: Op) -> Result<(), TestCaseError> {
        let now = self.clock.now();
        let due = |seconds: Option<u64>| seconds.map(|seconds| later(now, Duration::from_secs(seconds)));
        match op {
            Op::Save { lease, change, on_old, due_in_s, keep } => {
                let Some(Claim { lease, settlement: old, .. }) = self.claim_at(lease) else { return Ok(()) };
                let on = if on_old { old } else { self.model.row(lease.id).unwrap().settlement.clone() };
                let Ok(after) = on.after(&change, now) else { return Ok(()) };
                let (due_at, keep_lease) = (due(due_in_s), keep.then_some(LEASE));
                let real = self.real.save(&lease, &change, &after, due_at, keep_lease).await;
                let model = self.model.save(now, Save { lease, change, after, due_at, keep_lease });
                prop_assert_eq!(plain(real), plain(model));
            }
            Op::Release { lease, due_in_s } => {
                let Some(Claim { lease, .. }) = self.claim_at(lease) else { return Ok(()) };
                let real = self.real.release(&lease, due(due_in_s)).await;
                prop_assert_eq!(plain(real), plain(self.model.release(&lease, due(due_in_s))));
            }
            Op::ReleaseLooked { lease, due_in_s } => {
                let Some(Claim { lease, settlement, .. }) = self.claim_at(lease) else { return Ok(()) };
                let due_at = later(now, Duration::from_secs(due_in_s));
                let mark = DetailsMark { sequence: settlement.progress.sequence, due_at };
                let real = self.real.release_looked(&lease, due_at, mark).await;
                prop_assert_eq!(plain(real), plain(self.model.release_looked(&lease, due_at, mark)));
            }
            Op::Prolong { lease } => {
                let Some(Claim { lease, .. }) = self.claim_at(lease) else { return Ok(()) };
                let real = self.real.prolong(&lease, LEASE).await;
                prop_assert_eq!(plain(real), plain(self.model.prolong(now, &lease, LEASE)));
            }
            _ => {}
        }
        Ok(())
    }

    fn id_of(&self, n: u8) -> Option<uuid::Uuid> {
        let name = format!("e-{n}");
        self.model.rows().map(|row| &row.settlement).find(|one| one.header.external_id.as_str() == name).map(|one| one.id)
    }

    /// Everything that is stored reads back as the model has it.
    async fn agree(&self) -> Result<(), TestCaseError> {
        prop_assert_eq!(&self.model.illegal, &Vec::<String>::new());
        let (real, model) = (self.real.head().await.unwrap(), self.model.head());
        // The links themselves are drawn.
        prop_assert_eq!((real.epoch, real.sequence), (model.epoch, model.sequence));
        prop_assert_eq!(self.real.link_at(real.sequence).await.unwrap(), Some(real.link));
        prop_assert_eq!(self.real.unfinished(None, 1_000).await.unwrap(), self.model.unfinished(None, 1_000));
        prop_assert_eq!(self.real.last_recorded_at().await.unwrap(), self.model.last_recorded_at());
        for row in self.model.rows() {
            let id = row.settlement.id;
            prop_assert_eq!(self.real.settlement_by_id(id).await.unwrap(), Some(row.settlement.clone()));
            prop_assert_eq!(&self.real.intent(id).await.unwrap(), &row.intent);
            prop_assert_eq!(&self.real.material(id).await.unwrap(), &row.material);
            prop_assert_eq!(&self.real.timeline(id, 1_000).await.unwrap(), &row.timeline);
            let (standing, mark) = row.standing.clone().unzip();
            prop_assert_eq!(self.real.standing(id).await.unwrap(), standing);
            prop_assert_eq!(self.real.details_mark(id).await.unwrap(), mark);
            prop_assert_eq!(self.real.completed_since(id).await.unwrap(), row.completed_since());
        }
        Ok(())
    }
}

/// What was recorded, as far as it can be compared.
fn recorded(recorded: &Recorded) -> String {
    match recorded {
        Recorded::New(settlement) => format!("new {settlement:?}"),
        Recorded::Existing(settlement) => format!("existing {settlement:?}"),
        other => format!("{other:?}"),
    }
}

async fn follow(ops: Vec<Op>) -> Result<(), TestCaseError> {
    let folder = TempDir::new().unwrap();
    let mut pair = Pair::new(&folder).await;
    for op in ops {
        let what = format!("{op:?}");
        pair.does(op).await.map_err(|error| TestCaseError::fail(format!("{what}: {error}")))?;
    }
    pair.agree().await?;
    pair.real.close().await.unwrap();
    Ok(())
}

#[test]
fn random_operations_leave_the_journal_as_the_model_has_it() {
    let cases = number("SEEDS").map_or(CASES, |seeds| u32::try_from(seeds).unwrap().max(CASES));
    let config = Config { cases, max_shrink_iters: 2_000, failure_persistence: Some(Box::new(KEPT)), ..Config::default() };
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let ops = prop::collection::vec(any_op(), 1..80);
    TestRunner::new(config).run(&ops, |ops| runtime.block_on(follow(ops))).unwrap();
}
