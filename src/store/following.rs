//! Following settlements at the venue: several at once, and how each stands there.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Claim, Lease, StoreError};
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{Settlement, Standing};

/// When a settlement's details were last read, without what they said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailsMark {
    /// The settlement's sequence as of that read: a later change calls for another.
    pub sequence: u64,
    /// When they are to be read again, whatever the venue's object says.
    pub due_at: Timestamp,
}

/// Settlements that the venue has.
#[async_trait]
pub trait FollowingStore: Send + Sync {
    /// Leases followed settlements of one enterprise that fall due by `due_by`, at most `limit`. One that somebody holds stays,
    /// and so does one in which a worker stopped: that one is claimed alone.
    async fn claim_followed(
        &self,
        enterprise_id: &EnterpriseId,
        due_by: Timestamp,
        lease_for: Duration,
        limit: u32,
    ) -> Result<Vec<Claim>, StoreError>;

    /// Makes a lease last that long from now; one that has lapsed too, until somebody else takes it.
    async fn prolong(&self, lease: &Lease, lease_for: Duration) -> Result<(), StoreError>;

    /// Reads how a settlement stands, as last saved with a change; `None` where nothing was.
    async fn standing(&self, id: Uuid) -> Result<Option<Standing>, StoreError>;

    /// Reads when its details were last read; `None` where they never were.
    async fn details_mark(&self, id: Uuid) -> Result<Option<DetailsMark>, StoreError>;

    /// When the journal first knew that a settlement is completed; `None` where it does not.
    async fn completed_since(&self, id: Uuid) -> Result<Option<Timestamp>, StoreError>;

    /// Reads an enterprise's settlements that may still move money, oldest first, at most `limit`.
    async fn open_settlements(&self, enterprise_id: &EnterpriseId, limit: u32) -> Result<Vec<Settlement>, StoreError>;

    /// Gives a lease back after the details were read and said nothing new, and notes when they are to be read again.
    async fn release_looked(&self, lease: &Lease, due_at: Timestamp, mark: DetailsMark) -> Result<(), StoreError>;
}
