//! What can be provoked only from inside: a connection that its last user left in the middle of a transaction.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use sqlx::Executor;
use tokio::time::timeout;

use super::{PostgresAnchor, PostgresOptions, PostgresStore, driver};
use crate::domain::ids::KeyId;
use crate::domain::signing::{PayloadDigest, Reservation, SigningJournal, SigningReference};
use crate::store::sql::{Driver, Mode, Statement};
use crate::store::{Anchor, LeaseClock, StoreError};
use choices::Choices;
use proxy::Proxy;
use schema::Schema;

#[expect(dead_code, reason = "the tests from outside choose more")]
#[path = "../../../tests/it/support/choices.rs"]
mod choices;
#[expect(dead_code, reason = "the tests from outside do more with it")]
#[path = "../../../tests/it/support/proxy.rs"]
mod proxy;
#[expect(dead_code, reason = "the tests from outside ask it more")]
#[path = "../../../tests/it/support/postgres.rs"]
mod schema;

/// How long a message to the server takes in the tests that go away in the middle of one.
const LATENCY: Duration = Duration::from_millis(10);
/// More than taking a connection and beginning on it takes, most of which is on the way.
const BEGUN_AFTER_MICROSECONDS: u64 = 60_000;
/// Long enough for every outcome; nothing waits for it unless something hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a server may be silent in these tests: more than it takes to answer on a machine that is busy with others.
const SILENCE: Duration = Duration::from_secs(2);
/// How many connections there are, and how often each is left behind.
const CONNECTIONS: u32 = 4;
const ROUNDS: u32 = 8;

/// A store with one connection, so that whoever comes next gets the one that was left behind.
async fn open(schema: &Schema) -> PostgresStore {
    let options = PostgresOptions { url: schema.url(), max_connections: 1, clock: LeaseClock::Database };
    PostgresStore::open(options).await.unwrap()
}

fn reference() -> SigningReference {
    reference_of("n")
}

fn reference_of(nonce: &str) -> SigningReference {
    SigningReference::Dispute { key: KeyId::new("key-1").unwrap(), nonce: nonce.to_owned() }
}

/// Begins a transaction of two statements on the store's connection and goes away after the first.
async fn leave_behind(store: &PostgresStore, statements: &'static str) {
    let mut connection = store.driver.pool.acquire().await.unwrap();
    let _ = connection.execute("BEGIN").await;
    let _ = connection.execute(statements).await;
}

#[tokio::test]
async fn half_a_write_of_who_went_away_is_never_committed_by_the_next() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = open(&schema).await;
    leave_behind(&store, "INSERT INTO spend_lock (caller) VALUES ('half')").await;
    assert_eq!(store.reserve(&reference(), PayloadDigest::of("p")).await.unwrap(), Reservation::Reserved);
    let mut beside = schema.connect().await;
    let halves: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM spend_lock").fetch_one(&mut beside).await.unwrap();
    let wholes: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM signing_reservation").fetch_one(&mut beside).await.unwrap();
    assert_eq!((halves, wholes), (0, 1));
}

#[tokio::test]
async fn a_transaction_that_failed_and_was_left_refuses_nobody_else() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = open(&schema).await;
    leave_behind(&store, "SELECT 1 / 0").await;
    assert_eq!(store.reserve(&reference(), PayloadDigest::of("p")).await.unwrap(), Reservation::Reserved);
}

