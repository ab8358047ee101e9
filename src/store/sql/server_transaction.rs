//! A transaction on a server that may go away without a word.
//!
//! A power cut, a failover or a partition leaves connections that answer
//! nothing and end after a quarter of an hour or never. So every answer is
//! awaited for a bounded time, and a connection that did not answer is closed
//! and never used again. The driver's own transactions would give it back to
//! the pool first, and wait there.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{Executor, PgPool, Postgres};
use thiserror::Error;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::error::unavailable;
use super::statement::Statement;
use crate::store::StoreError;

/// How long a connection may take on its way back to the pool, where the server is asked for a last sign of life.
const RETURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The server did not answer in time.
#[derive(Debug, Error)]
#[error("the server was silent for {0:?}")]
struct Silent(Duration);

/// How far a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    UnderWay,
    Over,
    /// Nobody knows, and nobody waits any longer.
    Silent,
}

/// A transaction. Dropped before its end, it closes its connection, which undoes it.
pub(in crate::store) struct ServerTransaction {
    connection: PoolConnection<Postgres>,
    answer_timeout: Duration,
    stage: Stage,
}

impl ServerTransaction {
    /// Takes a connection and begins. `answer_timeout` is longer than what the server itself allows a statement.
    pub(in crate::store) async fn begin(
        pool: &PgPool,
        begin: &'static str,
        answer_timeout: Duration,
    ) -> Result<Self, StoreError> {
        let connection = pool.acquire().await.map_err(unavailable)?;
        let mut transaction = Self { connection, answer_timeout, stage: Stage::UnderWay };
        let heard = timeout(answer_timeout, transaction.connection.execute(begin)).await;
        transaction.heard(heard).map(|_| transaction)
    }

    /// Runs a statement and says how many rows it changed.
    pub(in crate::store) async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let running = statement.for_driver().persistent(false).execute(&mut *self.connection);
        let heard = timeout(self.answer_timeout, running).await;
        self.heard(heard).map(|done| done.rows_affected())
    }

    /// Runs a statement and reads the rows that it gives.
    pub(in crate::store) async fn rows(&mut self, statement: Statement) -> Result<Vec<PgRow>, StoreError> {
        let running = statement.for_driver().persistent(false).fetch_all(&mut *self.connection);
        let heard = timeout(self.answer_timeout, running).await;
        self.heard(heard)
    }

    /// Ends the transaction and makes what it wrote durable.
    pub(in crate::store) async fn commit(mut self) -> Result<(), StoreError> {
        self.end("COMMIT").await
    }

    /// Ends the transaction and undoes what it wrote. Where that fails the connection is closed, which undoes it too.
    pub(in crate::store) async fn abandon(mut self) {
        if self.stage == Stage::UnderWay {
            let _ = self.end("ROLLBACK").await;
        }
    }

    async fn end(&mut self, word: &'static str) -> Result<(), StoreError> {
        let heard = timeout(self.answer_timeout, self.connection.execute(word)).await;
        // Whatever the server says to either word, nothing is open after it.
        if matches!(heard, Ok(Ok(_) | Err(sqlx::Error::Database(_)))) {
            self.stage = Stage::Over;
        }
        self.heard(heard).map(|_| ())
    }

    fn heard<T>(&mut self, heard: Result<Result<T, sqlx::Error>, Elapsed>) -> Result<T, StoreError> {
        match heard {
            Ok(answer) => answer.map_err(unavailable),
            Err(_) => {
                self.stage = Stage::Silent;
                Err(unavailable(Silent(self.answer_timeout)))
            }
        }
    }
}

impl Drop for ServerTransaction {
    fn drop(&mut self) {
        if self.stage == Stage::Over {
            let returning = self.connection.return_to_pool();
            tokio::spawn(async move { timeout(RETURN_TIMEOUT, returning).await });
        } else {
            self.connection.close_on_drop();
        }
    }
}
