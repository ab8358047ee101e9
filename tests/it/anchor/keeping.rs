//! What waits for the anchor, and what a journal that lacks something of it does: nothing.

use std::sync::Arc;

use settlement_gateway::custody::SignedPayload;
use settlement_gateway::domain::anchor::{Adrift, Head};
use settlement_gateway::domain::ids::{EnterpriseId, KeyId};
use settlement_gateway::domain::settlement::{Reason, Settlement, State};
use settlement_gateway::domain::signing::{PayloadDigest, Reservation, Signature, SigningReference};
use settlement_gateway::service::{
    AnchorKeeper, Context, NotSigned, ServiceError, SettlementVersion, Unanchored, cancel_settlement, initiate_settlement,
    sign_payload,
};
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
use settlement_gateway::store::{SettlementName, Store};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

use super::{heads, mark};
use crate::support::anchor::MemoryAnchor;
use crate::support::builders::external;
use crate::support::postgres::Schema;
use crate::support::world::{Ground, PATIENCE, RealClock, V1, V2, caller, quick, request};

/// A gateway's inside over a fresh file, with an anchor that obeys.
pub(super) struct Kept {
    pub(super) ground: Ground,
    pub(super) context: Context,
    _folder: TempDir,
}

impl Kept {
    pub(super) async fn new() -> Self {
        let (ground, folder) = (Ground::new(|_| ()).await, TempDir::new().unwrap());
        let context = ground.context(Arc::new(open(&folder, "journal.db").await), quick());
        context.engine.start();
        Self { ground, context, _folder: folder }
    }

    pub(super) fn anchor(&self) -> &MemoryAnchor {
        &self.ground.anchor
    }

    pub(super) async fn settle(&self, enterprise: &str, external_id: &str) -> Result<Settlement, ServiceError> {
        let view = initiate_settlement(&self.context, &caller(), request(enterprise, external_id), PATIENCE).await;
        view.map(|view| view.settlement)
    }

    /// Asks for a settlement in a task of its own, and waits until it stands as a test expects it.
    pub(super) async fn asked(&self, enterprise: &str, external_id: &str, holds: impl Fn(&Settlement) -> bool) -> Settlement {
        let (context, request) = (self.context.clone(), request(enterprise, external_id));
        let asking = tokio::spawn(async move { initiate_settlement(&context, &caller(), request, PATIENCE).await });
        let found = self.until(enterprise, external_id, holds).await;
        asking.abort();
        found
    }

    pub(super) async fn until(&self, enterprise: &str, external_id: &str, holds: impl Fn(&Settlement) -> bool) -> Settlement {
        let (enterprise, name) = (EnterpriseId::new(enterprise).unwrap(), SettlementName::External(external(external_id)));
        let look = async || self.context.store.settlement(&enterprise, &name).await.unwrap().filter(&holds);
        let waiting = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap()
    }

