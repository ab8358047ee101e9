//! What a venue's failure to answer a read, or a request for a quote, is to the caller.

use super::about::About;
use super::failure::Failure;
use crate::domain::settlement::{VenueError, describe};
use crate::grpc::pb::ErrorReason;
use crate::service::VenueCall;
use crate::upstream::VenueFailure;

/// The failure of a call that changed nothing.
pub(super) fn failure(call: VenueCall, failure: &VenueFailure, about: &About) -> Failure {
    match failure {
        VenueFailure::NotSent { .. } | VenueFailure::NoAnswer { .. } => Failure::of(ErrorReason::VenueUnavailable),
        VenueFailure::OverBudget { wait } => {
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            Failure::of(ErrorReason::VenueRateLimited)
                .saying("the gateway's budget of calls to it is spent; nothing was sent")
                .retry_after_seconds(Some(seconds))
        }
        VenueFailure::Unreadable { .. } => Failure::of(ErrorReason::VenueAnswerInvalid),
        VenueFailure::Refused { status, error, retry_after_seconds } => {
            let refused = match (call, *status) {
                (VenueCall::Quote, 400 | 422) => quote_refused(*status, error),
                (VenueCall::Quote | VenueCall::Read, status) => refused(status, error, about),
            };
            let refused = refused.venue_request(error.request_id.as_deref());
            // A venue that names a wait for what no waiting repairs is not repeated.
            if refused.row().retry_after.is_some() { refused.retry_after_seconds(*retry_after_seconds) } else { refused }
        }
    }
}

fn refused(status: u16, error: &VenueError, about: &About) -> Failure {
    let told = |reason| Failure::of(reason).saying(describe(status, error));
    match status {
        400 => told(ErrorReason::VenueRejectedRequest),
        401 => Failure::of(ErrorReason::VenueCredentials),
        403 => told(ErrorReason::VenueForbidden),
        404 => Failure::of(about.not_found_at_venue()),
        409 => told(ErrorReason::VenueConflict),
        410 => Failure::of(ErrorReason::QuoteExpired),
        422 => told(ErrorReason::LiabilitiesExceedBalance),
        429 => Failure::of(ErrorReason::VenueRateLimited),
        408 | 425 | 500..=599 => Failure::of(ErrorReason::VenueUnavailable),
        0..=u16::MAX => Failure::of(ErrorReason::VenueAnswerInvalid).saying(format!("it answered {status}")),
    }
}

/// The venue's documented names of what is wrong with a request for a quote.
fn quote_refused(status: u16, error: &VenueError) -> Failure {
    let at = |reason, fields: &[&str]| {
        let description = error.message.as_deref().unwrap_or("is refused by the venue");
        fields.iter().fold(Failure::of(reason), |failure, field| failure.at(*field, description))
    };
    match error.name.as_deref() {
        Some("unsupported_pair") => at(ErrorReason::QuoteUnsupportedPair, &["source_currency", "destination_currency"]),
        Some("unsupported_chain") => at(ErrorReason::QuoteUnsupportedChain, &["chain"]),
        Some("invalid_wallet_address") => at(ErrorReason::QuoteInvalidWalletAddress, &["wallet_address"]),
        Some("amount_below_minimum") => at(ErrorReason::QuoteAmountBelowMinimum, &["source_amount"]),
        Some("amount_above_maximum") => at(ErrorReason::QuoteAmountAboveMaximum, &["source_amount"]),
        Some(_) | None => Failure::of(ErrorReason::VenueRejectedRequest).saying(describe(status, error)),
    }
}
