//! A file that is no longer what was written: found before anything is signed or sent for it, and named.

use std::path::Path;

use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::signing::{PayloadDigest, SigningJournal, SigningReference};
use settlement_gateway::store::sqlite::{OpenError, SqliteStore};
use settlement_gateway::store::{SettlementName, SettlementStore, Store, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tempfile::TempDir;
use uuid::Uuid;

use super::open;
use crate::conformance::{LEASE, signed};
use crate::support::builders::{enterprise, external, intent, new_settlement};

/// How large SQLite's pages are.
const PAGE_BYTES: usize = 4_096;

async fn beside(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.join("journal.db")).connect().await.unwrap()
}

/// A store with one signed settlement, and its id.
async fn with_one_signed(folder: &TempDir) -> (SqliteStore, Uuid) {
    let store = open(folder.path()).await.unwrap();
    signed(&store).await;
    let name = SettlementName::External(external("e-1"));
    let id = store.settlement(&enterprise(), &name).await.unwrap().unwrap().id;
    (store, id)
}

/// Changes a table past the triggers that keep the gateway itself from it.
async fn damage(folder: &TempDir, table: &str, change: &str) {
    let mut connection = beside(folder.path()).await;
    let triggers = format!("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '{table}'");
    let triggers: Vec<String> = sqlx::query_scalar(AssertSqlSafe(triggers)).fetch_all(&mut connection).await.unwrap();
    for trigger in triggers {
        connection.execute(AssertSqlSafe(format!("DROP TRIGGER {trigger}"))).await.unwrap();
    }
    connection.execute(AssertSqlSafe(format!("UPDATE {table} SET {change}"))).await.unwrap();
    connection.close().await.unwrap();
}

#[track_caller]
fn names<T: std::fmt::Debug>(read: Result<T, StoreError>, column: &str, id: Uuid) {
    let said = read.unwrap_err().to_string();
    assert_eq!(said, format!("a stored record cannot be read: {column} of settlement {id}"));
}

#[tokio::test]
async fn a_payload_or_body_that_changed_since_it_was_stored_is_neither_signed_nor_sent() {
    for (change, column) in [("payload = '{ }'", "payload"), ("body = x'02'", "body"), ("body = NULL", "body")] {
        let folder = TempDir::new().unwrap();
        let (store, id) = with_one_signed(&folder).await;
        damage(&folder, "settlement_material", change).await;
        names(store.material(id).await, column, id);
    }
}

#[tokio::test]
async fn a_request_of_which_a_leg_changed_is_not_prepared() {
    let folder = TempDir::new().unwrap();
    let (store, id) = with_one_signed(&folder).await;
    damage(&folder, "settlement_intent", "legs = replace(legs, '1.50', '9.50')").await;
    names(store.intent(id).await, "request_digest", id);
}

#[tokio::test]
async fn a_row_that_means_nothing_is_named_and_stops_no_other() {
    let folder = TempDir::new().unwrap();
    let (store, id) = with_one_signed(&folder).await;
    store.release(&settlement_gateway::store::Lease { id, token: 1 }, Some(jiff::Timestamp::UNIX_EPOCH)).await.unwrap();
    let other = new_settlement(intent("e-2"));
    store.record_settlement(other.clone()).await.unwrap();
    damage(&folder, "settlement", "state = 'NONE' WHERE external_id = 'e-1'").await;
    names(store.settlement_by_id(id).await, "state", id);
    let due = async || store.claim_due(other.now, LEASE, &[]).await;
    names(due().await, "state", id);
    assert_eq!(due().await.unwrap().unwrap().settlement.id, other.id, "the damaged one was set aside");
}

#[tokio::test]
async fn a_damaged_page_is_found_when_the_file_is_opened_and_nothing_is_changed() {
    let folder = TempDir::new().unwrap();
    let (store, _) = with_one_signed(&folder).await;
    store.close().await.unwrap();
    let path = folder.path().join("journal.db");
    let mut file = std::fs::read(&path).unwrap();
    let page = file.len() / PAGE_BYTES / 2 * PAGE_BYTES;
    file[page..page + 64].fill(0x5a);
    std::fs::write(&path, &file).unwrap();
    let refused = open(folder.path()).await;
    assert!(matches!(&refused, Err(OpenError::Damaged { found, .. }) if !found.is_empty()), "{refused:?}");
    assert!(std::fs::read(&path).unwrap() == file, "it is left as it was");
}

#[tokio::test]
async fn a_write_ahead_file_that_lost_its_end_leaves_whole_transactions() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await.unwrap();
    let key = KeyId::new("key-1").unwrap();
    for n in 0..6 {
        store.record_settlement(new_settlement(intent(&format!("e-{n}")))).await.unwrap();
        let reference = SigningReference::Dispute { key: key.clone(), nonce: n.to_string() };
        store.reserve(&reference, PayloadDigest::of("p")).await.unwrap();
    }
    let files = ["journal.db", "journal.db-wal"].map(|name| (name, std::fs::read(folder.path().join(name)).unwrap()));
    for lost in [1, PAGE_BYTES / 2, 3 * PAGE_BYTES, 9 * PAGE_BYTES + 7, 30 * PAGE_BYTES] {
        let copy = TempDir::new().unwrap();
        for (name, bytes) in &files {
            let kept = if name.ends_with("-wal") { bytes.len().saturating_sub(lost) } else { bytes.len() };
            std::fs::write(copy.path().join(name), &bytes[..kept]).unwrap();
        }
        open(copy.path()).await.unwrap().close().await.unwrap();
        let mut connection = beside(copy.path()).await;
        let whole: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
        let count = async |connection: &mut SqliteConnection, table: &str| -> i64 {
            let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            sqlx::query_scalar(count).fetch_one(connection).await.unwrap()
        };
        let recorded = count(&mut connection, "settlement").await;
        for part in ["settlement_intent", "settlement_event"] {
            assert_eq!(count(&mut connection, part).await, recorded, "{part} without {lost} bytes");
        }
        let reserved = count(&mut connection, "signing_reservation").await;
        assert!(whole == "ok" && (recorded == reserved || recorded == reserved + 1), "{whole} {recorded} {reserved}");
        assert!(recorded < 6 || reserved < 6, "{lost} bytes hold something");
    }
}
