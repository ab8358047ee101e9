//! Copies of the journal that the configuration names, and the way back.

use std::path::Path;

use super::AppError;
use super::journal::options;
use crate::config::{Environment, PostgresUrl, StoreLocation};
use crate::store::postgres::{self, ServerBackups};
use crate::store::sqlite::{self, Copied};

/// What became of a wish for a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copies {
    /// It was made, and found good.
    Made(Copied),
    /// The database server makes its own; nothing was done, and this is what it keeps.
    TheServers(ServerBackups),
}

/// Copies the journal to a file, also while a gateway works on it.
///
/// # Errors
/// [`AppError`]; there is no file of that name then.
pub async fn backup_journal(location: &StoreLocation, environment: &dyn Environment, to: &Path) -> Result<Copies, AppError> {
    Ok(match location {
        StoreLocation::Sqlite(path) => Copies::Made(sqlite::backup(path, to).await?),
        StoreLocation::Postgres { url, max_connections } => the_servers(url, *max_connections, environment).await?,
    })
}

/// Puts a copy in the place of a journal that does not exist.
///
/// # Errors
/// [`AppError`]; nothing was changed then.
pub async fn restore_journal(location: &StoreLocation, environment: &dyn Environment, from: &Path) -> Result<Copies, AppError> {
    Ok(match location {
        StoreLocation::Sqlite(path) => Copies::Made(sqlite::restore(from, path).await?),
        StoreLocation::Postgres { url, max_connections } => the_servers(url, *max_connections, environment).await?,
    })
}

async fn the_servers(url: &PostgresUrl, max_connections: u32, environment: &dyn Environment) -> Result<Copies, AppError> {
    let options = options(url, max_connections, environment)?;
    Ok(Copies::TheServers(postgres::backups(&options).await?))
}
