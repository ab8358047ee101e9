//! What can be provoked only from inside: a writer that is busy, a disk that is full.

use std::sync::Arc;

use futures_util::poll;
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use super::*;
use crate::domain::ids::{EnterpriseId, KeyId};
use crate::domain::signing::{PayloadDigest, Reservation, Signature, SigningJournal, SigningReference};
use crate::domain::time::Clock;
use crate::store::sql::{Driver, Mode};
use crate::store::{About, Delivery, ErrandKind, ErrandStore, InboxStore, StoreError};

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

fn delivery(key: u8) -> Delivery {
    Delivery {
        id: uuid::Uuid::from_u128(key.into()),
        lane: "lane".to_owned(),
        key: [key; 32],
        about: About::Settlements { enterprises: vec![EnterpriseId::new("e").unwrap()], names: Vec::new() },
        body: Vec::new(),
        received_at: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_is_set_aside_and_those_behind_it_are_acted_on() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    for key in 1..4 {
        store.receive(&delivery(key)).await.unwrap();
    }
    let damage = "UPDATE delivery SET about = '{\"another\": \"version\"}' WHERE unique_key = $1";
    sqlx::query(damage).bind([1_u8; 32].as_slice()).execute(&store.driver.writer).await.unwrap();
    assert!(matches!(store.waiting_deliveries("lane", 10).await, Err(StoreError::Damaged(_))));
    assert_eq!(store.waiting_deliveries("lane", 10).await.unwrap(), [delivery(2), delivery(3)]);
}

#[tokio::test]
async fn an_errand_of_a_kind_that_this_version_does_not_know_is_left_to_the_one_that_does() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let another = "INSERT INTO errand (kind, subject, due_at) VALUES ('ANOTHER', 's', '0000-01-01T00:00:00.000000000Z')";
    sqlx::query(another).execute(&store.driver.writer).await.unwrap();
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(store.next_errand_due().await.unwrap(), None, "nobody is woken for it");
    assert_eq!(store.claim_errand(now, std::time::Duration::from_secs(1)).await.unwrap(), None);
    for kind in [ErrandKind::Trade, ErrandKind::Quote, ErrandKind::Delivery, ErrandKind::Patrol] {
        store.enlist(kind, "s", now).await.unwrap();
        assert_eq!(store.next_errand_due().await.unwrap(), Some(now), "{kind:?} is known");
        let claim = store.claim_errand(now, std::time::Duration::from_secs(1)).await.unwrap().unwrap();
        store.release_errand(&claim.lease, None).await.unwrap();
    }
}
