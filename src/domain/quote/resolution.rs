//! What a person decides of a confirmation that nobody else can, and what a reading of the quote must show for it.

use std::time::Duration;

use jiff::Timestamp;

use super::confirmation::Confirmation;
use super::{QuoteStatus, VenueQuote};
use crate::domain::ids::CallerId;
use crate::domain::time::later;

/// What a person decided of a confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmationResolution {
    /// Whether the venue was declared to have it.
    pub was_confirmed: bool,
    /// Who decided.
    pub by: CallerId,
    /// Why, in that person's words.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

impl Confirmation {
    /// Why a reading that began at `asked_at` speaks against what a person says; `None` where it does not.
    #[must_use]
    pub fn refuted_by(
        &self,
        venue: &VenueQuote,
        was_confirmed: bool,
        asked_at: Timestamp,
        silence_window: Duration,
    ) -> Option<&'static str> {
        let is_paid = matches!(venue.status, QuoteStatus::Processing | QuoteStatus::Executed | QuoteStatus::Failed);
        let told = venue.external_tx_id.as_deref();
        match (was_confirmed, is_paid) {
            (true, false) => Some("the venue does not show it confirmed"),
            (true, true) => match told {
                Some(told) if told != self.external_tx_id.as_str() => {
                    Some("the venue shows it confirmed under another external_tx_id")
                }
                None if self.attempts == 0 => Some("this gateway never sent it"),
                Some(_) | None => None,
            },
            (false, true) => {
                let is_ours = told == Some(self.external_tx_id.as_str());
                is_ours.then_some("the venue shows it confirmed under this external_tx_id")
            }
            (false, false) => self.may_yet_be_taken(venue, asked_at, silence_window),
        }
    }

    /// Why a quote that nobody confirmed may yet be confirmed by what was sent.
    fn may_yet_be_taken(&self, venue: &VenueQuote, asked_at: Timestamp, window: Duration) -> Option<&'static str> {
        match venue.status {
            QuoteStatus::Quoted if self.attempts > 0 => {
                let last = venue.expires_at.map(|expiry| self.dispatched_at.map_or(expiry, |sent| sent.max(expiry)));
                let is_over = last.is_some_and(|last| asked_at >= later(last, window));
                (!is_over)
                    .then_some("the venue still offers the quote, or did so until just now, and what was sent may yet arrive")
            }
            QuoteStatus::Unrecognised => Some("the venue shows it in a state that is not known"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ExternalTxId, TxId};
    use crate::domain::quote::samples::{at, quote};
    use crate::domain::quote::{ConfirmationAsked, ConfirmationChange, ConfirmationReason, ConfirmationState, silence};
    use crate::domain::settlement::{NextAction, Outcome};

    const WINDOW: Duration = Duration::from_secs(60);

    fn parked(attempts: u32) -> Confirmation {
        let asked = ConfirmationAsked {
            external_tx_id: ExternalTxId::new("payout-1").unwrap(),
            accept_partial: false,
            terms: quote(|_| ()).confirmable(false, at(0)).unwrap(),
            caller: CallerId::new("c").unwrap(),
        };
        let mut confirmation = Confirmation::new(asked, at(1));
        for _ in 0..attempts {
            confirmation = confirmation.after(ConfirmationChange::Dispatched, at(2)).unwrap();
            let silent = silence(ConfirmationReason::VenueUnavailable, String::new());
            confirmation = confirmation.after(silent, at(3)).unwrap();
        }
        let parked = ConfirmationChange::Parked(ConfirmationReason::TooManyTakeovers, String::new());
        confirmation.after(parked, at(4)).unwrap()
    }

    fn shown(status: QuoteStatus, external_tx_id: Option<&str>) -> VenueQuote {
        VenueQuote {
            external_tx_id: external_tx_id.map(str::to_owned),
            expires_at: Some(at(300)),
            ..VenueQuote::bare(TxId::new("tx").unwrap(), status)
        }
    }

    #[test]
    fn each_decision_is_held_against_what_the_venue_shows() {
        use QuoteStatus as Q;
        let rows = [
            // status, told, attempts, seconds, may it be said that it was confirmed, and that it was not
            (Q::Processing, Some("payout-1"), 1, 5, true, false),
            (Q::Executed, Some("payout-1"), 0, 5, true, false),
            (Q::Executed, None, 1, 5, true, true),
            (Q::Executed, None, 0, 5, false, true),
            (Q::Processing, Some("payout-2"), 1, 5, false, true),
            (Q::Failed, Some("payout-1"), 1, 5, true, false),
            (Q::Cancelled, None, 1, 5, false, true),
            (Q::Quoted, None, 1, 5, false, false),
            (Q::Quoted, None, 1, 359, false, false),
            (Q::Quoted, None, 1, 360, false, true),
            (Q::Quoted, None, 0, 5, false, true),
            (Q::Unrecognised, Some("payout-1"), 1, 5, false, false),
        ];
        for (status, told, attempts, seconds, confirmed, not_confirmed) in rows {
            let holds = |said| parked(attempts).refuted_by(&shown(status, told), said, at(seconds), WINDOW).is_none();
            assert_eq!((holds(true), holds(false)), (confirmed, not_confirmed), "{status:?} {told:?} {attempts} at {seconds}");
        }
    }

    #[test]
    fn what_a_person_decided_ends_the_confirmation_and_is_kept_with_it() {
        let decided = |was_confirmed| {
            let by = CallerId::new("operator").unwrap();
            let resolution = ConfirmationResolution { was_confirmed, by, why: "asked them".to_owned(), at: at(9) };
            parked(1).after(ConfirmationChange::Resolved(resolution), at(9)).unwrap()
        };
        let (yes, no) = (decided(true), decided(false));
        assert_eq!((yes.state, yes.outcome(), yes.doubt), (ConfirmationState::Confirmed, Outcome::Created, None));
        assert_eq!((no.state, no.outcome()), (ConfirmationState::Refused, Outcome::NotCreated));
        assert_eq!((no.reason, no.next_action()), (Some(ConfirmationReason::ResolvedByOperator), NextAction::FixWithNewId));
        assert_eq!(no.resolution.as_ref().map(|resolution| resolution.why.as_str()), Some("asked them"));
        let again = ConfirmationChange::Resolved(no.resolution.clone().unwrap());
        assert_eq!(no.after(again, at(10)), None, "nothing waits for a person any more");
    }
}
