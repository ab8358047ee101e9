//! Writes on BitGo Trade in the journal.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{ErrandLease, StoreError};
use crate::domain::ids::{EnterpriseId, RequestId, SettlementId, TradingAccountId};
use crate::domain::origin::Origin;
use crate::domain::trade::{TradeChange, TradeReason, TradeState, TradeWrite};

/// What became of recording a write.
#[derive(Debug, Clone)]
pub enum TradeRecorded {
    /// It is recorded, and its errand is due at once.
    New,
    /// The request id was recorded before; nothing was written.
    Existing(Box<TradeWrite>),
}

/// What became of saving a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeSaved {
    /// It is saved.
    Saved,
    /// Another write of the account holds the payload's nonces; nothing was written.
    PayloadHeld,
}

/// Which creations a list shows, newest first.
#[derive(Debug, Clone)]
pub struct TradeListQuery {
    /// Whose.
    pub enterprise_id: EnterpriseId,
    /// Of which account.
    pub account_id: TradingAccountId,
    /// After this write in the list's order: the last id of the page before.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

/// One change of a write, as it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeEvent {
    /// The write's sequence after it.
    pub sequence: u64,
    /// The change's name; `RECEIVED` is the first.
    pub change: String,
    /// Where the write stood then.
    pub state: TradeState,
    /// Why.
    pub reason: Option<TradeReason>,
    /// The same in words, for people.
    pub detail: Option<String>,
    /// How often the write had been handed to the network.
    pub attempts: u32,
    /// When.
    pub at: Timestamp,
}

/// Writes on BitGo Trade.
#[async_trait]
pub trait TradeStore: Send + Sync {
    /// Records a write that was just received, with its errand and the request that it came from, unless its request id is
    /// recorded already.
    async fn record_trade(&self, write: &TradeWrite, origin: &Origin) -> Result<TradeRecorded, StoreError>;

    /// Reads a write by its request id.
    async fn trade(&self, enterprise_id: &EnterpriseId, request_id: &RequestId) -> Result<Option<TradeWrite>, StoreError>;

    /// Reads a write by its journal id.
    async fn trade_by_id(&self, id: Uuid) -> Result<Option<TradeWrite>, StoreError>;

    /// Reads the creation that made one of the venue's settlements.
    async fn trade_of_settlement(
        &self,
        enterprise_id: &EnterpriseId,
        settlement_id: &SettlementId,
    ) -> Result<Option<TradeWrite>, StoreError>;

    /// Lists creations, newest first.
    async fn list_trades(&self, query: &TradeListQuery) -> Result<Vec<TradeWrite>, StoreError>;

    /// Lists a write's changes in their order, after a sequence and at most so many; [`StoreError::Archived`] once they have left
    /// the journal.
    async fn trade_events(&self, id: Uuid, after_sequence: u64, limit: u32) -> Result<Vec<TradeEvent>, StoreError>;

    /// Saves a change: `after` is the write with the change applied, whose sequence must follow the stored one. A worker saves
    /// under its errand's lease; without one it is a person's decision, which makes the errand due again.
    async fn save_trade(
        &self,
        lease: Option<&ErrandLease>,
        change: &TradeChange,
        after: &TradeWrite,
    ) -> Result<TradeSaved, StoreError>;
}
