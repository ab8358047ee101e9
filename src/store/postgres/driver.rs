//! The connections to the server.

use async_trait::async_trait;
use sqlx::{PgPool, PgTransaction};

use crate::domain::time::Clock;
use crate::store::StoreError;
use crate::store::sql::{Connection, Driver, LeaseClock, Mode, POSTGRES, Session, SpentBudgets, unavailable};

/// How a transaction begins. Its limits are set with it, in one message, since a pooler may give it any connection: ten
/// seconds a statement, five for a lock, fifteen between two statements, after which the server ends it.
macro_rules! begin {
    ($access:literal) => {
        concat!(
            "BEGIN ISOLATION LEVEL READ COMMITTED, ",
            $access,
            "; SET LOCAL statement_timeout = 10000; SET LOCAL lock_timeout = 5000; \
             SET LOCAL idle_in_transaction_session_timeout = 15000"
        )
    };
}

/// The pool and the clock; cheap to clone into a task.
#[derive(Clone)]
pub struct PostgresDriver {
    pub(super) pool: PgPool,
    pub(super) clock: LeaseClock,
}

#[async_trait]
impl Driver for PostgresDriver {
    async fn begin(&self, mode: Mode) -> Result<Session, StoreError> {
        let transaction = begin(&self.pool, mode).await.map_err(unavailable)?;
        Ok(Session::new(Connection::Postgres(transaction), self.clock.clone(), &POSTGRES))
    }

    fn budgets_in_memory(&self) -> Option<(&SpentBudgets, &dyn Clock)> {
        None
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.pool.close().await;
        Ok(())
    }
}

/// Begins a transaction with its limits.
pub(super) async fn begin(pool: &PgPool, mode: Mode) -> Result<PgTransaction<'static>, sqlx::Error> {
    let begin = match mode {
        Mode::Read => begin!("READ ONLY"),
        Mode::Write => begin!("READ WRITE"),
    };
    pool.begin_with(begin).await
}
