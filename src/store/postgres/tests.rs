//! What can be provoked only from inside: a connection that its last user left in the middle of a transaction.

use futures_util::FutureExt;
use sqlx::Executor;

use super::{PostgresOptions, PostgresStore};
use crate::domain::ids::KeyId;
use crate::domain::signing::{PayloadDigest, Reservation, SigningJournal, SigningReference};
use crate::store::LeaseClock;
use schema::Schema;

#[path = "../../../tests/it/support/postgres.rs"]
mod schema;

/// A store with one connection, so that whoever comes next gets the one that was left behind.
async fn open(schema: &Schema) -> PostgresStore {
    let options = PostgresOptions { url: schema.url(), max_connections: 1, clock: LeaseClock::Database };
    PostgresStore::open(options).await.unwrap()
}

fn reference() -> SigningReference {
    SigningReference::Dispute { key: KeyId::new("key-1").unwrap(), nonce: "n".to_owned() }
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
