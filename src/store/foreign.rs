//! The patrol's findings, and how far it has come.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{ErrandLease, StoreError};
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::{ForeignSettlement, RecordedSettlement};
use crate::domain::signing::SigningReference;

/// How far an enterprise's patrol has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatrolMark {
    /// When it first looked: what the venue had before is taken as known.
    pub began_at: Timestamp,
    /// When the last look that went through to its end began.
    pub looked_at: Timestamp,
}

/// Which foreign settlements a list shows, the newest found first.
#[derive(Debug, Clone)]
pub struct ForeignQuery {
    /// Whose.
    pub enterprise_id: EnterpriseId,
    /// After this one in the list's order: when the last of the page before was found, and its id at the venue.
    pub after: Option<(Timestamp, String)>,
    /// At most so many.
    pub limit: u32,
}

/// Settlements that this gateway did not send.
#[async_trait]
pub trait ForeignStore: Send + Sync {
    /// Reads how far a patrol has come; `None` where it never looked.
    async fn patrol_mark(&self, enterprise_id: &EnterpriseId) -> Result<Option<PatrolMark>, StoreError>;

    /// Reads what the journal says of external ids, in no order; those that it does not hold are left out.
    async fn recorded_among(
        &self,
        enterprise_id: &EnterpriseId,
        external_ids: &[ExternalId],
    ) -> Result<Vec<(String, RecordedSettlement)>, StoreError>;

    /// Those of some references under which a signature was made, in no order.
    async fn signed_among(&self, references: &[SigningReference]) -> Result<Vec<SigningReference>, StoreError>;

    /// Saves how far a patrol has come with what it found, under the errand's lease, and answers what was not known before.
    async fn save_patrol(
        &self,
        lease: &ErrandLease,
        enterprise_id: &EnterpriseId,
        mark: PatrolMark,
        found: &[ForeignSettlement],
    ) -> Result<Vec<ForeignSettlement>, StoreError>;

    /// Lists what was found.
    async fn foreign_settlements(&self, query: &ForeignQuery) -> Result<Vec<ForeignSettlement>, StoreError>;
}
