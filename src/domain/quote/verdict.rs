//! What an answer to a confirmation means, and what a reading of the quote decides.

use std::time::Duration;

use jiff::Timestamp;

use super::confirmation::{Confirmation, ConfirmationChange, ConfirmationReason, ConfirmationState};
use super::{QuoteRequest, QuoteStatus, VenueQuote};
use crate::domain::ids::ExternalTxId;
use crate::domain::settlement::{VenueError, describe};
use crate::domain::time::later;

/// How long a confirmation may stay unknown before a person must look.
const LONGEST_DOUBT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a reading decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weighed {
    /// This happens to the confirmation.
    Change(ConfirmationChange),
    /// The quote is still offered, and nothing of ours stands in the way of sending.
    Open,
    /// Nothing can be told before this instant.
    NotBefore(Timestamp),
    /// The venue's refusal and this reading cannot both be so: one of them is a copy's that lags.
    Contradicted,
    /// The reading says nothing that is understood.
    Unclear,
}

/// What a success means. One that says something else than a confirmation of this quote under our name says nothing of ours.
#[must_use]
pub fn accepted(confirmation: &Confirmation, request: &QuoteRequest, receipt: &VenueQuote) -> ConfirmationChange {
    let invalid = |detail: String| silence(ConfirmationReason::VenueAnswerInvalid, detail);
    if let Some(member) = receipt.differs_from(request) {
        return invalid(format!("the {member} of the venue's answer is not what was asked for"));
    }
    if receipt.external_tx_id.as_deref().is_some_and(|told| told != confirmation.external_tx_id.as_str()) {
        return invalid("the venue's answer names another external_tx_id".to_owned());
    }
    match receipt.status {
        QuoteStatus::Processing | QuoteStatus::Executed | QuoteStatus::Failed => ConfirmationChange::Confirmed,
        status @ (QuoteStatus::Quoted | QuoteStatus::Cancelled | QuoteStatus::Unrecognised) => {
            invalid(format!("the venue answered {} to a confirmation", status.as_str()))
        }
    }
}

/// What a refusal means. One without the venue's own code may be a proxy's, and says nothing.
#[must_use]
pub fn refused(status: u16, error: &VenueError) -> ConfirmationChange {
    let detail = describe(status, error);
    if status == 429 {
        return ConfirmationChange::NotSent(ConfirmationReason::VenueRateLimited, detail);
    }
    match refusal(status).filter(|_| error.name.is_some()) {
        Some(reason) => ConfirmationChange::Unanswered(Some(reason), reason, detail),
        None => silence(ConfirmationReason::VenueUnavailable, detail),
    }
}

/// What the absence of an answer means: anything may have happened.
#[must_use]
pub fn silence(reason: ConfirmationReason, detail: String) -> ConfirmationChange {
    ConfirmationChange::Unanswered(None, reason, detail)
}

/// Why the venue refuses, by the statuses that it documents.
#[must_use]
pub fn refusal(status: u16) -> Option<ConfirmationReason> {
    match status {
        400 | 422 => Some(ConfirmationReason::VenueRejectedRequest),
        401 => Some(ConfirmationReason::VenueCredentials),
        403 => Some(ConfirmationReason::VenueForbidden),
        404 => Some(ConfirmationReason::NotFound),
        409 => Some(ConfirmationReason::NotConfirmable),
        410 => Some(ConfirmationReason::Expired),
        _ => None,
    }
}

