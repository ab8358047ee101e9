//! The error table: from what went wrong in a use case to a gRPC status.
//!
//! [`row`] fixes code, sentence and advice of every reason; the
//! match below says which error has which reason. Neither has a catch-all arm:
//! a new error does not compile before it has its row. What a caller may read
//! is put together here; the cause goes to the log, once, and nowhere else.

mod about;
mod codes;
mod failure;
mod log;
mod quote;
mod rows;
#[cfg(test)]
mod tests;
mod trade;
mod venue;

use tonic::{Code, Status};

pub use about::{About, Kind};
pub use codes::code_name;
use failure::Failure;
pub use failure::{ERROR_DOMAIN, MAX_DETAILS_BYTES};
pub use rows::{ROWS, Row, Standing, row};

use super::convert::limits::MAX_VIOLATIONS;
use super::convert::violations::InvalidRequest;
use super::pb::ErrorReason;
use crate::domain::ids::ExternalId;
use crate::domain::policy::LimitExceeded;
use crate::domain::settlement::{NextAction, Outcome, Reason, Settlement, Twice};
use crate::service::{Funds, NotFound, Problem, ServiceError, SigningRefusal, Unanchored, Violation};
use crate::store::{Archived, StoreError};

/// The status of a use case's error; its cause is logged.
#[must_use]
pub fn status(error: &ServiceError, about: &About) -> Status {
    let failure = failure(error, about);
    log::report(failure.row(), error, about);
    failure.complete(about).into_status()
}

/// The reason of a use case's error.
#[must_use]
pub fn reason(error: &ServiceError, about: &About) -> ErrorReason {
    failure(error, about).row().reason
}

/// The status of a request that could not be read.
#[must_use]
pub fn invalid(request: InvalidRequest, about: &About) -> Status {
    let violations = request.into_violations().into_iter();
    let failure = violations
        .fold(Failure::of(ErrorReason::InvalidRequest), |failure, violation| failure.at(violation.field, violation.description));
    failure.complete(about).into_status()
}

/// The status of a call that was refused for a reason alone, such as by the layers before the handlers.
#[must_use]
pub fn refused(reason: ErrorReason, about: &About) -> Status {
    Failure::of(reason).complete(about).into_status()
}

