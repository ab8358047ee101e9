//! Opening and closing the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlitePool};

use super::{SqliteDriver, SqliteStore, files, migrate};
use crate::domain::time::Clock;
use crate::store::sql::{Floor, Mode, OpenError, failed, free_all};

/// How long a statement waits for a lock that a tool such as a backup holds on the database.
const BUSY_TIMEOUT_MS: u64 = 5_000;
/// How long work waits for a connection before the store is called unavailable.
const ACQUIRE_TIMEOUT_MS: u64 = 10_000;
/// What SQLite says of a file whose pages do not hold together.
const CORRUPT: &str = "11";
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
        is_whole(&writer, &options.path).await?;
        migrate::up_to_date(&writer).await?;
        let readers = pool(READERS, connection(&options.path).read_only(true)).await?;
        let driver = SqliteDriver {
            writer,
            readers,
            lock: Some(Arc::new(lock)),
            clock: options.clock,
            budgets: Arc::default(),
            disk: Arc::default(),
        };
        let store = Self { driver, floor: Floor::default() };
        store.run(Mode::Write, (), |on, ()| Box::pin(free_all(on))).await.map_err(failed)?;
        Ok(store)
    }

    /// Opens the store to read alone, also while another process has it; writes are refused.
    ///
    /// # Errors
    /// [`OpenError`] also where there is no such file yet, or its schema is not this version's.
    pub async fn open_to_read(options: SqliteOptions) -> Result<Self, OpenError> {
        migrate::schema(&options.path).await?.must_be_known()?;
        let readers = pool(READERS, connection(&options.path).read_only(true)).await?;
        let (writer, clock) = (readers.clone(), options.clock);
        let driver = SqliteDriver { writer, readers, lock: None, clock, budgets: Arc::default(), disk: Arc::default() };
        Ok(Self { driver, floor: Floor::default() })
    }
}

/// Refuses a file whose pages do not hold together: what it says of a settlement could be anything.
async fn is_whole(writer: &SqlitePool, path: &Path) -> Result<(), OpenError> {
    let damaged = |found| OpenError::Damaged { path: path.to_owned(), found };
    match sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(writer).await {
        Ok(found) if found == "ok" => Ok(()),
        Ok(found) => Err(damaged(found.lines().last().unwrap_or_default().to_owned())),
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == CORRUPT) => {
            Err(damaged("its pages cannot be read".to_owned()))
        }
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn connection(path: &Path) -> SqliteConnectOptions {
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
