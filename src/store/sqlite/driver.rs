//! The connections to the file.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::SqlitePool;

use super::disk::Disk;
use super::files::LockFile;
use crate::domain::time::Clock;
use crate::store::StoreError;
use crate::store::sql::{Connection, Driver, LeaseClock, Mode, SQLITE, Session, SpentBudgets, unavailable};

/// The writer, the readers, the lock and the clock; cheap to clone into a task.
#[derive(Clone)]
pub struct SqliteDriver {
    /// One connection, so that writes queue here and not in SQLite.
    pub(super) writer: SqlitePool,
    /// Connections that cannot write.
    pub(super) readers: SqlitePool,
    /// What keeps a second process away; `None` for one that only reads.
    pub(super) lock: Option<Arc<LockFile>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) budgets: Arc<SpentBudgets>,
    pub(super) disk: Arc<Disk>,
}

#[async_trait]
impl Driver for SqliteDriver {
    /// A write begins immediately, since a transaction that reads first and then wants to write may fail at once.
    async fn begin(&self, mode: Mode) -> Result<Session, StoreError> {
        self.disk.keeps()?;
        let connection = match mode {
            Mode::Read => Connection::SqliteReader(self.readers.acquire().await.map_err(unavailable)?),
            Mode::Write => Connection::SqliteWriter(self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?),
        };
        Ok(Session::new(connection, LeaseClock::Given(Arc::clone(&self.clock)), &SQLITE))
    }

    fn heard(&self, error: &StoreError) {
        self.disk.heard(error);
    }

    fn budgets_in_memory(&self) -> Option<(&SpentBudgets, &dyn Clock)> {
        Some((&self.budgets, self.clock.as_ref()))
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        self.writer.close().await;
        self.lock.as_ref().map_or(Ok(()), |lock| lock.release()).map_err(unavailable)
    }
}
