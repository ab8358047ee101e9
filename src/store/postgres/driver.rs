//! The connections to the server.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{PgPool, PgTransaction};

use crate::domain::time::Clock;
use crate::store::StoreError;
use crate::store::sql::{Connection, Driver, LeaseClock, Mode, POSTGRES, ServerTransaction, Session, SpentBudgets};

/// How a transaction begins. Its limits are set with it, in one message, since a pooler may give it any connection: ten
/// seconds a statement, five for a lock, five between two statements, after which the server ends it: whoever is paused inside one
/// keeps others waiting no longer.
macro_rules! begin {
    ($access:literal) => {
        concat!(
            "BEGIN ISOLATION LEVEL READ COMMITTED, ",
            $access,
            "; SET LOCAL statement_timeout = 10000; SET LOCAL lock_timeout = 5000; \
             SET LOCAL idle_in_transaction_session_timeout = 5000"
        )
    };
}

/// How long a server may be silent; longer than the statement's ten seconds, which it is to end itself.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// The pool and the clock; cheap to clone into a task.
#[derive(Clone)]
pub struct PostgresDriver {
    pub(super) pool: PgPool,
    pub(super) clock: LeaseClock,
    pub(super) answer_timeout: Duration,
}

impl PostgresDriver {
    pub(super) fn new(pool: PgPool, clock: LeaseClock) -> Self {
        Self { pool, clock, answer_timeout: ANSWER_TIMEOUT }
    }
}

#[async_trait]
impl Driver for PostgresDriver {
    async fn begin(&self, mode: Mode) -> Result<Session, StoreError> {
        let transaction = begin_bounded(&self.pool, mode, self.answer_timeout).await?;
        Ok(Session::new(Connection::Postgres(transaction), self.clock.clone(), &POSTGRES))
    }

    /// A server sees to its own disk.
    fn heard(&self, _error: &StoreError) {}

    fn budgets_in_memory(&self) -> Option<(&SpentBudgets, &dyn Clock)> {
        None
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.pool.close().await;
        Ok(())
    }
}

/// Begins a transaction with its limits, on a server that may be silent no longer than that.
pub(super) async fn begin_bounded(pool: &PgPool, mode: Mode, answer_timeout: Duration) -> Result<ServerTransaction, StoreError> {
    ServerTransaction::begin(pool, words(mode), answer_timeout).await
}

/// Begins a transaction with its limits, as the start does.
pub(super) async fn begin(pool: &PgPool, mode: Mode) -> Result<PgTransaction<'static>, sqlx::Error> {
    pool.begin_with(words(mode)).await
}

fn words(mode: Mode) -> &'static str {
    match mode {
        Mode::Read => begin!("READ ONLY"),
        Mode::Write => begin!("READ WRITE"),
    }
}
