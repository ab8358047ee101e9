//! Settlements at the venue that this gateway did not send: one that nothing here accounts for is the best sign of a stolen
//! key or token.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::intent::names;
use super::venue::VenueSettlement;
use crate::domain::ids::{EnterpriseId, SettlementId, plain_id, same_id};

/// How a settlement that this gateway did not send may have come to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignOrigin {
    /// The gateway has signed a payload under its external id and knows of no other settlement under it: whoever was given
    /// that signature may have posted it.
    SignedHere,
    /// Nothing that was signed here accounts for it.
    Unexplained,
}

names!(ForeignOrigin { SignedHere => "SIGNED_HERE", Unexplained => "UNEXPLAINED" });

/// A settlement that the venue has under an enterprise's name and that the journal cannot have sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignSettlement {
    /// Under whose name.
    pub enterprise_id: EnterpriseId,
    /// The settlement, as it was first seen.
    pub venue: VenueSettlement,
    /// How it may have come to be, as far as was known then.
    pub origin: ForeignOrigin,
    /// When it was first seen.
    pub found_at: Timestamp,
}

impl ForeignSettlement {
    /// What the finding is known by: the venue's id of it, however it is written, or the digest of one that is none, such as one that is longer than
    /// an index takes. It must not keep the findings beside it from being told.
    #[must_use]
    pub fn key_of(settlement_id: &str) -> String {
        match SettlementId::new(settlement_id) {
            Ok(id) => plain_id(id.as_str()),
            Err(_) => format!("sha256:{}", base16ct::lower::encode_string(&Sha256::digest(settlement_id))),
        }
    }
}

/// What the journal says of an external id that the venue shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedSettlement {
    /// How often its body was handed out, to the network or, as far as is known, in any other way.
    pub attempts: u32,
    /// The venue's id of it, once the venue has said so.
    pub settlement_id: Option<String>,
}

/// Whether the journal cannot have sent what the venue shows: it knows nothing of the external id, never sent it, or knows it
/// under another id of the venue's. `recorded` was read after the venue was asked, so that what was sent meanwhile is ours.
#[must_use]
pub fn is_foreign(shown: &VenueSettlement, recorded: Option<&RecordedSettlement>) -> bool {
    recorded.is_none_or(|recorded| recorded.attempts == 0 || is_known_otherwise(shown, recorded))
}

/// Whether the journal knows the external id under another id of the venue's.
fn is_known_otherwise(shown: &VenueSettlement, recorded: &RecordedSettlement) -> bool {
    recorded.settlement_id.as_ref().is_some_and(|id| !same_id(id, &shown.settlement_id))
}

/// How what [`is_foreign`] may have come to be. One signature accounts for one settlement: `is_signed` says whether the
/// journal holds one under the external id, and `is_alone` that the venue shows no other settlement under it.
#[must_use]
pub fn origin(shown: &VenueSettlement, recorded: Option<&RecordedSettlement>, is_signed: bool, is_alone: bool) -> ForeignOrigin {
    let is_other = recorded.is_some_and(|recorded| is_known_otherwise(shown, recorded));
    if is_signed && is_alone && !is_other { ForeignOrigin::SignedHere } else { ForeignOrigin::Unexplained }
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
        assert!(!is_foreign(&shown(), Some(&recorded(3, Some("S1")))), "one id in another spelling");
    }

    #[test]
    fn what_nobody_recorded_never_sent_or_knows_otherwise_is_foreign() {
        assert!(is_foreign(&shown(), None));
        assert!(is_foreign(&shown(), Some(&recorded(0, None))));
        assert!(is_foreign(&shown(), Some(&recorded(1, Some("s-2")))));
    }

    #[test]
    fn one_signature_accounts_for_one_settlement_and_none_for_none() {
        let of = |recorded: Option<&RecordedSettlement>, is_signed, is_alone| origin(&shown(), recorded, is_signed, is_alone);
        assert_eq!(of(None, true, true), ForeignOrigin::SignedHere);
        assert_eq!(of(Some(&recorded(0, None)), true, true), ForeignOrigin::SignedHere, "signed, and posted by somebody else");
        assert_eq!(of(None, false, true), ForeignOrigin::Unexplained);
        assert_eq!(of(Some(&recorded(1, Some("s-2"))), true, true), ForeignOrigin::Unexplained, "it accounts for s-2");
        assert_eq!(of(None, true, false), ForeignOrigin::Unexplained, "one of two is not what was signed");
    }
}