/// The table.
fn failure(error: &ServiceError, about: &About) -> Failure {
    match error {
        ServiceError::Invalid(violations) => unacceptable(violations),
        ServiceError::Denied(_) => Failure::of(ErrorReason::NotAllowed),
        ServiceError::LimitExceeded(limit) => limit_exceeded(limit),
        ServiceError::WalletNotAllowed => Failure::of(ErrorReason::WalletNotAllowed).at("wallet_address", "is not allowed"),
        ServiceError::NotFound(what) => Failure::of(not_found(*what)),
        ServiceError::ExternalIdReused { settlement, fields } => {
            differing(Failure::of(ErrorReason::ExternalIdReused).about(settlement), fields)
        }
        ServiceError::RequestIdReused { fields } => differing(Failure::of(ErrorReason::RequestIdReused), fields),
        ServiceError::SupersedesRefused(_) => {
            Failure::of(ErrorReason::SupersedesRefused).at("supersedes", "names a settlement that cannot be superseded")
        }
        ServiceError::Twice(twice) => settled_twice(twice),
        ServiceError::ExternalIdAdopted(adopted) => Failure::of(ErrorReason::ExternalIdAdopted)
            .with("external_id", adopted.external_id.as_str())
            .with("settlement_id", adopted.venue.settlement_id.as_str())
            .standing(Outcome::Created, NextAction::Operator),
        ServiceError::RouteMismatch { configured, venue } => Failure::of(ErrorReason::RouteMismatch)
            .saying(format!("the venue takes {}, and {} is configured", venue.as_str(), configured.as_str()))
            .with("venue_route", venue.as_str()),
        ServiceError::ShortOfFunds(funds) => short_of_funds(funds),
        ServiceError::AmountUnitMismatch => {
            Failure::of(ErrorReason::AmountUnitMismatch).at("amount_unit", "is not the enterprise's unit")
        }
        ServiceError::NotAccepted(settlement) => not_accepted(settlement),
        ServiceError::TradeNotAccepted(write) => trade::not_accepted(write),
        ServiceError::NotResolvable => Failure::of(ErrorReason::NotResolvable),
        ServiceError::ResolutionRefuted(why) => Failure::of(ErrorReason::ResolutionRefuted).saying(why.as_str()),
        ServiceError::PayloadMismatch(mismatch) => Failure::of(ErrorReason::PayloadMismatch).saying(mismatch.to_string()),
        ServiceError::SigningRefused(refusal) => signing_refused(*refusal),
        ServiceError::KeyUnavailable(_) => Failure::of(ErrorReason::KeyUnavailable),
        ServiceError::StateConflict(settlement) | ServiceError::Busy(settlement) => {
            Failure::of(ErrorReason::StateConflict).about(settlement)
        }
        ServiceError::NotRetryable(settlement) => Failure::of(ErrorReason::NotRetryable).about(settlement),
        ServiceError::NotCancellable(settlement) => Failure::of(ErrorReason::NotCancellable).about(settlement),
        ServiceError::QuoteUnconfirmable(reason) => quote::unconfirmable(*reason),
        ServiceError::QuoteChanged { fields } => quote::changed(fields),
        ServiceError::ConfirmationReused { holder, fields } => quote::reused(holder, fields),
        ServiceError::ConfirmationRefused(refused) => quote::refused(refused),
        ServiceError::CallbackNotConfigured => quote::not_sent(ErrorReason::QuoteCallbackNotConfigured),
        ServiceError::QuoteBeingConfirmed(held) => quote::about(ErrorReason::QuoteBeingConfirmed, held),
        ServiceError::QuoteNotCancellable(held) => quote::about(ErrorReason::QuoteNotCancellable, held),
        ServiceError::CancellationUnknown => Failure::of(ErrorReason::QuoteOutcomeUnknown),
        ServiceError::Venue { call, failure } => venue::failure(*call, failure, about),
        ServiceError::Store(StoreError::Archived(place)) => archived(place),
        ServiceError::Unanchored(Unanchored::Adrift(_)) => Failure::of(ErrorReason::JournalBehindAnchor),
        ServiceError::Unanchored(Unanchored::Unavailable) => Failure::of(ErrorReason::AnchorUnavailable),
        ServiceError::Store(error) => Failure::of(store(error)),
        ServiceError::CursorBeyondEnd { newest } => Failure::of(ErrorReason::CursorBeyondEnd)
            .with("newest_sequence", newest.to_string())
            .at("after_sequence", "must not be beyond the newest event"),
        ServiceError::ReaderTooSlow => Failure::of(ErrorReason::ReaderTooSlow),
        ServiceError::Overloaded => Failure::of(ErrorReason::Overloaded),
        ServiceError::Draining => Failure::of(ErrorReason::Draining),
        ServiceError::Internal(..) => Failure::of(ErrorReason::Internal),
    }
}

/// Several fields may be at fault for several reasons: a fault of the request goes before one of the time.
fn unacceptable(violations: &[Violation]) -> Failure {
    let reasons = violations.iter().map(|violation| problem(violation.problem).0);
    let reason = reasons.min_by_key(|reason| row(*reason).code != Code::InvalidArgument);
    let failure = Failure::of(reason.unwrap_or(ErrorReason::InvalidRequest));
    violations.iter().fold(failure, |failure, violation| failure.at(violation.field.as_str(), problem(violation.problem).1))
}

