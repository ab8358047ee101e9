//! Settlements at the venue that this journal does not hold and that count as if it did: made before it, or lost with some of
//! its rows.

use jiff::Timestamp;

use super::intent::names;
use super::venue::{VenueSettlement, VenueStatus};
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::time::Cutoff;

/// On which occasion a settlement was adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdoptedBy {
    /// Before the enterprise's first settlement by this gateway.
    Adopt,
    /// After rows of the journal were lost.
    Repair,
}

names!(AdoptedBy {
    Adopt => "ADOPT",
    Repair => "REPAIR",
});

/// A settlement whose external id is taken for ever, and whose cutoff counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptedSettlement {
    /// Under whose name.
    pub enterprise_id: EnterpriseId,
    /// Its external id.
    pub external_id: ExternalId,
    /// The settlement, as it was shown then.
    pub venue: VenueSettlement,
    /// On which occasion.
    pub by: AdoptedBy,
    /// When.
    pub at: Timestamp,
}

impl AdoptedSettlement {
    /// Adopts what the venue shows; `None` where its external id is none that anybody could ask for here.
    #[must_use]
    pub fn of(enterprise_id: &EnterpriseId, venue: VenueSettlement, by: AdoptedBy, at: Timestamp) -> Option<Self> {
        let external_id = ExternalId::new(venue.external_id.as_str()).ok()?;
        Some(Self { enterprise_id: enterprise_id.clone(), external_id, venue, by, at })
    }

    /// The cutoff that later settlements are held against; a rejected one moves no money and stands in nobody's way.
    #[must_use]
    pub fn cutoff(&self) -> Option<Cutoff> {
        let cutoff = self.venue.cutoff_at.and_then(|at| Cutoff::new(at).ok());
        cutoff.filter(|_| self.venue.status != VenueStatus::Rejected)
    }
}
