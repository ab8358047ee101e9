//! The connections, and the rule that work on them is never cancelled half way.

use std::sync::Arc;

use sqlx::{Sqlite, SqlitePool, Transaction};

use super::error::unavailable;
use crate::domain::time::Clock;
use crate::store::StoreError;

/// The writer, the readers and the clock; cheap to clone into a task.
#[derive(Clone)]
pub(super) struct Database {
    /// One connection, so that writes queue here and not in SQLite.
    pub(super) writer: SqlitePool,
    /// Connections that cannot write.
    pub(super) readers: SqlitePool,
    /// What leases run on.
    pub(super) clock: Arc<dyn Clock>,
}

impl Database {
    /// Runs work in a task of its own and waits for it. Who stops waiting stops nothing: a transaction that was begun ends.
    pub(super) async fn in_task<T, W>(&self, work: impl FnOnce(Self) -> W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        tokio::spawn(work(self.clone())).await.map_err(unavailable)?
    }

    /// Begins a write. Immediate, since a transaction that reads first and then wants to write may fail at once.
    pub(super) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)
    }

    /// Waits for the work that is under way and closes the connections; later work is refused.
    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Makes a write durable.
pub(super) async fn commit(write: Transaction<'static, Sqlite>) -> Result<(), StoreError> {
    write.commit().await.map_err(unavailable)
}