/// A field's reason and description.
fn problem(problem: Problem) -> (ErrorReason, &'static str) {
    match problem {
        Problem::CutoffRequired => (ErrorReason::CutoffRequired, "is required on the enterprise's route"),
        Problem::CutoffNotTaken => (ErrorReason::CutoffNotTaken, "must be absent on the enterprise's route"),
        Problem::CutoffInFuture => (ErrorReason::CutoffInFuture, "must not be ahead of now"),
        Problem::SubmitBeforePassed => (ErrorReason::SubmitBeforePassed, "must not have passed"),
        Problem::ControlTotalsMismatch => (ErrorReason::ControlTotalsMismatch, "must be what the amounts come to"),
        Problem::ChainNotConfigured => (ErrorReason::QuoteUnsupportedChain, "must be a configured chain"),
        Problem::CurrencyNotConfigured => (ErrorReason::QuoteUnsupportedPair, "must be a configured currency"),
        Problem::TooMuchToAnswer => {
            (ErrorReason::InvalidRequest, "must ask for less: more would be answered than a message holds")
        }
        Problem::TradesMismatch => (ErrorReason::TradesMismatch, "must come to the trades"),
        Problem::PayloadAmbiguous => (ErrorReason::PayloadAmbiguous, "must be exactly one of the known payloads, or like none"),
    }
}

fn not_found(what: NotFound) -> ErrorReason {
    match what {
        NotFound::Settlement => ErrorReason::SettlementNotFound,
        NotFound::SettlementAtVenue => ErrorReason::SettlementNotAtVenue,
        NotFound::ClientSettlement => ErrorReason::ClientSettlementNotFound,
        NotFound::Quote => ErrorReason::QuoteNotFound,
        NotFound::Key => ErrorReason::KeyNotFound,
        NotFound::TradeSettlement => ErrorReason::TradeSettlementNotFound,
    }
}

fn limit_exceeded(limit: &LimitExceeded) -> Failure {
    let which = if limit.window == LimitExceeded::PER_DAY { "rolling_day" } else { "settlement" };
    Failure::of(ErrorReason::LimitExceeded)
        .saying(limit.to_string())
        .with("limit", which)
        .with("currency", limit.currency.as_str())
}

/// Each names the settlement that it may be, so that a caller can look at that one first.
fn settled_twice(twice: &Twice) -> Failure {
    let beside = |reason, holder: &ExternalId| Failure::of(reason).with("other_external_id", holder.as_str());
    match twice {
        Twice::CutoffNotIncreasing { newest, holder } => {
            let description = format!("must be later than {}", newest.to_text());
            beside(ErrorReason::CutoffNotIncreasing, holder).at("cutoff_at", description)
        }
        Twice::TooManyOpen { most, oldest } => {
            let told = format!("at most {most} may be; the oldest is {}", oldest.as_str());
            beside(ErrorReason::SettlementOpen, oldest).saying(told)
        }
        Twice::SameAmounts { holder } => {
            let description = format!("are the same as those of {}", holder.as_str());
            beside(ErrorReason::PossibleDuplicate, holder).at("settlement_amounts", description)
        }
    }
}

/// Nothing was recorded: once funded, the same request goes out.
fn short_of_funds(funds: &Funds) -> Failure {
    let failure = Failure::of(ErrorReason::LiabilitiesExceedBalance)
        .with("shortfalls", funds.shortfalls.len().to_string())
        .standing(Outcome::NotSent, NextAction::FundThenRetry);
    funds.shortfalls.iter().take(MAX_VIOLATIONS).fold(failure, |failure, short| {
        let account = short.connection_id.as_deref().unwrap_or("own");
        let description = format!("owes {} {} and has {}", short.required, short.currency, short.available);
        failure.lacking(format!("{account}/{}", short.currency), description)
    })
}

fn differing(failure: Failure, fields: &[&str]) -> Failure {
    fields.iter().fold(failure, |failure, field| failure.at(*field, "differs from the first request"))
}

