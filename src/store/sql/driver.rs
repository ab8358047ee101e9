//! What a database has to offer beside its SQL.

use async_trait::async_trait;

use super::budget::SpentBudgets;
use super::session::Session;
use crate::domain::time::Clock;
use crate::store::StoreError;

/// Whether a transaction writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It only reads.
    Read,
    /// It writes, and commits durably.
    Write,
}

/// The connections to one database; clones share them.
#[async_trait]
pub trait Driver: Clone + Send + Sync + 'static {
    /// Begins a transaction, waiting a bounded time for a connection.
    async fn begin(&self, mode: Mode) -> Result<Session, StoreError>;

    /// Looks at a failure. A database that may have lost what it was given is not asked again.
    fn heard(&self, error: &StoreError);

    /// The budgets of calls and their clock, where this process alone has the store: there they need no transaction.
    fn budgets_in_memory(&self) -> Option<(&SpentBudgets, &dyn Clock)>;

    /// Waits for the work that is under way and closes the connections; later work is refused.
    async fn close(&self) -> Result<(), StoreError>;
}
