//! The audit chain in the journal.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use crate::domain::audit::{AuditEntry, AuditHead, AuditKind, AuditRecord, AuditSubject, ChainLink};

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

/// A part of the journal whose lines have audit records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalPart {
    /// Changes of settlements.
    Settlements,
    /// Changes of writes on BitGo Trade.
    Trades,
    /// Confirmations of quotes, as they stand.
    Confirmations,
    /// Signing references: their reservations and signatures.
    References,
    /// Settlements that were adopted.
    Adoptions,
    /// The anchor's epoch, where a repair began it.
    Epochs,
}

impl JournalPart {
    /// All parts.
    pub const ALL: [Self; 6] =
        [Self::Settlements, Self::Trades, Self::Confirmations, Self::References, Self::Adoptions, Self::Epochs];
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalLine {
    /// What its record must say.
    Entry(AuditSubject, AuditEntry),
    /// It must have a record of this kind, which says more than the journal does.
    Noted(AuditSubject, AuditKind),
    /// It holds what no version wrote.
    Unreadable(AuditSubject),
}

impl JournalLine {
    /// What it is of.
    #[must_use]
    pub fn subject(&self) -> AuditSubject {
        match self {
            Self::Entry(subject, _) | Self::Noted(subject, _) | Self::Unreadable(subject) => subject.clone(),
        }
    }
}

/// What the journal has of a record's subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalSays {
    /// A line.
    Line,
    /// A reservation without a signature.
    Unsigned,
    /// It keeps no line of it, since it went on from there, or since its lines have left for the archive.
    Passed,
    /// Nothing.
    Nothing,
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
    async fn audit_chain(&self, after: u64, limit: u32) -> Result<Vec<ChainLink>, StoreError>;

    /// Reads the records that wait, after an id, in the order of their ids.
    async fn audit_waiting(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// Reads the records of what is recorded once, chained or waiting.
    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditRecord>, StoreError>;

    /// Reads the lines of a part of the journal after one of them, in the order of their keys. At most `limit`, or twice as many
    /// where each may come with another.
    async fn journal_lines(
        &self,
        part: JournalPart,
        after: Option<AuditSubject>,
        limit: u32,
    ) -> Result<Vec<JournalLine>, StoreError>;

    /// Asks what the journal has of a subject.
    async fn journal_of(&self, subject: &AuditSubject) -> Result<JournalSays, StoreError>;
}
