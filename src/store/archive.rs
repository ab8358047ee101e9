//! Finished work that may leave the journal, once it is in a file of the archive.
//!
//! What tells one thing from another stays for ever: a settlement's row with
//! its ids, digests, cutoff and end, every signing reservation, a write's row
//! with its nonces. What leaves is large and only looked at.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use thiserror::Error;
use uuid::Uuid;

use super::{ErrandLease, StoreError};
use crate::domain::archive::{ArchiveKind, ArchiveMark, ArchiveRecord};
use crate::domain::ids::EnterpriseId;

/// Where something is that has left the journal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Archived {
    /// In a file of the archive.
    #[error("it is in the archive's file {0}")]
    InFile(String),
    /// Changes are gone, the last of them at this place; those that come after it are all here.
    #[error("changes up to place {0} may be in the archive")]
    ChangesUpTo(u64),
}

/// How much is archived at once, so that no transaction is long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// The most records.
    pub records: u32,
    /// No record is added to a batch that has as many bytes already.
    pub bytes: usize,
}

/// A piece of finished work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedWork {
    /// The journal's id of it.
    pub id: Uuid,
    /// Its sequence: what has changed since it was read stays.
    pub sequence: u64,
    /// How it is written to the archive.
    pub record: ArchiveRecord,
    /// Whose changes leave with it, and the place of the newest.
    pub changes: Option<(EnterpriseId, u64)>,
}

/// Finished work of one kind that ended on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedBatch {
    /// The UTC day.
    pub day: Date,
    /// The oldest first.
    pub work: Vec<FinishedWork>,
    /// How many records were passed over, since they cannot be read.
    pub unreadable: u32,
}

/// The archive's side of the journal.
#[async_trait]
pub trait ArchiveStore: Send + Sync {
    /// Reads finished work of a kind that ended before an instant and has not left yet: the oldest, of one UTC day. `None` where
    /// there is none.
    async fn finished_work(
        &self,
        kind: ArchiveKind,
        before: Timestamp,
        limits: BatchLimits,
    ) -> Result<Option<FinishedBatch>, StoreError>;

    /// Takes out of the journal what is in a file, under the errand's lease, in one transaction. `false`, with nothing written,
    /// where any of it has changed or has left already.
    async fn archive(
        &self,
        lease: &ErrandLease,
        mark: &ArchiveMark,
        work: &[FinishedWork],
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The files that work has left to, by name, after a name; empty where nothing ever left.
    async fn archive_files(&self, after: &str, limit: u32) -> Result<Vec<ArchiveMark>, StoreError>;
}