fn signing_refused(refusal: SigningRefusal) -> Failure {
    match refusal {
        SigningRefusal::KeyDisabled => Failure::of(ErrorReason::KeyDisabled),
        SigningRefusal::PurposeNotAllowed(purpose) => {
            Failure::of(ErrorReason::PurposeNotAllowed).with("purpose", purpose.as_str())
        }
        SigningRefusal::UseInitiateSettlement => Failure::of(ErrorReason::UseInitiateSettlement),
        SigningRefusal::ReferenceTaken(holder) => {
            Failure::of(ErrorReason::SigningReferenceTaken).with("holder_payload_sha256", holder.to_hex())
        }
    }
}

fn store(error: &StoreError) -> ErrorReason {
    match error {
        StoreError::Unavailable(_) => ErrorReason::StoreUnavailable,
        StoreError::Damaged(_) => ErrorReason::Internal,
        StoreError::Fenced => ErrorReason::StateConflict,
        StoreError::Archived(_) => ErrorReason::Archived,
        StoreError::Adrift(_) => ErrorReason::JournalBehindAnchor,
    }
}

/// What is no longer in the journal, and where it is.
fn archived(place: &Archived) -> Failure {
    match place {
        Archived::InFile(file) => Failure::of(ErrorReason::Archived).with("archived_in", file.as_str()),
        Archived::ChangesUpTo(place) => Failure::of(ErrorReason::Archived)
            .with("archived_to_sequence", place.to_string())
            .at("after_sequence", "must not lie before events that have left the journal"),
    }
}

fn not_accepted(settlement: &Settlement) -> Failure {
    let failure = Failure::of(settlement.progress.reason.map_or(ErrorReason::Internal, refusal)).about(settlement);
    match &settlement.progress.detail {
        Some(detail) => failure.saying(detail.as_str()),
        None => failure,
    }
}

/// The public reason of a settlement that the venue provably did not create.
fn refusal(reason: Reason) -> ErrorReason {
    match reason {
        Reason::PayloadMismatch => ErrorReason::PayloadMismatch,
        Reason::SigningReferenceTaken => ErrorReason::SigningReferenceTaken,
        Reason::KeyUnavailable => ErrorReason::KeyUnavailable,
        Reason::VenueRejectedRequest | Reason::RejectedByVenue => ErrorReason::VenueRejectedRequest,
        Reason::VenueRejectedSignature => ErrorReason::VenueRejectedSignature,
        Reason::VenueCredentials => ErrorReason::VenueCredentials,
        Reason::VenueForbidden => ErrorReason::VenueForbidden,
        Reason::DisputesEnabledUseV2 => ErrorReason::DisputesEnabledUseV2,
        Reason::VenueConflict => ErrorReason::VenueConflict,
        Reason::VenueRateLimited => ErrorReason::VenueRateLimited,
        Reason::VenueUnavailable => ErrorReason::VenueUnavailable,
        Reason::VenueAnswerInvalid | Reason::VenueAnsweredOther => ErrorReason::VenueAnswerInvalid,
        Reason::LiabilitiesExceedBalance | Reason::InsufficientFunds => ErrorReason::LiabilitiesExceedBalance,
        Reason::SubmitBeforePassed => ErrorReason::SubmitBeforePassed,
        Reason::Superseded => ErrorReason::Superseded,
        Reason::ResolvedByOperator => ErrorReason::ResolvedByOperator,
        Reason::JournalBehindAnchor => ErrorReason::JournalBehindAnchor,
        Reason::AnchorUnavailable => ErrorReason::AnchorUnavailable,
        Reason::JournalRestored => ErrorReason::JournalRestored,
        Reason::CancelledByCaller
        | Reason::ExportedByOperator
        | Reason::RetryAsked
        | Reason::TooManyTakeovers
        | Reason::TooManyAttempts
        | Reason::FinalAmountsChanged
        | Reason::ReconciliationMismatch => ErrorReason::Internal,
    }
}
