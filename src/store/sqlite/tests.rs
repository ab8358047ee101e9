//! What can be provoked only from inside: a writer that is busy, a disk that is full.

use std::sync::Arc;

use futures_util::poll;
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use super::*;
use crate::domain::ids::KeyId;
use crate::domain::signing::{PayloadDigest, Reservation, Signature, SigningJournal, SigningReference};
use crate::domain::time::Clock;
use crate::store::sql::{Driver, Mode};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

async fn open(folder: &TempDir) -> SqliteStore {
    let options = SqliteOptions { path: folder.path().join("journal.db"), clock: Arc::new(Still) };
    SqliteStore::open(options).await.unwrap()
}

fn reference(nonce: &str) -> SigningReference {
    SigningReference::Dispute { key: KeyId::new("key-1").unwrap(), nonce: nonce.to_owned() }
}

async fn pragma(store: &SqliteStore, name: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("PRAGMA {name}"))).fetch_one(&store.driver.writer).await.unwrap()
}

#[tokio::test]
async fn every_commit_is_synced_and_references_hold() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    assert_eq!(pragma(&store, "synchronous").await, 2, "FULL");
    assert_eq!(pragma(&store, "foreign_keys").await, 1);
    assert_eq!(pragma(&store, "busy_timeout").await, 5_000);
}

#[tokio::test]
async fn readers_cannot_write() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    assert!(sqlx::query("DELETE FROM spend").execute(&store.driver.readers).await.is_err());
}

#[tokio::test]
async fn work_whose_caller_went_away_while_it_queued_still_commits() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let (first, second) = (PayloadDigest::of("first"), PayloadDigest::of("second"));
    let busy = store.driver.begin(Mode::Write).await.unwrap();
    let abandoned = reference("n");
    let mut reserving = store.reserve(&abandoned, first);
    assert!(poll!(&mut reserving).is_pending());
    tokio::task::yield_now().await;
    drop(reserving);
    drop(busy);
    assert_eq!(store.reserve(&reference("n"), second).await.unwrap(), Reservation::Conflict { holder: first });
}

#[tokio::test]
async fn a_full_disk_refuses_whole_changes_and_the_store_recovers_with_the_space() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let pages = pragma(&store, "page_count").await;
    pragma(&store, &format!("max_page_count = {}", pages + 2)).await;
    let digest = PayloadDigest::of("payload");
    let long = |n: u32| reference(&format!("{n}{}", "x".repeat(2_000)));
    let mut kept = 0;
    let refused = loop {
        match store.reserve(&long(kept), digest).await {
            Ok(_) => kept += 1,
            Err(refused) => break refused,
        }
        assert!(kept < 100, "the space never ends");
    };
    assert_eq!(refused.to_string(), "the signing journal did not answer");
    // The limit is the connection's own, which is replaced after its failure: there is space again.
    let other = PayloadDigest::of("other");
    assert_eq!(store.reserve(&long(kept), other).await.unwrap(), Reservation::Reserved, "the refusal reserved nothing");
    for n in 0..kept {
        assert_eq!(store.reserve(&long(n), digest).await.unwrap(), Reservation::Reserved, "what was acknowledged is kept");
    }
    store.record(&long(kept), other, Signature::from_bytes([1; 65])).await.unwrap();
}
