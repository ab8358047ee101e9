//! What a repair and a first use need of the journal: settlements that only the venue has, and what is unfinished.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use crate::domain::settlement::{AdoptedSettlement, Settlement};
use crate::domain::trade::TradeWrite;

/// Settlements that only the venue has, and what is unfinished here.
#[async_trait]
pub trait AdoptionStore: Send + Sync {
    /// Takes settlements of one enterprise in for ever, and answers those that were new: what the journal holds, or has
    /// adopted, is left as it is. No settlement is recorded under such an external id meanwhile or later.
    async fn adopt(&self, settlements: &[AdoptedSettlement]) -> Result<Vec<AdoptedSettlement>, StoreError>;

    /// Reads settlements that are not finished, by rising journal ids, after one of them.
    async fn unfinished(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Settlement>, StoreError>;

    /// Reads writes on BitGo Trade that are not finished, by rising journal ids, after one of them.
    async fn unfinished_trades(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<TradeWrite>, StoreError>;

    /// Counts confirmations of quotes that are not decided.
    async fn undecided_confirmations(&self) -> Result<u64, StoreError>;

    /// The newest instant at which something certainly was recorded; `None` for a journal that holds nothing.
    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError>;
}
