//! Why a write on BitGo Trade came to nothing, for whoever asked for it.

use super::failure::Failure;
use crate::domain::trade::{TradeReason, TradeWrite};
use crate::grpc::pb::ErrorReason;

/// A write that the venue provably did nothing of.
pub(super) fn not_accepted(write: &TradeWrite) -> Failure {
    let reason = write.progress.reason.map_or(ErrorReason::Internal, refusal);
    let failure = Failure::of(reason)
        .with("request_id", write.header.asked.request_id.as_str())
        .with("state", write.progress.state.as_str())
        .with("sequence", write.progress.sequence.to_string())
        .standing(write.outcome(), write.next_action());
    match &write.progress.detail {
        Some(detail) => failure.saying(detail.as_str()),
        None => failure,
    }
}

/// The public reason of a write that was not accepted.
fn refusal(reason: TradeReason) -> ErrorReason {
    match reason {
        TradeReason::PayloadMismatch => ErrorReason::PayloadMismatch,
        TradeReason::SigningReferenceTaken => ErrorReason::SigningReferenceTaken,
        TradeReason::KeyUnavailable => ErrorReason::KeyUnavailable,
        TradeReason::TradePayloadReused => ErrorReason::TradePayloadReused,
        TradeReason::AffirmationNotFound => ErrorReason::AffirmationNotFound,
        TradeReason::AffirmationNotPending => ErrorReason::AffirmationNotPending,
        TradeReason::VenueRejectedRequest => ErrorReason::VenueRejectedRequest,
        TradeReason::VenueRejectedSignature => ErrorReason::VenueRejectedSignature,
        TradeReason::VenueCredentials => ErrorReason::VenueCredentials,
        TradeReason::VenueForbidden => ErrorReason::VenueForbidden,
        TradeReason::VenueConflict => ErrorReason::VenueConflict,
        TradeReason::VenueRateLimited => ErrorReason::VenueRateLimited,
        TradeReason::VenueUnavailable => ErrorReason::VenueUnavailable,
        TradeReason::VenueAnswerInvalid | TradeReason::VenueAnsweredOther => ErrorReason::VenueAnswerInvalid,
        TradeReason::SubmitBeforePassed => ErrorReason::SubmitBeforePassed,
        TradeReason::ResolvedByOperator => ErrorReason::ResolvedByOperator,
        TradeReason::JournalBehindAnchor => ErrorReason::JournalBehindAnchor,
        TradeReason::AnchorUnavailable => ErrorReason::AnchorUnavailable,
        TradeReason::JournalRestored => ErrorReason::JournalRestored,
        TradeReason::TooManyTakeovers | TradeReason::OutcomeUndecided => ErrorReason::Internal,
    }
}
