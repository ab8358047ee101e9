//! The audit chain in the journal.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use crate::domain::audit::{AuditEntry, AuditHead, AuditRecord, ChainedRecord};

/// What came of a try to chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chained {
    /// So many records were added to the chain, which now ends there.
    Added {
        /// How many; fewer than were asked for when no more waited.
        count: u32,
        /// Where the chain ends.
        head: AuditHead,
    },
    /// Somebody else is chaining just now; nothing was done.
    Busy,
}

/// What waits to be chained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditLag {
    /// How many records wait; not counted beyond [`AuditLag::MAX_COUNTED`].
    pub waiting: u32,
    /// When the one that waits longest was recorded.
    pub oldest: Option<Timestamp>,
}

impl AuditLag {
    /// The most records that are counted: what waits is asked for often, and may be many.
    pub const MAX_COUNTED: u32 = 100_000;
}

/// The audit chain. What changes, is reserved or is signed is recorded by the methods that do it, in their transactions.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Records what nothing else is written for: a refusal.
    async fn record_audit(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// Adds at most `limit` waiting records to the chain, in one transaction. One at a time does so, whoever asks.
    async fn chain_audit(&self, limit: u32) -> Result<Chained, StoreError>;

    /// Reads where the chain ends.
    async fn audit_head(&self) -> Result<AuditHead, StoreError>;

    /// Counts what waits to be chained.
    async fn audit_lag(&self) -> Result<AuditLag, StoreError>;

    /// Reads the chain after a position, in its order.
    async fn audit_chain(&self, after: u64, limit: u32) -> Result<Vec<ChainedRecord>, StoreError>;

    /// Reads the records that wait, after an id, in the order of their ids.
    async fn audit_waiting(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// Reads the records of a subject, chained or waiting; at most a few.
    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditRecord>, StoreError>;
}