    async fn sign(&self, nonce: &str) -> Result<SignedPayload, ServiceError> {
        let payload =
            format!(r#"{{"version":"1.2.0","accountId":"a","nonceHold":"{nonce}","nonceSettle":"{nonce}","amounts":[]}}"#);
        sign_payload(&self.context, &caller(), &KeyId::new("key-ent-v1").unwrap(), payload).await
    }
}

pub(super) async fn open(folder: &TempDir, name: &str) -> SqliteStore {
    SqliteStore::open(SqliteOptions { path: folder.path().join(name), clock: Arc::new(RealClock) }).await.unwrap()
}

fn reference(nonce: &str) -> SigningReference {
    SigningReference::Dispute { key: KeyId::new("key-1").unwrap(), nonce: nonce.to_owned() }
}

/// Makes a signature that no key made: what is tried here is what the journal remembers of it.
async fn signed(store: &dyn Store, nonce: &str) {
    let digest = PayloadDigest::of(nonce);
    assert_eq!(store.reserve(&reference(nonce), digest).await.unwrap(), Reservation::Reserved);
    store.record(&reference(nonce), digest, Signature::from_bytes([7; 65])).await.unwrap();
}

pub(super) fn keeper(store: &Arc<dyn Store>, anchor: &Arc<MemoryAnchor>) -> AnchorKeeper {
    AnchorKeeper::new(store.clone(), anchor.clone(), Arc::new(RealClock))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leaves_while_the_anchor_cannot_be_written_and_everything_goes_on_once_it_can() {
    let kept = Kept::new().await;
    assert_eq!(kept.settle(V1, "before").await.unwrap().progress.state, State::Completed);
    let anchored = kept.anchor().held().unwrap();
    assert_eq!(anchored.head, kept.context.store.head().await.unwrap());
    kept.anchor().fail(true);
    // The first finds it out by an attempt, of which nothing leaves; from then on none is recorded.
    let expected = [(V1, 1), (V2, 0)];
    for (enterprise, attempts) in expected {
        let waits =
            kept.asked(enterprise, "held", |settlement| settlement.progress.reason == Some(Reason::AnchorUnavailable)).await;
        assert_eq!((waits.progress.state, waits.progress.attempts), (State::Signed, attempts), "it waits and has not failed");
        assert!(kept.ground.at_venue(enterprise, "held").is_none(), "no byte left");
    }
    kept.anchor().fail(false);
    for (enterprise, attempts) in expected {
        let gone_on = kept.until(enterprise, "held", |settlement| settlement.progress.venue.is_some()).await;
        let at_venue = kept.ground.at_venue(enterprise, "held").unwrap();
        assert_eq!((at_venue.created, at_venue.posts, gone_on.progress.attempts), (1, 1, attempts + 1), "it was tried once more");
    }
    assert_eq!(kept.anchor().held().unwrap().head, kept.context.store.head().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_the_anchor_is_neither_cancelled_nor_expired_meanwhile() {
    let kept = Kept::new().await;
    kept.settle(V1, "before").await.unwrap();
    kept.anchor().fail(true);
    let held = kept.asked(V1, "held", |settlement| settlement.progress.reason == Some(Reason::AnchorUnavailable)).await;
    let version = SettlementVersion {
        enterprise_id: held.header.enterprise_id.clone(),
        external_id: held.header.external_id.clone(),
        expected_sequence: held.progress.sequence,
    };
    let refused = cancel_settlement(&kept.context, &caller(), &version).await;
    assert!(matches!(refused, Err(ServiceError::Unanchored(Unanchored::Unavailable))), "{refused:?}");
    kept.anchor().fail(false);
    kept.until(V1, "held", |settlement| settlement.progress.state == State::Completed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_is_answered_only_once_the_anchor_covers_it() {
    let kept = Kept::new().await;
    kept.context.anchor.look().await.unwrap();
    kept.anchor().fail(true);
    let refused = kept.sign("n-1").await;
    assert!(matches!(refused, Err(ServiceError::Unanchored(Unanchored::Unavailable))), "{refused:?}");
    let head = kept.context.store.head().await.unwrap();
    kept.anchor().fail(false);
    let signed = kept.sign("n-1").await.unwrap();
    assert_eq!(signed.journal_sequence, 1);
    assert_eq!(kept.context.store.head().await.unwrap(), head, "it was signed once");
    assert_eq!(kept.anchor().held().unwrap().head, head);
}

#[tokio::test]
async fn all_who_wait_share_one_write() {
    let folder = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&folder, "journal.db").await);
    let anchor: Arc<MemoryAnchor> = Arc::default();
    let keeper = keeper(&store, &anchor);
    keeper.look().await.unwrap();
    let before = anchor.writes();
    for n in 0..64 {
        signed(store.as_ref(), &n.to_string()).await;
    }
    let covered = futures_util::future::join_all((0..64).map(|_| keeper.cover())).await;
    assert!(covered.into_iter().all(|covered| covered.is_ok()));
    assert_eq!(anchor.writes() - before, 1);
    assert_eq!(anchor.held().unwrap().head, store.head().await.unwrap());
}

#[tokio::test]
async fn a_beat_reads_the_anchor_once_and_a_cover_of_what_was_committed_since_only_writes_it() {
    let folder = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&folder, "journal.db").await);
    let anchor: Arc<MemoryAnchor> = Arc::default();
    let keeper = keeper(&store, &anchor);
    keeper.look().await.unwrap();
    let (reads, writes) = (anchor.reads(), anchor.writes());
    keeper.look().await.unwrap();
    assert_eq!((anchor.reads() - reads, anchor.writes() - writes), (1, 0));
    signed(store.as_ref(), "a").await;
    keeper.cover().await.unwrap();
    assert_eq!((anchor.reads() - reads, anchor.writes() - writes), (1, 1));
    keeper.cover().await.unwrap();
    assert_eq!((anchor.reads() - reads, anchor.writes() - writes), (2, 1), "it may know of what was lost");
    signed(store.as_ref(), "b").await;
    keeper.look().await.unwrap();
    assert_eq!((anchor.reads() - reads, anchor.writes() - writes), (3, 2), "what was not covered is, at the next beat");
}

#[tokio::test]
async fn a_journal_that_is_not_untouched_needs_its_anchor() {
    let folder = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&folder, "journal.db").await);
    let anchor: Arc<MemoryAnchor> = Arc::default();
    keeper(&store, &anchor).look().await.unwrap();
    signed(store.as_ref(), "a").await;
    keeper(&store, &anchor).look().await.unwrap();
    let held = anchor.held();
    assert_eq!(held.unwrap().head, store.head().await.unwrap(), "a start moves the anchor on");
    anchor.put(None);
    assert_eq!(keeper(&store, &anchor).look().await, Err(Unanchored::Adrift(Adrift::Missing)));
    anchor.put(Some(mark(heads(1)[1])));
    assert_eq!(keeper(&store, &anchor).look().await, Err(Unanchored::Adrift(Adrift::OtherJournal)));
    anchor.put(held.map(|held| mark(Head { epoch: 2, ..held.head })));
    let refused = keeper(&store, &anchor).look().await;
    assert_eq!(refused, Err(Unanchored::Adrift(Adrift::OtherEpoch { journal: 1, anchor: 2 })));
    anchor.put(held);
    keeper(&store, &anchor).look().await.unwrap();
}

