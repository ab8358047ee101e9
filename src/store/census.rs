//! A census of the journal: what is open, counted for metrics.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{ErrandKind, StoreError};
use crate::domain::ids::EnterpriseId;
use crate::domain::origin::Origin;
use crate::domain::quote::ConfirmationState;
use crate::domain::settlement::State;
use crate::domain::trade::TradeState;

/// What a census asks.
#[derive(Debug, Clone)]
pub struct CensusQuery {
    /// Whose last completed settlements are looked for.
    pub enterprises: Vec<EnterpriseId>,
    /// A window counts that ends after this instant.
    pub windows_end_after: Timestamp,
    /// And at this one at the latest.
    pub windows_end_by: Timestamp,
}

/// Some things that stand alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally<K> {
    /// What they have in common.
    pub of: K,
    /// How many.
    pub count: u32,
    /// Since when the oldest of them has been so, or has been due.
    pub oldest: Option<Timestamp>,
}

/// What is open in the journal. Each part is counted up to [`Census::MAX_COUNTED`] rows, and no further.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Settlements that may still move money, by enterprise and state; the oldest by when it was recorded.
    pub settlements: Vec<Tally<(EnterpriseId, State)>>,
    /// When the newest settlements of each enterprise that completed did so, or were last compared.
    pub completed: Vec<(EnterpriseId, Timestamp)>,
    /// Settlements that lack funds and whose top-up window ends in the time that was asked about; by when the first one ends.
    pub unfunded: Vec<Tally<EnterpriseId>>,
    /// Confirmations of quotes without a conclusive answer, and those that wait for a person.
    pub confirmations: Vec<Tally<ConfirmationState>>,
    /// Writes on BitGo Trade without a conclusive answer, and those that wait for a person.
    pub trades: Vec<Tally<TradeState>>,
    /// Errands that are due or will be; the oldest by when it is due.
    pub errands: Vec<Tally<ErrandKind>>,
}

impl Census {
    /// The most rows of a part that are counted: a census is taken often, and must cost little whatever the journal holds.
    pub const MAX_COUNTED: u32 = 10_000;
    /// The newest settlements of an enterprise among which the completed ones are looked for.
    pub const MAX_NEWEST: u32 = 200;
    /// The settlements whose windows are looked at.
    pub const MAX_WINDOWS: u32 = 1_000;
}

/// What operators are told of the journal.
#[async_trait]
pub trait CensusStore: Send + Sync {
    /// Takes a census: a fixed number of reads, each bounded.
    async fn census(&self, query: CensusQuery) -> Result<Census, StoreError>;

    /// Reads which request a settlement came from; empty where that is not known, or not any more.
    async fn origin(&self, id: Uuid) -> Result<Origin, StoreError>;
}
