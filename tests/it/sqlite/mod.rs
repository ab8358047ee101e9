//! The store in SQLite: the suite that every store passes, and what only a file can get wrong.

mod archive;
mod census;
mod copies;
mod damage;
mod durability;
mod opening;

use std::path::Path;
use std::sync::Arc;

use settlement_gateway::domain::time::Clock;
use settlement_gateway::store::sqlite::{OpenError, SqliteOptions, SqliteStore};
use tempfile::TempDir;

use crate::conformance::{Fixture, suite};
use crate::support::builders::start;
use crate::support::clock::ManualClock;

/// Opens the store of a folder.
async fn open(folder: &Path) -> Result<SqliteStore, OpenError> {
    let clock: Arc<dyn Clock> = ManualClock::at(start());
    SqliteStore::open(SqliteOptions { path: folder.join("journal.db"), clock }).await
}

async fn fresh() -> Option<Fixture> {
    let folder = TempDir::new().unwrap();
    let clock = ManualClock::at(start());
    let options = SqliteOptions { path: folder.path().join("journal.db"), clock: Arc::<ManualClock>::clone(&clock) };
    let store = SqliteStore::open(options).await.unwrap();
    Some(Fixture::new(Arc::new(store), clock, Box::new(folder)))
}

suite!(fresh);
