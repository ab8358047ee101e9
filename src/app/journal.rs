//! The journal that the configuration names, on whichever database.

use std::sync::Arc;

use super::{AppError, SystemClock};
use crate::config::{Environment, PostgresUrl, StoreLocation};
use crate::store::postgres::{self, PostgresOptions, PostgresStore, ServerDurability};
use crate::store::sqlite::{self, SqliteOptions, SqliteStore};
use crate::store::{LeaseClock, OpenError, SchemaStatus, Store};

/// Opens the journal and brings its schema up to date.
///
/// # Errors
/// [`AppError::Store`] when it must not or cannot be used, [`AppError::Secret`] when its URL cannot be had.
pub async fn open_journal(location: &StoreLocation, environment: &dyn Environment) -> Result<Arc<dyn Store>, AppError> {
    Ok(match location {
        StoreLocation::Sqlite(path) => {
            Arc::new(SqliteStore::open(SqliteOptions { path: path.clone(), clock: Arc::new(SystemClock) }).await?)
        }
        StoreLocation::Postgres { url, max_connections } => {
            Arc::new(PostgresStore::open(options(url, *max_connections, environment)?).await?)
        }
    })
}

/// Opens the journal to read alone, also while a gateway has it.
///
/// # Errors
/// As [`open_journal`]; also when there is no journal yet, or its schema is not this version's.
pub async fn open_journal_to_read(location: &StoreLocation, environment: &dyn Environment) -> Result<Arc<dyn Store>, AppError> {
    Ok(match location {
        StoreLocation::Sqlite(path) => {
            Arc::new(SqliteStore::open_to_read(SqliteOptions { path: path.clone(), clock: Arc::new(SystemClock) }).await?)
        }
        StoreLocation::Postgres { url, max_connections } => {
            Arc::new(PostgresStore::open_to_read(options(url, *max_connections, environment)?).await?)
        }
    })
}

/// Reads which schema the journal has, and changes nothing.
///
/// # Errors
/// As [`open_journal`]; for SQLite also when there is no such file yet.
pub async fn journal_schema(location: &StoreLocation, environment: &dyn Environment) -> Result<SchemaStatus, AppError> {
    Ok(match location {
        StoreLocation::Sqlite(path) => sqlite::schema(path).await?,
        StoreLocation::Postgres { url, max_connections } => {
            postgres::schema(&options(url, *max_connections, environment)?).await?
        }
    })
}

/// Asks the journal's server how it keeps what it acknowledged, and changes nothing; `None` beside SQLite, which this process
/// has wait for its disk itself.
///
/// # Errors
/// As [`open_journal`]; also when the server is not fit for a journal.
pub async fn journal_durability(
    location: &StoreLocation,
    environment: &dyn Environment,
) -> Result<Option<ServerDurability>, AppError> {
    Ok(match location {
        StoreLocation::Sqlite(_) => None,
        StoreLocation::Postgres { url, max_connections } => {
            Some(postgres::durability(&options(url, *max_connections, environment)?).await?)
        }
    })
}

pub(super) fn options(
    url: &PostgresUrl,
    max_connections: u32,
    environment: &dyn Environment,
) -> Result<PostgresOptions, AppError> {
    let secret = url.read(environment)?;
    let url = secret.expose_text().ok_or(OpenError::NotText)?.to_owned();
    Ok(PostgresOptions { url, max_connections, clock: LeaseClock::Database })
}
