//! One transaction, on whichever database.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteTransaction};

use super::dialect::Dialect;
use super::error::{damaged, unavailable};
use super::row::Row;
use super::server_transaction::ServerTransaction;
use super::statement::Statement;
use crate::domain::time::Clock;
use crate::store::StoreError;

/// What leases run on.
#[derive(Clone)]
pub enum LeaseClock {
    /// The database's own clock, which all replicas share.
    Database,
    /// A clock that is handed in: for one process, and for tests.
    Given(Arc<dyn Clock>),
}

/// What a session works on.
pub(in crate::store) enum Connection {
    /// A connection that can only read; each statement sees one state of the database.
    SqliteReader(PoolConnection<Sqlite>),
    /// A transaction that holds SQLite's only writer.
    SqliteWriter(SqliteTransaction<'static>),
    /// A transaction that only reads, or one that writes.
    Postgres(ServerTransaction),
}

/// One transaction. Dropped without [`Session::commit`], it changes nothing.
pub struct Session {
    connection: Connection,
    clock: LeaseClock,
    dialect: &'static Dialect,
    keeps: bool,
}

impl Session {
    pub(in crate::store) fn new(connection: Connection, clock: LeaseClock, dialect: &'static Dialect) -> Self {
        Self { connection, clock, dialect, keeps: true }
    }

    /// The database's own statements.
    pub(super) fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// Runs a statement and says how many rows it changed.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let done = match &mut self.connection {
            Connection::SqliteReader(on) => statement.for_driver().execute(&mut **on).await,
            Connection::SqliteWriter(on) => statement.for_driver().execute(&mut **on).await,
            Connection::Postgres(on) => return on.execute(statement).await,
        };
        done.map(|done| done.rows_affected()).map_err(unavailable)
    }

    /// Runs a statement and reads the rows that it gives.
    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match &mut self.connection {
            Connection::SqliteReader(on) => statement.for_driver().map(Row::Sqlite).fetch_all(&mut **on).await,
            Connection::SqliteWriter(on) => statement.for_driver().map(Row::Sqlite).fetch_all(&mut **on).await,
            Connection::Postgres(on) => return Ok(on.rows(statement).await?.into_iter().map(Row::Postgres).collect()),
        }
        .map_err(unavailable)
    }

    /// Runs a statement that gives one row or none.
    pub(super) async fn row(&mut self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// The leases' present instant, read while the transaction is under way.
    pub(in crate::store) async fn now(&mut self) -> Result<Timestamp, StoreError> {
        const NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS microseconds";
        if let LeaseClock::Given(clock) = &self.clock {
            return Ok(clock.now());
        }
        let row = self.row(Statement::new(NOW)).await?.ok_or_else(|| damaged("clock"))?;
        Timestamp::from_microsecond(row.plain("microseconds")?).map_err(|_| damaged("clock"))
    }

    /// Lets the transaction end without a change, whatever it wrote: the answer is that nothing was.
    pub(super) fn keep_nothing(&mut self) {
        self.keeps = false;
    }

    /// Ends the transaction and makes what it wrote durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        if !self.keeps {
            self.abandon().await;
            return Ok(());
        }
        match self.connection {
            Connection::SqliteReader(_) => Ok(()),
            Connection::SqliteWriter(on) => on.commit().await.map_err(unavailable),
            Connection::Postgres(on) => on.commit().await,
        }
    }

    /// Ends the transaction and undoes what it wrote. Where that fails the connection is replaced, which undoes it too.
    pub(in crate::store) async fn abandon(self) {
        match self.connection {
            Connection::SqliteReader(_) => {}
            Connection::SqliteWriter(on) => {
                let _ = on.rollback().await;
            }
            Connection::Postgres(on) => on.abandon().await,
        }
    }
}
