//! Every change of every settlement, in the order of commits: what drives other teams' ledgers.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::{SettlementEvent, State};

/// Which changes to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// Of whose settlements.
    pub enterprise_id: EnterpriseId,
    /// Of this settlement alone; `None` for all.
    pub external_id: Option<ExternalId>,
    /// That led into these states; empty for all.
    pub states: Vec<State>,
    /// After this place.
    pub after: u64,
    /// At most so many.
    pub limit: u32,
}

/// What a reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventStretch {
    /// The changes that pass the filter, by place.
    pub events: Vec<SettlementEvent>,
    /// Everything up to this place was looked at: where the next reading begins.
    pub read_to: u64,
    /// The place of the enterprise's newest change; 0 where there is none.
    pub newest: u64,
}

/// The changes of all settlements.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Reads changes that come after a place. One reading looks through a bounded number of them, so it may give fewer than
    /// the limit, or none, while more pass the filter: the next one goes on at `read_to`. Whoever reads on from there misses
    /// nothing, whatever other replicas commit meanwhile. [`StoreError::Archived`] where changes after the place have left the
    /// journal: they would be passed over.
    async fn settlement_events(&self, query: &EventQuery) -> Result<EventStretch, StoreError>;
}
