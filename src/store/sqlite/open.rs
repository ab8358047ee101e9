//! Opening and closing the store.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlitePool};
use thiserror::Error;

use super::database::Database;
use super::{SqliteStore, claims, files, migrate};
use crate::domain::time::Clock;
use crate::store::StoreError;

/// How long a statement waits for a lock that a tool such as a backup holds on the database.
const BUSY_TIMEOUT_MS: u64 = 5_000;
/// How long work waits for a connection before the store is called unavailable.
const ACQUIRE_TIMEOUT_MS: u64 = 10_000;
/// To what size SQLite's write-ahead file is cut once its contents are in the database.
const JOURNAL_SIZE_LIMIT_BYTES: u32 = 64 * 1024 * 1024;
/// How many connections read.
const READERS: u32 = 4;

/// How to open the store.
#[derive(Clone)]
pub struct SqliteOptions {
    /// The database's file; made, with its folder, where it is missing. A lock file and SQLite's own files lie beside it.
    pub path: PathBuf,
    /// What leases run on; it only needs to agree with itself, since one process uses the store.
    pub clock: Arc<dyn Clock>,
}

/// Why the store was not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has it open. One process at a time may: a second would work on the same settlements.
    #[error("the store {} is in use by another process", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A newer version of the gateway has written it, and this one would misread it.
    #[error("the store has schema {found} and this version knows schemas up to {known}")]
    SchemaTooNew {
        /// The schema that was found.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// The folder, the database or the lock file cannot be made or opened.
    #[error("the store's files at {} cannot be used", path.display())]
    File {
        /// The database.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The schema could not be brought up to date; the database is as it was.
    #[error("the store's schema cannot be brought up to date")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database did not open, or not as it must.
    #[error("the store cannot be opened")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SqliteStore {
    /// Opens the store, brings its schema up to date and frees what a process that died was working on.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed then, beyond schema versions that this version knows.
    pub async fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let path = options.path.clone();
        let lock = tokio::task::spawn_blocking(move || files::prepare(&path)).await.map_err(failed)??;
        let writer = connection(&options.path)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT_BYTES.to_string());
        let writer = pool(1, writer).await?;
        migrate::up_to_date(&writer).await?;
        let readers = pool(READERS, connection(&options.path).read_only(true)).await?;
        let database = Database { writer, readers, clock: options.clock };
        database.in_task(claims::free_all).await.map_err(failed)?;
        Ok(Self { database, lock })
    }

    /// Waits for the work that is under way, closes the database and gives its lock back. Later calls answer
    /// [`StoreError::Unavailable`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the lock could not be given back before the process ends.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.database.close().await;
        self.lock.release().map_err(super::error::unavailable)
    }
}

fn connection(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
}

/// A pool that replaces a connection whose rollback failed. SQLite ends a transaction by itself when the disk is full,
/// the driver still believes in it, and every later write on the connection would be refused.
async fn pool(connections: u32, options: SqliteConnectOptions) -> Result<SqlitePool, OpenError> {
    SqlitePoolOptions::new()
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .test_before_acquire(false)
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_millis(ACQUIRE_TIMEOUT_MS))
        .connect_with(options)
        .await
        .map_err(failed)
}

/// The database's own failure, kept behind the message.
pub(super) fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> OpenError {
    OpenError::Database(Box::new(cause))
}
