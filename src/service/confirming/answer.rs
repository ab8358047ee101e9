//! What the venue's answer to a confirmation means, in the domain's words.

use crate::domain::quote::{
    Confirmation, ConfirmationChange, ConfirmationReason, QuoteRequest, VenueQuote, accepted, refused, silence,
};
use crate::upstream::VenueFailure;

/// What an answer changes of a confirmation of what was asked.
pub(super) fn judge(
    confirmation: &Confirmation,
    request: &QuoteRequest,
    answer: &Result<VenueQuote, VenueFailure>,
) -> ConfirmationChange {
    match answer {
        Ok(receipt) => accepted(confirmation, request, receipt),
        Err(VenueFailure::NotSent { detail }) => {
            ConfirmationChange::NotSent(ConfirmationReason::VenueUnavailable, detail.clone())
        }
        Err(failure @ VenueFailure::OverBudget { .. }) => {
            ConfirmationChange::NotSent(ConfirmationReason::VenueRateLimited, failure.to_string())
        }
        Err(VenueFailure::NoAnswer { detail }) => silence(ConfirmationReason::VenueUnavailable, detail.clone()),
        Err(VenueFailure::Unreadable { detail }) => silence(ConfirmationReason::VenueAnswerInvalid, detail.clone()),
        Err(VenueFailure::Refused { status, error, .. }) => refused(*status, error),
    }
}

/// The wait that the venue asks for, or the budget of calls to it.
pub(super) fn asked_seconds<T>(answer: &Result<T, VenueFailure>) -> Option<u32> {
    match answer {
        Err(VenueFailure::Refused { retry_after_seconds, .. }) => *retry_after_seconds,
        Err(VenueFailure::OverBudget { wait }) => Some(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)),
        Err(_) | Ok(_) => None,
    }
}
