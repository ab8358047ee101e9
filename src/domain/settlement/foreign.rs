//! Settlements at the venue that this gateway did not make: the best sign of a stolen key or token.

use jiff::Timestamp;

use super::venue::VenueSettlement;
use crate::domain::ids::EnterpriseId;

/// A settlement that the venue has under an enterprise's name and that the journal cannot have made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignSettlement {
    /// Under whose name.
    pub enterprise_id: EnterpriseId,
    /// The settlement, as it was first seen.
    pub venue: VenueSettlement,
    /// When it was first seen.
    pub found_at: Timestamp,
}

/// What the journal says of an external id that the venue shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedSettlement {
    /// How often its body was handed to the network.
    pub attempts: u32,
    /// The venue's id of it, once the venue has said so.
    pub settlement_id: Option<String>,
}

/// Whether the journal cannot have made what the venue shows: it knows nothing of the external id, never sent it, or knows it
/// under another id of the venue's. `recorded` was read after the venue was asked, so that what was sent meanwhile is ours.
#[must_use]
pub fn is_foreign(shown: &VenueSettlement, recorded: Option<&RecordedSettlement>) -> bool {
    recorded.is_none_or(|recorded| {
        let is_other = recorded.settlement_id.as_ref().is_some_and(|id| *id != shown.settlement_id);
        recorded.attempts == 0 || is_other
    })
}

#[cfg(test)]
mod tests {
    use super::super::VenueStatus;
    use super::*;

    fn shown() -> VenueSettlement {
        VenueSettlement {
            settlement_id: "s-1".into(),
            partner_id: String::new(),
            external_id: "e-1".into(),
            status: VenueStatus::Pending,
            status_text: "pending".into(),
            settlement_type: String::new(),
            reconciled: None,
            disputed: None,
            initiated_by: String::new(),
            notes: None,
            rt_id: None,
            loss_sla_alert_sent: None,
            gain_sla_alert_sent: None,
            reason: None,
            created_at: None,
            updated_at: None,
            finalized_at: None,
            cutoff_at: None,
        }
    }

    fn recorded(attempts: u32, settlement_id: Option<&str>) -> RecordedSettlement {
        RecordedSettlement { attempts, settlement_id: settlement_id.map(str::to_owned) }
    }

    #[test]
    fn what_was_sent_is_ours_whether_or_not_its_answer_came() {
        assert!(!is_foreign(&shown(), Some(&recorded(1, None))));
        assert!(!is_foreign(&shown(), Some(&recorded(3, Some("s-1")))));
    }

    #[test]
    fn what_nobody_recorded_never_sent_or_knows_otherwise_is_foreign() {
        assert!(is_foreign(&shown(), None));
        assert!(is_foreign(&shown(), Some(&recorded(0, None))));
        assert!(is_foreign(&shown(), Some(&recorded(1, Some("s-2")))));
    }
}