#[tokio::test]
async fn an_untouched_journal_beside_an_old_anchor_signs_nothing() {
    let folder = TempDir::new().unwrap();
    let anchor: Arc<MemoryAnchor> = Arc::default();
    let old: Arc<dyn Store> = Arc::new(open(&folder, "old.db").await);
    keeper(&old, &anchor).look().await.unwrap();
    let fresh: Arc<dyn Store> = Arc::new(open(&folder, "fresh.db").await);
    assert_eq!(keeper(&fresh, &anchor).look().await, Err(Unanchored::Adrift(Adrift::OtherJournal)));
}

#[tokio::test]
async fn an_anchor_that_is_an_older_copy_is_moved_on_by_a_journal_that_is_not() {
    let folder = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&folder, "journal.db").await);
    let anchor: Arc<MemoryAnchor> = Arc::default();
    let keeper = keeper(&store, &anchor);
    keeper.look().await.unwrap();
    let older = anchor.held();
    signed(store.as_ref(), "a").await;
    keeper.cover().await.unwrap();
    anchor.put(older);
    keeper.look().await.unwrap();
    assert_eq!(anchor.held().unwrap().head.sequence, 1);
}

#[tokio::test]
async fn a_replica_that_has_seen_less_than_was_lost_covers_nothing() {
    let folder = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&folder, "journal.db").await);
    let anchor: Arc<MemoryAnchor> = Arc::default();
    let keeper = keeper(&store, &anchor);
    keeper.look().await.unwrap();
    signed(store.as_ref(), "a").await;
    keeper.cover().await.unwrap();
    let others = store.head().await.unwrap().after("b", &PayloadDigest::of("b"), &Signature::from_bytes([7; 65]));
    anchor.put(Some(mark(others)));
    assert_eq!(keeper.cover().await, Err(Unanchored::Adrift(Adrift::Behind { journal: 1, anchor: 2 })));
}

