//! A change of a settlement as everybody who follows an enterprise's settlements is told of it.

use uuid::Uuid;

use super::state::{NextAction, Outcome};
use super::venue::VenueStatus;
use super::{Settlement, TimelineEntry};
use crate::domain::ids::{EnterpriseId, ExternalId};

/// What a settlement meant to its caller after one change: fixed with the change, whatever a later version would say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// Whether money can have moved.
    pub outcome: Outcome,
    /// What the caller should do next.
    pub next_action: NextAction,
    /// The venue's own word; `None` before it has shown the settlement.
    pub venue: Option<VenueWord>,
}

/// What the venue says of a settlement that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueWord {
    /// The venue's name for it.
    pub settlement_id: String,
    /// The status.
    pub status: VenueStatus,
    /// The status, as sent.
    pub status_text: String,
}

impl Meaning {
    /// How a settlement stands.
    #[must_use]
    pub fn of(settlement: &Settlement) -> Self {
        let progress = &settlement.progress;
        let venue = progress.venue.as_deref().map(|venue| VenueWord {
            settlement_id: venue.settlement_id.clone(),
            status: venue.status,
            status_text: venue.status_text.clone(),
        });
        Self { outcome: progress.outcome(), next_action: progress.next_action(settlement.header.route), venue }
    }
}

/// One change of one settlement, in its place among all changes of its enterprise's settlements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementEvent {
    /// Counts the changes of the enterprise's settlements by commit, from 1 and without a gap: whoever has seen one never
    /// misses a smaller one that is committed later.
    pub place: u64,
    /// Whose settlement.
    pub enterprise_id: EnterpriseId,
    /// The caller's name for it.
    pub external_id: ExternalId,
    /// The journal's own id of it.
    pub settlement: Uuid,
    /// The change.
    pub entry: TimelineEntry,
    /// What the settlement meant after it.
    pub meaning: Meaning,
}
