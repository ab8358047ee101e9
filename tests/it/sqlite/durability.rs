//! What is begun ends, is synced before it is answered, and is never undone by a later statement.

use std::task::Poll;

use futures_util::poll;
use settlement_gateway::store::{AuditStore, SettlementStore, Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::open;
use crate::conformance::signed;
use crate::support::builders::{intent, new_settlement};

async fn behind(folder: &TempDir) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.path().join("journal.db")).connect().await.unwrap()
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_nothing() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await.unwrap();
    let mut ids = Vec::new();
    for n in 0..50 {
        let new = new_settlement(intent(&format!("e-{n}")));
        ids.push(new.id);
        let mut recording = Box::pin(store.record_settlement(new));
        // Polled until the work has begun, at most as often as there are steps in it, and then dropped.
        for _ in 0..=n % 5 {
            if let Poll::Ready(recorded) = poll!(&mut recording) {
                recorded.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    // Closing waits for what is under way: whatever it did not commit would be missing afterwards.
    store.record_settlement(new_settlement(intent("last"))).await.unwrap();
    store.close().await.unwrap();
    let store = open(folder.path()).await.unwrap();
    for id in ids {
        assert!(store.settlement_by_id(id).await.unwrap().is_some());
        assert_eq!(store.timeline(id, 10).await.unwrap().len(), 1);
        store.intent(id).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_fixed_for_ever_is_refused_by_the_database_itself() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await.unwrap();
    signed(&store).await;
    store.chain_audit(1).await.unwrap();
    let mut connection = behind(&folder).await;
    let reserve = "INSERT INTO signing_reservation (reference, key_id, purpose, digest, reserved_at, signature) \
                   VALUES ('r', 'k', 'raw', zeroblob(32), '', zeroblob(65))";
    sqlx::query(reserve).execute(&mut connection).await.unwrap();
    for forbidden in [
        "UPDATE settlement_intent SET legs = '[]'",
        "UPDATE settlement_material SET payload = 'other'",
        "UPDATE settlement_material SET body = x'02'",
        "UPDATE signing_reservation SET digest = randomblob(32)",
        "UPDATE signing_reservation SET signature = randomblob(65)",
        "DELETE FROM signing_reservation",
        "DELETE FROM audit_record",
        "UPDATE audit_record SET content = '{}'",
        "UPDATE audit_record SET position = position + 1 WHERE position IS NOT NULL",
    ] {
        assert!(sqlx::query(forbidden).execute(&mut connection).await.is_err(), "{forbidden}");
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn the_journal_is_written_ahead_and_whole() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await.unwrap();
    signed(&store).await;
    let mut connection = behind(&folder).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await.unwrap();
    let whole: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap();
    assert_eq!((mode.as_str(), whole.as_str(), orphans.len()), ("wal", "ok", 0));
    connection.close().await.unwrap();
}
