//! What went wrong with a quote's confirmation or cancellation, as its caller is told it.

use super::failure::Failure;
use crate::domain::ids::TxId;
use crate::domain::quote::{ConfirmationReason, Quote, after_refusal};
use crate::domain::settlement::{NextAction, Outcome};
use crate::grpc::pb::ErrorReason;

/// A confirmation that was refused before anything was recorded.
pub(super) fn unconfirmable(reason: ConfirmationReason) -> Failure {
    Failure::of(public(reason)).standing(Outcome::NotSent, after_refusal(reason))
}

/// A failure of which it is certain that nothing was sent.
pub(super) fn not_sent(reason: ErrorReason) -> Failure {
    Failure::of(reason).standing(Outcome::NotSent, NextAction::Operator)
}

/// Expectations that the quote does not meet.
pub(super) fn changed(fields: &[&str]) -> Failure {
    let failure = unconfirmable(ConfirmationReason::Changed);
    fields.iter().fold(failure, |failure, field| failure.at(*field, "is not what the quote shows"))
}

/// Another confirmation of this quote, or another quote under this name.
pub(super) fn reused(holder: &TxId, fields: &[&str]) -> Failure {
    let failure = Failure::of(ErrorReason::ConfirmationReused).with("tx_id", holder.as_str());
    fields.iter().fold(failure, |failure, field| failure.at(*field, "belongs to another confirmation, or differs from it"))
}

/// A confirmation that is recorded and refused.
pub(super) fn refused(quote: &Quote) -> Failure {
    let confirmation = quote.confirmation.as_ref();
    let reason = confirmation.and_then(|confirmation| confirmation.reason).map_or(ErrorReason::Internal, public);
    let failure = about(reason, quote);
    match confirmation.and_then(|confirmation| confirmation.detail.as_deref()) {
        Some(detail) => failure.saying(detail),
        None => failure,
    }
}

/// A failure that tells how the quote stands.
pub(super) fn about(reason: ErrorReason, quote: &Quote) -> Failure {
    let failure = Failure::of(reason)
        .with("tx_id", quote.venue.tx_id.as_str())
        .with("quote_status", quote.venue.status_text.as_str())
        .with("sequence", quote.sequence.to_string());
    match &quote.confirmation {
        Some(confirmation) => failure
            .with("external_tx_id", confirmation.external_tx_id.as_str())
            .with("state", confirmation.state.as_str())
            .standing(confirmation.outcome(), confirmation.next_action()),
        None => failure,
    }
}

/// The public reason of a confirmation that was refused.
fn public(reason: ConfirmationReason) -> ErrorReason {
    match reason {
        ConfirmationReason::Expired => ErrorReason::QuoteExpired,
        ConfirmationReason::NotConfirmable => ErrorReason::QuoteNotConfirmable,
        ConfirmationReason::PartialNotAccepted => ErrorReason::QuotePartialNotAccepted,
        ConfirmationReason::Changed => ErrorReason::QuoteChanged,
        ConfirmationReason::Inconsistent => ErrorReason::QuoteInconsistent,
        ConfirmationReason::WalletNotAllowed => ErrorReason::WalletNotAllowed,
        ConfirmationReason::ConfirmedByAnother => ErrorReason::QuoteConfirmedByAnother,
        ConfirmationReason::VenueRejectedRequest => ErrorReason::VenueRejectedRequest,
        ConfirmationReason::VenueCredentials => ErrorReason::VenueCredentials,
        ConfirmationReason::VenueForbidden => ErrorReason::VenueForbidden,
        ConfirmationReason::NotFound => ErrorReason::QuoteNotFound,
        ConfirmationReason::VenueRateLimited => ErrorReason::VenueRateLimited,
        ConfirmationReason::VenueUnavailable => ErrorReason::VenueUnavailable,
        ConfirmationReason::VenueAnswerInvalid => ErrorReason::VenueAnswerInvalid,
        ConfirmationReason::ResolvedByOperator => ErrorReason::ResolvedByOperator,
        ConfirmationReason::JournalBehindAnchor => ErrorReason::JournalBehindAnchor,
        ConfirmationReason::AnchorUnavailable => ErrorReason::AnchorUnavailable,
        // A confirmation is never refused for these: a person decides.
        ConfirmationReason::Unattributed | ConfirmationReason::TooLongUnknown | ConfirmationReason::TooManyTakeovers => {
            ErrorReason::Internal
        }
    }
}