/// What a reading that began at `asked_at` decides of a confirmation that is recorded or unknown.
#[must_use]
pub fn weigh(confirmation: &Confirmation, venue: &VenueQuote, asked_at: Timestamp, silence_window: Duration) -> Weighed {
    let refused = |reason, detail: &str| Weighed::Change(ConfirmationChange::Refused(reason, detail.to_owned()));
    match venue.status {
        QuoteStatus::Processing | QuoteStatus::Executed | QuoteStatus::Failed => confirmed_by(confirmation, venue),
        QuoteStatus::Cancelled => refused(ConfirmationReason::NotConfirmable, "the quote was cancelled"),
        QuoteStatus::Unrecognised => Weighed::Unclear,
        QuoteStatus::Quoted => match confirmation.doubt {
            Some(doubt) if doubt.silent => after_silence(confirmation, venue, asked_at, silence_window),
            Some(doubt) => {
                let reason = doubt.refusal.unwrap_or(ConfirmationReason::NotConfirmable);
                // Whoever answers that it is confirmed or cancelled already does not show it as offered, unless one of the two is
                // old: and the confirmation that it speaks of may be ours, carried out twice on its way.
                let is_contradicted = reason == ConfirmationReason::NotConfirmable;
                let sent_at = confirmation.dispatched_at.unwrap_or(doubt.since);
                if is_contradicted && asked_at < later(sent_at, silence_window) {
                    return Weighed::Contradicted;
                }
                refused(reason, confirmation.detail.as_deref().unwrap_or("the venue refused it"))
            }
            None if has_lapsed(venue, asked_at) => refused(ConfirmationReason::Expired, "it expired before it was sent"),
            None => Weighed::Open,
        },
    }
}

/// Whose the confirmation is that the venue shows.
fn confirmed_by(confirmation: &Confirmation, venue: &VenueQuote) -> Weighed {
    let told = venue.external_tx_id.as_deref().map(ExternalTxId::new);
    Weighed::Change(match told {
        Some(Ok(told)) if told == confirmation.external_tx_id => ConfirmationChange::Confirmed,
        Some(Ok(_)) => ConfirmationChange::Refused(
            ConfirmationReason::ConfirmedByAnother,
            "the venue shows it confirmed under another external_tx_id".to_owned(),
        ),
        // A name that nobody can have given is no name.
        Some(Err(_)) | None if confirmation.attempts == 0 => ConfirmationChange::Refused(
            ConfirmationReason::ConfirmedByAnother,
            "the venue shows it confirmed, and this gateway sent nothing".to_owned(),
        ),
        Some(Err(_)) | None => ConfirmationChange::Parked(
            ConfirmationReason::Unattributed,
            "the venue shows it confirmed and does not say under which external_tx_id".to_owned(),
        ),
    })
}

/// What was sent may still arrive until the quote has expired and the window is over.
fn after_silence(confirmation: &Confirmation, venue: &VenueQuote, asked_at: Timestamp, window: Duration) -> Weighed {
    let Some(expires_at) = venue.expires_at.filter(|_| has_lapsed(venue, asked_at)) else { return Weighed::Open };
    let last = confirmation.dispatched_at.map_or(expires_at, |at| at.max(expires_at));
    let believed_at = later(last, window);
    if asked_at < believed_at {
        return Weighed::NotBefore(believed_at);
    }
    let detail = "it expired, and a reading shows no confirmation".to_owned();
    Weighed::Change(ConfirmationChange::Refused(ConfirmationReason::Expired, detail))
}

fn has_lapsed(venue: &VenueQuote, at: Timestamp) -> bool {
    venue.expires_at.is_some_and(|expiry| expiry <= at)
}

impl Confirmation {
    /// Whether a reading of a quote that we confirmed names somebody else as who did.
    #[must_use]
    pub fn is_claimed_by_another(&self, venue: &VenueQuote) -> bool {
        let told = venue.external_tx_id.as_deref();
        self.state == ConfirmationState::Confirmed && told.is_some_and(|told| told != self.external_tx_id.as_str())
    }

    /// What happens to a confirmation that has been unknown for too long.
    #[must_use]
    pub fn given_up(&self, now: Timestamp) -> Option<ConfirmationChange> {
        let since = self.doubt?.since;
        let too_long = self.state == ConfirmationState::Unknown && now >= later(since, LONGEST_DOUBT);
        let detail = || "the venue has not shown for a day what became of it".to_owned();
        too_long.then(|| ConfirmationChange::Parked(ConfirmationReason::TooLongUnknown, detail()))
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
