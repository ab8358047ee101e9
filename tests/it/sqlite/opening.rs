//! Opening: one process, private files, and no schema that this version would misread.

use std::error::Error;
use std::path::Path;

use settlement_gateway::domain::settlement::{Change, Settlement};
use settlement_gateway::store::sqlite::{OpenError, SqliteStore};
use settlement_gateway::store::{Recorded, SettlementStore, Store, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::open;
use crate::support::builders::{intent, new_settlement, start};

const LEASE: std::time::Duration = std::time::Duration::from_secs(30);

async fn record(store: &SqliteStore) -> Settlement {
    match store.record_settlement(new_settlement(intent("e-1"))).await.unwrap() {
        Recorded::New(settlement) => *settlement,
        other => panic!("not new: {other:?}"),
    }
}

#[tokio::test]
async fn a_second_opening_is_refused_until_the_first_is_closed() {
    let folder = TempDir::new().unwrap();
    let first = open(folder.path()).await.unwrap();
    assert!(matches!(open(folder.path()).await, Err(OpenError::InUse { .. })));
    first.close().await.unwrap();
    open(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_dropped_gives_its_lock_back() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).await.unwrap());
    open(folder.path()).await.unwrap();
}

#[tokio::test]
async fn what_was_recorded_is_found_after_reopening() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await.unwrap();
    let recorded = record(&store).await;
    store.close().await.unwrap();
    let store = open(folder.path()).await.unwrap();
    assert_eq!(store.settlement_by_id(recorded.id).await.unwrap(), Some(recorded));
}

#[tokio::test]
async fn what_a_dead_process_held_is_due_at_once_and_its_lease_counts_as_lapsed() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await.unwrap();
    let received = record(&store).await;
    let lease = store.claim(received.id, LEASE).await.unwrap().unwrap().lease;
    let change = Change::Prepared { payload: "{}".to_owned() };
    let prepared = received.after(&change, start()).unwrap();
    store.save(&lease, &change, &prepared, None, Some(LEASE)).await.unwrap();
    drop(store);
    let store = open(folder.path()).await.unwrap();
    assert!(matches!(store.release(&lease, None).await, Err(StoreError::Fenced)), "the dead process's lease is void");
    let claim = store.claim_due(start(), LEASE, &[]).await.unwrap().unwrap();
    assert_eq!((claim.lapses, claim.settlement), (1, prepared));
    assert!(claim.lease.token > lease.token);
}

/// Says that a newer version has changed the schema, and how old a version may be that still runs on it.
async fn set_versions(folder: &Path, schema: i64, oldest_binary: i64) {
    let file = SqliteConnectOptions::new().filename(folder.join("journal.db"));
    let mut newer = file.connect().await.unwrap();
    let update = "UPDATE gateway_meta SET schema_version = ?1, oldest_binary_schema = ?2";
    sqlx::query(update).bind(schema).bind(oldest_binary).execute(&mut newer).await.unwrap();
    newer.close().await.unwrap();
}

#[tokio::test]
async fn a_schema_of_a_newer_version_that_allows_this_one_is_used_as_it_is() {
    let folder = TempDir::new().unwrap();
    open(folder.path()).await.unwrap().close().await.unwrap();
    set_versions(folder.path(), 2, 1).await;
    record(&open(folder.path()).await.unwrap()).await;
    let status = settlement_gateway::store::sqlite::schema(&folder.path().join("journal.db")).await.unwrap();
    assert_eq!((status.found, status.needed, status.known), (2, 1, 1));
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    open(folder.path()).await.unwrap().close().await.unwrap();
    set_versions(folder.path(), 999, 999).await;
    let before = std::fs::read(folder.path().join("journal.db")).unwrap();
    assert!(matches!(open(folder.path()).await, Err(OpenError::SchemaTooNew { needed: 999, known: 1 })));
    assert!(before == std::fs::read(folder.path().join("journal.db")).unwrap());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_without_its_contents_in_the_message() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("journal.db"), "no database, but a long secret text ".repeat(100)).unwrap();
    let error = open(folder.path()).await.unwrap_err();
    assert_eq!(error.to_string(), "the store cannot be opened");
    assert!(error.source().is_some(), "what the driver said stays behind the message");
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_says_nothing_of_the_database() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await.unwrap();
    store.close().await.unwrap();
    let error = store.record_settlement(new_settlement(intent("e-1"))).await.unwrap_err();
    assert_eq!(error.to_string(), "the store did not answer");
}

#[cfg(unix)]
#[tokio::test]
async fn folder_and_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let outer = TempDir::new().unwrap();
    let folder = outer.path().join("new").join("store");
    std::fs::create_dir_all(outer.path()).unwrap();
    let store = open(&folder).await.unwrap();
    record(&store).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(folder.parent().unwrap())), (0o700, 0o700));
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 4, "database, journal, index and lock: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_that_others_could_read_is_closed_to_them() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.db");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    open(folder.path()).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
