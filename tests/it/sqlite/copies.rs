//! Copies of the journal: one that is good, or none; and never in the place of anything.

use std::fs;
use std::path::{Path, PathBuf};

use settlement_gateway::store::sqlite::{CopyError, OpenError, SqliteStore, backup, restore};
use settlement_gateway::store::{SettlementStore, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use tempfile::TempDir;

use super::open;
use crate::conformance::signed;
use crate::support::builders::{intent, new_settlement};

/// A folder with a journal at work, and a backup of it.
struct Ground {
    folder: TempDir,
    store: SqliteStore,
}

impl Ground {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path()).await.unwrap();
        signed(&store).await;
        Self { folder, store }
    }

    async fn with_backup() -> Self {
        let ground = Self::new().await;
        backup(&ground.journal(), &ground.copy()).await.unwrap();
        ground
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy.db")
    }

    /// Where a copy is brought back to.
    fn elsewhere(&self) -> PathBuf {
        self.folder.path().join("elsewhere").join("journal.db")
    }

    /// Tries to bring the copy back, which must be refused and leave no journal.
    async fn refused(&self) -> CopyError {
        let refused = restore(&self.copy(), &self.elsewhere()).await.unwrap_err();
        let left: Vec<_> = names(self.elsewhere().parent().unwrap());
        assert_eq!(left, ["journal.db.lock"], "{refused:?}");
        refused
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn change(database: &Path, sql: &'static str) {
    let mut on = SqliteConnectOptions::new().filename(database).foreign_keys(false).connect().await.unwrap();
    on.execute(sql).await.unwrap();
    on.close().await.unwrap();
}

#[tokio::test]
async fn a_copy_of_a_journal_at_work_comes_back_whole() {
    let ground = Ground::new().await;
    let copied = backup(&ground.journal(), &ground.copy()).await.unwrap();
    assert_eq!((copied.settlements, copied.schema.found, copied.bytes), (1, 1, fs::metadata(ground.copy()).unwrap().len()));
    let later = new_settlement(intent("later"));
    let id = later.id;
    ground.store.record_settlement(later).await.unwrap();
    assert_eq!(restore(&ground.copy(), &ground.elsewhere()).await.unwrap(), copied);
    let restored = open(ground.elsewhere().parent().unwrap()).await.unwrap();
    assert!(restored.settlement_by_id(id).await.unwrap().is_none(), "it was recorded after the copy");
    let first = ground.store.list(&everything()).await.unwrap().pop().unwrap();
    assert_eq!(restored.settlement_by_id(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(restored.material(first.id).await.unwrap(), ground.store.material(first.id).await.unwrap());
    restored.close().await.unwrap();
}

fn everything() -> settlement_gateway::store::ListQuery {
    settlement_gateway::store::ListQuery {
        enterprise_id: crate::support::builders::enterprise(),
        states: Vec::new(),
        created_from: None,
        created_before: None,
        after: None,
        limit: 100,
    }
}

#[tokio::test]
async fn the_copy_is_its_owners_alone_and_nothing_of_the_making_is_left() {
    use std::os::unix::fs::PermissionsExt;

    let ground = Ground::with_backup().await;
    assert_eq!(fs::metadata(ground.copy()).unwrap().permissions().mode() & 0o777, 0o600);
    let left = names(ground.folder.path());
    assert!(left.iter().all(|name| name == "copy.db" || name.starts_with("journal.db")), "{left:?}");
}

#[tokio::test]
async fn what_a_broken_off_backup_left_is_no_hindrance() {
    let ground = Ground::new().await;
    fs::write(ground.folder.path().join("copy.db.part"), "half of a former copy".repeat(1_000)).unwrap();
    backup(&ground.journal(), &ground.copy()).await.unwrap();
    restore(&ground.copy(), &ground.elsewhere()).await.unwrap();
}

#[tokio::test]
async fn a_file_that_has_the_name_is_never_replaced() {
    let ground = Ground::new().await;
    fs::write(ground.copy(), "last week's").unwrap();
    let refused = backup(&ground.journal(), &ground.copy()).await.unwrap_err();
    assert!(matches!(refused, CopyError::Exists { .. }), "{refused:?}");
    assert_eq!(fs::read_to_string(ground.copy()).unwrap(), "last week's");
}

#[tokio::test]
async fn a_journal_is_never_replaced_nor_what_lies_beside_one() {
    let ground = Ground::with_backup().await;
    let refused = restore(&ground.copy(), &ground.journal()).await.unwrap_err();
    assert!(matches!(refused, CopyError::Journal(OpenError::InUse { .. })), "{refused:?}");
    ground.store.close().await.unwrap();
    let before = fs::read(ground.journal()).unwrap();
    let refused = restore(&ground.copy(), &ground.journal()).await.unwrap_err();
    assert!(matches!(refused, CopyError::Exists { .. }), "{refused:?}");
    assert!(before == fs::read(ground.journal()).unwrap());
    fs::create_dir(ground.elsewhere().parent().unwrap()).unwrap();
    fs::write(ground.elsewhere().with_extension("db-wal"), "commits of a journal that was moved away").unwrap();
    let refused = restore(&ground.copy(), &ground.elsewhere()).await.unwrap_err();
    assert!(matches!(refused, CopyError::Exists { .. }), "{refused:?}");
    assert!(!ground.elsewhere().exists());
}

#[tokio::test]
async fn a_file_that_was_copied_from_under_a_process_is_no_backup() {
    let ground = Ground::new().await;
    fs::copy(ground.journal(), ground.copy()).unwrap();
    assert!(matches!(ground.refused().await, CopyError::NoBackup { .. }));
}

#[tokio::test]
async fn what_is_no_journal_is_refused() {
    let ground = Ground::new().await;
    fs::write(ground.copy(), "").unwrap();
    assert!(matches!(ground.refused().await, CopyError::NoBackup { .. }));
    fs::remove_file(ground.copy()).unwrap();
    change(&ground.copy_made_by_sqlite(), "CREATE TABLE something_else (a)").await;
    assert!(matches!(ground.refused().await, CopyError::NoBackup { .. }));
}

impl Ground {
    /// An empty file, which SQLite takes for an empty database.
    fn copy_made_by_sqlite(&self) -> PathBuf {
        fs::write(self.copy(), "").unwrap();
        self.copy()
    }
}

#[tokio::test]
async fn a_copy_of_a_newer_schema_is_refused() {
    let ground = Ground::with_backup().await;
    change(&ground.copy(), "UPDATE gateway_meta SET schema_version = 999, oldest_binary_schema = 999").await;
    assert!(matches!(ground.refused().await, CopyError::Journal(OpenError::SchemaTooNew { needed: 999, .. })));
}

#[tokio::test]
async fn a_damaged_copy_is_refused() {
    let ground = Ground::with_backup().await;
    // The standing of a settlement that there is not.
    change(&ground.copy(), "INSERT INTO settlement_standing VALUES (zeroblob(16), '{}', 1, '2026-01-01')").await;
    assert!(matches!(ground.refused().await, CopyError::Damaged { .. }));
    let short = fs::read(ground.copy()).unwrap();
    fs::write(ground.copy(), &short[..short.len() / 2]).unwrap();
    ground.refused().await;
}

#[tokio::test]
async fn a_copy_whose_rows_break_a_constraint_is_refused() {
    let ground = Ground::with_backup().await;
    change(&ground.copy(), "PRAGMA ignore_check_constraints = ON; UPDATE settlement SET terminal = 7").await;
    assert!(matches!(ground.refused().await, CopyError::Damaged { .. }));
}

#[tokio::test]
async fn a_copy_whose_rows_lack_their_settlement_is_refused() {
    let ground = Ground::with_backup().await;
    change(&ground.copy(), "INSERT INTO settlement_standing VALUES (zeroblob(16), '{}', 1, '')").await;
    assert!(matches!(ground.refused().await, CopyError::Damaged { .. }));
}