#[tokio::test]
async fn replicas_share_one_anchor_and_each_covers_the_others_signatures() {
    let folder = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&folder, "journal.db").await);
    let anchor: Arc<MemoryAnchor> = Arc::default();
    let (one, other) = (keeper(&store, &anchor), keeper(&store, &anchor));
    one.look().await.unwrap();
    other.look().await.unwrap();
    for n in 0_u64..6 {
        signed(store.as_ref(), &n.to_string()).await;
        let (first, second) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        first.cover().await.unwrap();
        assert_eq!(anchor.held().unwrap().head.sequence, n + 1);
        second.cover().await.unwrap();
    }
}

#[tokio::test]
async fn a_replica_that_looks_while_another_begins_the_anchor_calls_nothing_forgotten() {
    let folder = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&folder, "journal.db").await);
    let anchor: Arc<MemoryAnchor> = Arc::default();
    let (one, other) = (keeper(&store, &anchor), keeper(&store, &anchor));
    one.look().await.unwrap();
    anchor.answer_once_with(None);
    other.look().await.unwrap();
    other.allows().await.unwrap();
}

/// A copy of a SQLite journal, as a backup makes it.
pub(super) async fn copied(store: Arc<dyn Store>, folder: &TempDir, from: &str, to: &str) -> Arc<dyn Store> {
    store.close().await.unwrap();
    drop(store);
    std::fs::copy(folder.path().join(from), folder.path().join(to)).unwrap();
    Arc::new(open(folder, from).await)
}

#[tokio::test]
async fn of_two_copies_of_a_journal_the_one_that_the_anchor_does_not_know_signs_for_nobody() {
    let folder = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&folder, "journal.db").await);
    let anchor: Arc<MemoryAnchor> = Arc::default();
    keeper(&store, &anchor).look().await.unwrap();
    signed(store.as_ref(), "common").await;
    let store = copied(store, &folder, "journal.db", "copy.db").await;
    let copy: Arc<dyn Store> = Arc::new(open(&folder, "copy.db").await);
    // Both were found in order while they were the same: two primaries after a failover.
    let (one, other) = (keeper(&store, &anchor), keeper(&copy, &anchor));
    one.look().await.unwrap();
    other.look().await.unwrap();
    signed(store.as_ref(), "here").await;
    one.cover().await.unwrap();
    for n in 0..3 {
        signed(copy.as_ref(), &format!("there-{n}")).await;
    }
    let kept = anchor.held();
    assert_eq!(other.cover().await, Err(Unanchored::Adrift(Adrift::Forked { sequence: 2 })), "though it is further on");
    assert_eq!(anchor.held(), kept);
    one.cover().await.unwrap();
    let fresh = keeper(&copy, &anchor);
    assert_eq!(fresh.look().await, Err(Unanchored::Adrift(Adrift::Forked { sequence: 2 })), "nor after a restart");
}