/// A write that is one statement, as a tool's or a later version's may be: it says Ok while it is part of a transaction that
/// somebody else left open, and is lost with it.
async fn acknowledged_at_once(store: &PostgresStore, name: String) -> (i32, String) {
    let mut connection = store.driver.pool.acquire().await.unwrap();
    let insert = sqlx::query("INSERT INTO spend_lock (caller) VALUES ($1)").bind(&name).persistent(false);
    insert.execute(&mut *connection).await.unwrap();
    let pid = sqlx::query_scalar("SELECT pg_backend_pid()").persistent(false).fetch_one(&mut *connection).await.unwrap();
    (pid, name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_begin_that_was_left_at_any_microsecond_takes_no_later_write_with_it() {
    let Some(schema) = Schema::fresh().await else { return };
    let proxy = Proxy::before(&schema.socket(), LATENCY).await;
    let options =
        PostgresOptions { url: schema.url_at(proxy.address()).await, max_connections: CONNECTIONS, clock: LeaseClock::Database };
    let store = PostgresStore::open(options).await.unwrap();
    let (mut choices, mut beside) = (Choices::from_environment(), schema.connect().await);
    // The driver's own transaction, which is not closed when it is left as the store's are.
    let begin = || driver::begin(&store.driver.pool, Mode::Write);
    for round in 0..ROUNDS {
        let leaving = (0..CONNECTIONS).map(|_| Duration::from_micros(choices.below(BEGUN_AFTER_MICROSECONDS)));
        join_all(leaving.map(|patience| timeout(patience, begin()))).await;
        let acknowledged = (0..CONNECTIONS).map(|n| acknowledged_at_once(&store, format!("{round}-{n}")));
        for (pid, name) in join_all(acknowledged).await {
            let seen: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM spend_lock WHERE caller = $1")
                .bind(&name)
                .fetch_one(&mut beside)
                .await
                .unwrap();
            let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM pg_stat_activity WHERE pid = $1 AND state LIKE 'idle in%'")
                .bind(pid)
                .fetch_one(&mut beside)
                .await
                .unwrap();
            assert_eq!((seen, open), (1, 0), "{name} was acknowledged");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_without_a_word_is_unavailable_and_every_connection_to_it_is_replaced() {
    let Some(schema) = Schema::fresh().await else { return };
    let proxy = Proxy::before(&schema.socket(), Duration::ZERO).await;
    let options =
        PostgresOptions { url: schema.url_at(proxy.address()).await, max_connections: CONNECTIONS, clock: LeaseClock::Database };
    let mut store = PostgresStore::open(options).await.unwrap();
    store.driver.answer_timeout = SILENCE;
    let reserve = async |store: &PostgresStore, nonce: &str| {
        let reference = reference_of(nonce);
        let reserving = (0..CONNECTIONS).map(|_| store.reserve(&reference, PayloadDigest::of("p")));
        for reserved in timeout(PATIENCE, join_all(reserving)).await.expect("nothing hangs") {
            assert_eq!(reserved.unwrap(), Reservation::Reserved);
        }
    };

    // In the middle of transactions.
    let begun = join_all((0..CONNECTIONS).map(|_| store.driver.begin(Mode::Write))).await;
    proxy.silence();
    for session in begun {
        let mut session = session.unwrap();
        let asked = timeout(PATIENCE, session.now()).await.expect("nothing hangs");
        assert!(matches!(asked, Err(StoreError::Unavailable(_))), "{asked:?}");
        timeout(PATIENCE, session.abandon()).await.expect("nothing hangs");
    }
    proxy.mend();
    reserve(&store, "after transactions").await;

    // While connections lie idle.
    proxy.silence();
    proxy.mend();
    reserve(&store, "after idleness").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anchors_server_that_is_gone_without_a_word_is_unavailable_and_answers_once_it_is_back() {
    let Some(schema) = Schema::fresh().await else { return };
    let proxy = Proxy::before(&schema.socket(), Duration::ZERO).await;
    let options = PostgresOptions { url: schema.url_at(proxy.address()).await, max_connections: 2, clock: LeaseClock::Database };
    let mut anchor = PostgresAnchor::new(&options, "desk".to_owned()).unwrap();
    anchor.answer_timeout = SILENCE;
    assert_eq!(anchor.read().await.unwrap(), None);

    // Every connection is in the middle of a transaction.
    let begun = join_all((0..2).map(|_| anchor.transaction(Mode::Write))).await;
    proxy.silence();
    for transaction in begun {
        let mut transaction = transaction.unwrap();
        let asked = timeout(PATIENCE, transaction.rows(Statement::new("SELECT 1"))).await.expect("nothing hangs");
        assert!(matches!(asked, Err(StoreError::Unavailable(_))));
    }
    proxy.mend();
    let read = join_all((0..2).map(|_| anchor.read()));
    for mark in timeout(PATIENCE, read).await.expect("nothing hangs") {
        assert_eq!(mark.unwrap(), None, "by other connections");
    }
}

#[tokio::test]
async fn nothing_stays_prepared_or_set_on_a_connection_so_that_a_pooler_may_stand_between() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = open(&schema).await;
    store.reserve(&reference(), PayloadDigest::of("p")).await.unwrap();
    let mut connection = store.driver.pool.acquire().await.unwrap();
    let left: (i64, String, String) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM pg_prepared_statements WHERE name <> ''), \
         current_setting('statement_timeout'), current_setting('lock_timeout')",
    )
    .persistent(false)
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    assert_eq!(left, (0, "0".to_owned(), "0".to_owned()));
}

#[tokio::test]
async fn work_whose_caller_went_away_while_it_queued_still_commits() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = open(&schema).await;
    let (first, second) = (PayloadDigest::of("first"), PayloadDigest::of("second"));
    let reference = reference();
    let busy = store.driver.pool.acquire().await.unwrap();
    let mut reserving = store.reserve(&reference, first);
    assert!((&mut reserving).now_or_never().is_none());
    // The task has begun to wait for the only connection when this one is polled again.
    tokio::task::yield_now().await;
    drop(reserving);
    drop(busy);
    assert_eq!(store.reserve(&reference, second).await.unwrap(), Reservation::Conflict { holder: first });
}