/// Takes a PostgreSQL journal back to the time after its first signature, as a standby that lagged would.
async fn fail_over(to: &mut PgConnection) {
    const BACK: &str = "SET session_replication_role = replica; \
                        DELETE FROM signing_reservation WHERE journal_sequence > 1 OR journal_sequence IS NULL; \
                        UPDATE signing_head SET sequence = 1, \
                        link = (SELECT link FROM signing_reservation WHERE journal_sequence = 1); \
                        SET session_replication_role = DEFAULT";
    to.execute(BACK).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_to_older_rows_is_seen_by_the_next_reservation_the_next_cover_and_the_next_beat() {
    let Some(schema) = Schema::fresh().await else { return };
    let ground = Ground::new(|_| ()).await;
    let store: Arc<dyn Store> = Arc::new(crate::postgres::open(schema.url()).await.unwrap());
    let context = ground.context(store.clone(), quick());
    context.anchor.look().await.unwrap();
    signed(store.as_ref(), "first").await;
    let (idle, unaware) = (keeper(&store, &ground.anchor), keeper(&store, &ground.anchor));
    for keeper in [&idle, &unaware] {
        keeper.look().await.unwrap();
    }
    let [covering, beating, furthest] = [(); 3].map(|()| keeper(&store, &ground.anchor));
    let older = ground.anchor.held();
    signed(store.as_ref(), "second").await;
    for keeper in [&context.anchor, &covering, &beating, &furthest] {
        keeper.look().await.unwrap();
    }
    let mut standby = schema.connect().await;
    fail_over(&mut standby).await;
    let lost = Unanchored::Adrift(Adrift::Behind { journal: 1, anchor: 2 });
    let key = ground_key(&context);
    let signing = context.anchor.sign_once(&key, &trade_reference(), "payload").await;
    assert!(matches!(signing, Err(NotSigned::Unanchored(found)) if found == lost), "{signing:?}");
    let reservations: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM signing_reservation").fetch_one(&mut standby).await.unwrap();
    assert_eq!(reservations, 1, "nothing was even reserved");
    assert_eq!(covering.cover().await, Err(lost));
    assert_eq!(beating.look().await, Err(lost));
    let newest = ground.anchor.held();
    ground.anchor.put(older);
    assert_eq!(beating.look().await, Err(lost), "an anchor that is as old hides it only from who has seen no more");
    ground.anchor.put(newest);
    // These never knew of the second signature. One concludes nothing from what it has; the other signs, and nothing of it leaves.
    assert_eq!(idle.cover().await, Err(lost), "the anchor is read although nothing was signed since");
    signed_unguarded(schema.url(), "third").await;
    let forked = Unanchored::Adrift(Adrift::Forked { sequence: 2 });
    assert_eq!(unaware.cover().await, Err(forked));
    signed_unguarded(schema.url(), "fourth").await;
    assert_eq!(furthest.cover().await, Err(forked), "it is as far again, by other links");
    assert_eq!(ground.anchor.held(), newest, "which the anchor does not follow");
    standby.close().await.unwrap();
}

/// A signature by a replica that has not looked since the failover.
async fn signed_unguarded(url: String, nonce: &str) {
    let store = crate::postgres::open(url).await.unwrap();
    signed(&store, nonce).await;
}

fn trade_reference() -> SigningReference {
    SigningReference::Trade {
        key: KeyId::new("key-ent-v1").unwrap(),
        nonce_hold: "hold".to_owned(),
        nonce_settle: "settle".to_owned(),
    }
}

fn ground_key(context: &Context) -> settlement_gateway::custody::Key {
    context.keyring.get(&KeyId::new("key-ent-v1").unwrap()).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_adrift_records_signs_and_sends_nothing_and_still_answers_reads() {
    let kept = Kept::new().await;
    kept.settle(V1, "before").await.unwrap();
    kept.until(V1, "before", |settlement| settlement.progress.reconciled.is_some()).await;
    let head = kept.context.store.head().await.unwrap();
    assert_eq!(head.sequence, 2, "a signature and a dispatch");
    assert_eq!(kept.anchor().writes(), 2, "the first mark, and one for both");
    kept.anchor().put(None);
    kept.context.anchor.look().await.unwrap_err();
    let requests = kept.ground.sandbox.ledger().requests_containing("");
    let refused = kept.settle(V1, "after").await;
    let adrift = |refused: &ServiceError| matches!(refused, ServiceError::Unanchored(Unanchored::Adrift(Adrift::Missing)));
    assert!(adrift(&refused.unwrap_err()));
    assert!(adrift(&kept.sign("n-1").await.unwrap_err()));
    let repeated = kept.settle(V1, "before").await.unwrap();
    assert_eq!(repeated.progress.state, State::Completed, "a repeat is a read");
    let enterprise = EnterpriseId::new(V1).unwrap();
    let name = SettlementName::External(external("after"));
    assert!(kept.context.store.settlement(&enterprise, &name).await.unwrap().is_none());
    assert_eq!(kept.context.store.head().await.unwrap(), head, "nothing was signed or sent");
    assert_eq!(kept.ground.sandbox.ledger().requests_containing(""), requests, "and the venue was asked for nothing");
}
