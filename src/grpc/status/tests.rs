use std::collections::BTreeSet;
use std::time::Duration;

use tonic_types::{ErrorDetails, StatusExt};

use super::*;
use crate::custody::SignerError;
use crate::domain::anchor::Adrift;
use crate::domain::ids::{
    AffirmationId, CallerId, Currency, EnterpriseId, ExternalId, ExternalTxId, KeyId, RequestId, TradingAccountId, TxId,
};
use crate::domain::payload::Mismatch;
use crate::domain::policy::Denied;
use crate::domain::quote::{Confirmation, ConfirmationAsked, ConfirmationChange, ConfirmationReason, Quote};
use crate::domain::settlement::{Route, Shortfall, VenueError};
use crate::domain::signing::{PayloadDigest, Purpose};
use crate::domain::time::Cutoff;
use crate::domain::trade::{TradeAction, TradeAsked, TradeChange, TradeHeader, TradeReason, TradeWrite};
use crate::grpc::convert::violations::Violations;
use crate::grpc::fixtures::{not_accepted as unaccepted, settlement};
use crate::service::VenueCall;
use crate::upstream::VenueFailure;

/// Reasons that no error of a use case has: who sends them instead.
const NOT_OF_A_USE_CASE: [(ErrorReason, &str); 5] = [
    (ErrorReason::Unspecified, "nobody"),
    (ErrorReason::InvalidRequest, "the converters"),
    (ErrorReason::CallerUnknown, "authentication"),
    (ErrorReason::QuotaExceeded, "the watches"),
    (ErrorReason::DeadlineExceeded, "the handlers, when a read outlasts its caller's deadline, and the layers"),
];

fn boxed() -> Box<dyn std::error::Error + Send + Sync> {
    "SELECT token FROM secrets".into()
}

fn venue(call: VenueCall, status: u16, name: Option<&str>) -> ServiceError {
    let error = VenueError { name: name.map(str::to_owned), message: None, request_id: Some("r1".to_owned()) };
    ServiceError::Venue { call, failure: VenueFailure::Refused { status, error, retry_after_seconds: Some(7) } }
}

fn refused_because(reason: Reason) -> ServiceError {
    ServiceError::NotAccepted(Box::new(unaccepted(reason, "the venue answered 400")))
}

fn limit(window: &'static str) -> ServiceError {
    let currency = Currency::new("BTC").unwrap();
    ServiceError::LimitExceeded(LimitExceeded { currency, limit: "10".to_owned(), window })
}

/// Each error with its row.
fn errors() -> Vec<(ServiceError, ErrorReason, Code)> {
    [of_requests(), of_settlements(), of_quotes(), of_venues(), of_trades(), of_the_gateway()].into_iter().flatten().collect()
}

fn of_requests() -> Vec<(ServiceError, ErrorReason, Code)> {
    use ErrorReason as R;
    let invalid = |problem| ServiceError::invalid("field", problem);
    let signing = ServiceError::SigningRefused;
    let digest = PayloadDigest::of("other");
    let newest = Cutoff::new(jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(500_000)).unwrap();
    vec![
        (invalid(Problem::CutoffRequired), R::CutoffRequired, Code::InvalidArgument),
        (invalid(Problem::CutoffNotTaken), R::CutoffNotTaken, Code::InvalidArgument),
        (invalid(Problem::CutoffInFuture), R::CutoffInFuture, Code::InvalidArgument),
        (invalid(Problem::SubmitBeforePassed), R::SubmitBeforePassed, Code::FailedPrecondition),
        (invalid(Problem::ControlTotalsMismatch), R::ControlTotalsMismatch, Code::InvalidArgument),
        (invalid(Problem::ChainNotConfigured), R::QuoteUnsupportedChain, Code::InvalidArgument),
        (invalid(Problem::CurrencyNotConfigured), R::QuoteUnsupportedPair, Code::InvalidArgument),
        (invalid(Problem::PayloadAmbiguous), R::PayloadAmbiguous, Code::InvalidArgument),
        (ServiceError::Denied(Denied), R::NotAllowed, Code::PermissionDenied),
        (limit(LimitExceeded::PER_SETTLEMENT), R::LimitExceeded, Code::PermissionDenied),
        (ServiceError::WalletNotAllowed, R::WalletNotAllowed, Code::PermissionDenied),
        (ServiceError::RequestIdReused { fields: vec!["chain"] }, R::RequestIdReused, Code::AlreadyExists),
        (ServiceError::AmountUnitMismatch, R::AmountUnitMismatch, Code::FailedPrecondition),
        (ServiceError::RouteMismatch { configured: Route::V1, venue: Route::V2 }, R::RouteMismatch, Code::FailedPrecondition),
        (ServiceError::ShortOfFunds(Box::new(short())), R::LiabilitiesExceedBalance, Code::FailedPrecondition),
        (twice(Twice::SameAmounts { holder: holder() }), R::PossibleDuplicate, Code::FailedPrecondition),
        (twice(Twice::TooManyOpen { most: 1, oldest: holder() }), R::SettlementOpen, Code::FailedPrecondition),
        (twice(Twice::CutoffNotIncreasing { newest, holder: holder() }), R::CutoffNotIncreasing, Code::FailedPrecondition),
        (ServiceError::SupersedesRefused(ExternalId::new("x0").unwrap()), R::SupersedesRefused, Code::FailedPrecondition),
        (signing(SigningRefusal::KeyDisabled), R::KeyDisabled, Code::FailedPrecondition),
        (signing(SigningRefusal::PurposeNotAllowed(Purpose::Raw)), R::PurposeNotAllowed, Code::FailedPrecondition),
        (signing(SigningRefusal::UseInitiateSettlement), R::UseInitiateSettlement, Code::FailedPrecondition),
        (signing(SigningRefusal::ReferenceTaken(digest)), R::SigningReferenceTaken, Code::FailedPrecondition),
        (ServiceError::NotFound(NotFound::Settlement), R::SettlementNotFound, Code::NotFound),
        (ServiceError::NotFound(NotFound::ClientSettlement), R::ClientSettlementNotFound, Code::NotFound),
        (ServiceError::NotFound(NotFound::Quote), R::QuoteNotFound, Code::NotFound),
        (ServiceError::NotFound(NotFound::Key), R::KeyNotFound, Code::NotFound),
    ]
}

fn twice(twice: Twice) -> ServiceError {
    ServiceError::Twice(twice)
}

/// More shortfalls than an error may hold.
fn short() -> Funds {
    let shortfall = |n: usize| Shortfall {
        connection_id: Some(format!("{n:0>120}")),
        currency: "BTC".to_owned(),
        required: "2".to_owned(),
        available: "1".to_owned(),
    };
    let shortfalls = (0..100).map(shortfall).collect();
    Funds { shortfalls, own_balance_told: true, closed_disputes: 0, read_at: jiff::Timestamp::UNIX_EPOCH }
}

#[test]
fn many_shortfalls_are_counted_and_as_many_named_as_fit() {
    let status = status(&ServiceError::ShortOfFunds(Box::new(short())), &read());
    assert!(status.details().len() <= MAX_DETAILS_BYTES);
    let details = details(&status);
    let named = details.precondition_failure().unwrap().violations.len();
    assert!((1..=20).contains(&named), "{named}");
    assert_eq!(details.error_info().unwrap().metadata["shortfalls"], "100");
}

fn holder() -> ExternalId {
    ExternalId::new("x0").unwrap()
}

fn of_settlements() -> Vec<(ServiceError, ErrorReason, Code)> {
    use ErrorReason as R;
    let stored = || Box::new(settlement());
    let reused = ServiceError::ExternalIdReused { settlement: stored(), fields: vec!["settlement_amounts", "notes"] };
    let mismatch = Mismatch { path: "nonce".to_owned(), problem: "has another value" };
    vec![
        (reused, R::ExternalIdReused, Code::AlreadyExists),
        (ServiceError::PayloadMismatch(mismatch), R::PayloadMismatch, Code::FailedPrecondition),
        (ServiceError::StateConflict(stored()), R::StateConflict, Code::Aborted),
        (ServiceError::Busy(stored()), R::StateConflict, Code::Aborted),
        (ServiceError::NotRetryable(stored()), R::NotRetryable, Code::FailedPrecondition),
        (ServiceError::NotCancellable(stored()), R::NotCancellable, Code::FailedPrecondition),
        (refused_because(Reason::VenueRejectedRequest), R::VenueRejectedRequest, Code::InvalidArgument),
        (refused_because(Reason::RejectedByVenue), R::VenueRejectedRequest, Code::InvalidArgument),
        (refused_because(Reason::VenueRejectedSignature), R::VenueRejectedSignature, Code::Internal),
        (refused_because(Reason::PayloadMismatch), R::PayloadMismatch, Code::FailedPrecondition),
        (refused_because(Reason::SigningReferenceTaken), R::SigningReferenceTaken, Code::FailedPrecondition),
        (refused_because(Reason::VenueCredentials), R::VenueCredentials, Code::FailedPrecondition),
        (refused_because(Reason::VenueForbidden), R::VenueForbidden, Code::FailedPrecondition),
        (refused_because(Reason::DisputesEnabledUseV2), R::DisputesEnabledUseV2, Code::FailedPrecondition),
        (refused_because(Reason::LiabilitiesExceedBalance), R::LiabilitiesExceedBalance, Code::FailedPrecondition),
        (refused_because(Reason::InsufficientFunds), R::LiabilitiesExceedBalance, Code::FailedPrecondition),
        (refused_because(Reason::VenueConflict), R::VenueConflict, Code::FailedPrecondition),
        (refused_because(Reason::SubmitBeforePassed), R::SubmitBeforePassed, Code::FailedPrecondition),
        (refused_because(Reason::KeyUnavailable), R::KeyUnavailable, Code::Unavailable),
        (refused_because(Reason::VenueRateLimited), R::VenueRateLimited, Code::Unavailable),
        (refused_because(Reason::VenueUnavailable), R::VenueUnavailable, Code::Unavailable),
        (refused_because(Reason::VenueAnswerInvalid), R::VenueAnswerInvalid, Code::Internal),
        (refused_because(Reason::VenueAnsweredOther), R::VenueAnswerInvalid, Code::Internal),
        (refused_because(Reason::CancelledByCaller), R::Internal, Code::Internal),
        (refused_because(Reason::RetryAsked), R::Internal, Code::Internal),
        (refused_because(Reason::TooManyTakeovers), R::Internal, Code::Internal),
        (refused_because(Reason::TooManyAttempts), R::Internal, Code::Internal),
        (refused_because(Reason::FinalAmountsChanged), R::Internal, Code::Internal),
        (refused_because(Reason::ReconciliationMismatch), R::Internal, Code::Internal),
        (refused_because(Reason::Superseded), R::Superseded, Code::FailedPrecondition),
    ]
}

fn quote(state: Option<ConfirmationReason>) -> Box<Quote> {
    let mut quote = crate::domain::quote::sample();
    quote.confirmation = state.map(|reason| {
        let asked = ConfirmationAsked {
            external_tx_id: ExternalTxId::new("payout-1").unwrap(),
            accept_partial: false,
            terms: quote.confirmable(false, quote.requested_at).unwrap(),
            caller: quote.caller.clone(),
        };
        let recorded = Confirmation::new(asked, quote.requested_at);
        recorded.after(ConfirmationChange::Refused(reason, "the venue said so".to_owned()), quote.requested_at).unwrap()
    });
    Box::new(quote)
}

fn of_quotes() -> Vec<(ServiceError, ErrorReason, Code)> {
    use ConfirmationReason as C;
    use ErrorReason as R;
    let reused = ServiceError::ConfirmationReused { holder: TxId::new("tx").unwrap(), fields: vec!["external_tx_id"] };
    let refused = |reason| ServiceError::ConfirmationRefused(quote(Some(reason)));
    vec![
        (ServiceError::QuoteUnconfirmable(C::Expired), R::QuoteExpired, Code::FailedPrecondition),
        (ServiceError::QuoteUnconfirmable(C::WalletNotAllowed), R::WalletNotAllowed, Code::PermissionDenied),
        (ServiceError::QuoteChanged { fields: vec!["expected_exchange_rate"] }, R::QuoteChanged, Code::FailedPrecondition),
        (reused, R::ConfirmationReused, Code::AlreadyExists),
        (ServiceError::CallbackNotConfigured, R::QuoteCallbackNotConfigured, Code::FailedPrecondition),
        (ServiceError::QuoteBeingConfirmed(quote(None)), R::QuoteBeingConfirmed, Code::Aborted),
        (ServiceError::QuoteNotCancellable(quote(None)), R::QuoteNotCancellable, Code::FailedPrecondition),
        (ServiceError::CancellationUnknown, R::QuoteOutcomeUnknown, Code::Unavailable),
        (refused(C::Expired), R::QuoteExpired, Code::FailedPrecondition),
        (refused(C::NotConfirmable), R::QuoteNotConfirmable, Code::FailedPrecondition),
        (refused(C::PartialNotAccepted), R::QuotePartialNotAccepted, Code::FailedPrecondition),
        (refused(C::Changed), R::QuoteChanged, Code::FailedPrecondition),
        (refused(C::Inconsistent), R::QuoteInconsistent, Code::FailedPrecondition),
        (refused(C::ConfirmedByAnother), R::QuoteConfirmedByAnother, Code::FailedPrecondition),
        (refused(C::VenueRejectedRequest), R::VenueRejectedRequest, Code::InvalidArgument),
        (refused(C::VenueCredentials), R::VenueCredentials, Code::FailedPrecondition),
        (refused(C::VenueForbidden), R::VenueForbidden, Code::FailedPrecondition),
        (refused(C::NotFound), R::QuoteNotFound, Code::NotFound),
        (refused(C::VenueRateLimited), R::VenueRateLimited, Code::Unavailable),
        (refused(C::VenueUnavailable), R::VenueUnavailable, Code::Unavailable),
        (refused(C::VenueAnswerInvalid), R::VenueAnswerInvalid, Code::Internal),
        (refused(C::Unattributed), R::Internal, Code::Internal),
    ]
}

#[test]
fn an_error_about_a_confirmation_says_whether_a_payout_is_under_way() {
    let status = status(&ServiceError::ConfirmationRefused(quote(Some(ConfirmationReason::Changed))), &read());
    let info = details(&status).error_info().cloned().unwrap();
    let told = |key: &str| info.metadata.get(key).map(String::as_str);
    assert_eq!((told("outcome"), told("next_action")), (Some("NOT_SENT"), Some("FIX_WITH_NEW_ID")));
    assert_eq!((told("external_tx_id"), told("state"), told("tx_id")), (Some("payout-1"), Some("REFUSED"), Some("tx")));
}

fn of_venues() -> Vec<(ServiceError, ErrorReason, Code)> {
    use ErrorReason as R;
    let read = |status| venue(VenueCall::Read, status, None);
    let quote = |name| venue(VenueCall::Quote, 400, Some(name));
    let silent = |failure| ServiceError::Venue { call: VenueCall::Read, failure };
    let detail = || "reset".to_owned();
    vec![
        (read(400), R::VenueRejectedRequest, Code::InvalidArgument),
        (read(401), R::VenueCredentials, Code::FailedPrecondition),
        (read(403), R::VenueForbidden, Code::FailedPrecondition),
        (read(409), R::VenueConflict, Code::FailedPrecondition),
        (read(410), R::QuoteExpired, Code::FailedPrecondition),
        (read(422), R::LiabilitiesExceedBalance, Code::FailedPrecondition),
        (read(429), R::VenueRateLimited, Code::Unavailable),
        (silent(VenueFailure::OverBudget { wait: Duration::from_millis(1) }), R::VenueRateLimited, Code::Unavailable),
        (read(500), R::VenueUnavailable, Code::Unavailable),
        (read(503), R::VenueUnavailable, Code::Unavailable),
        (read(302), R::VenueAnswerInvalid, Code::Internal),
        (read(405), R::VenueAnswerInvalid, Code::Internal),
        (read(999), R::VenueAnswerInvalid, Code::Internal),
        (silent(VenueFailure::NotSent { detail: detail() }), R::VenueUnavailable, Code::Unavailable),
        (silent(VenueFailure::NoAnswer { detail: detail() }), R::VenueUnavailable, Code::Unavailable),
        (silent(VenueFailure::Unreadable { detail: detail() }), R::VenueAnswerInvalid, Code::Internal),
        (quote("unsupported_pair"), R::QuoteUnsupportedPair, Code::InvalidArgument),
        (quote("unsupported_chain"), R::QuoteUnsupportedChain, Code::InvalidArgument),
        (quote("invalid_wallet_address"), R::QuoteInvalidWalletAddress, Code::InvalidArgument),
        (quote("amount_below_minimum"), R::QuoteAmountBelowMinimum, Code::InvalidArgument),
        (quote("amount_above_maximum"), R::QuoteAmountAboveMaximum, Code::InvalidArgument),
        (quote("invalid_request"), R::VenueRejectedRequest, Code::InvalidArgument),
        (venue(VenueCall::Quote, 422, None), R::VenueRejectedRequest, Code::InvalidArgument),
        (venue(VenueCall::Quote, 401, None), R::VenueCredentials, Code::FailedPrecondition),
    ]
}

/// A write on BitGo Trade that came to nothing.
fn trade_refused(reason: TradeReason) -> ServiceError {
    let asked = TradeAsked {
        enterprise_id: EnterpriseId::new("e").unwrap(),
        account_id: TradingAccountId::new("a").unwrap(),
        request_id: RequestId::new("r").unwrap(),
        action: TradeAction::Reject(AffirmationId::new("f").unwrap()),
    };
    let header = TradeHeader {
        asked,
        key_id: KeyId::new("k").unwrap(),
        caller: CallerId::new("c").unwrap(),
        submit_before: jiff::Timestamp::UNIX_EPOCH,
        created_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let refused = TradeChange::NotAccepted { reason, detail: "the venue answered 400".to_owned() };
    let write = TradeWrite::received(uuid::Uuid::nil(), header).after(&refused, jiff::Timestamp::UNIX_EPOCH).unwrap();
    ServiceError::TradeNotAccepted(Box::new(write))
}

fn of_trades() -> Vec<(ServiceError, ErrorReason, Code)> {
    use ErrorReason as R;
    vec![
        (trade_refused(TradeReason::AffirmationNotFound), R::AffirmationNotFound, Code::NotFound),
        (trade_refused(TradeReason::AffirmationNotPending), R::AffirmationNotPending, Code::FailedPrecondition),
        (trade_refused(TradeReason::TradePayloadReused), R::TradePayloadReused, Code::FailedPrecondition),
        (trade_refused(TradeReason::ResolvedByOperator), R::ResolvedByOperator, Code::FailedPrecondition),
        (trade_refused(TradeReason::VenueRejectedRequest), R::VenueRejectedRequest, Code::InvalidArgument),
        (refused_because(Reason::ResolvedByOperator), R::ResolvedByOperator, Code::FailedPrecondition),
        (ServiceError::invalid("amounts", Problem::TradesMismatch), R::TradesMismatch, Code::InvalidArgument),
        (ServiceError::NotFound(NotFound::TradeSettlement), R::TradeSettlementNotFound, Code::NotFound),
        (ServiceError::NotResolvable, R::NotResolvable, Code::FailedPrecondition),
        (ServiceError::ResolutionRefuted("it is there".to_owned()), R::ResolutionRefuted, Code::FailedPrecondition),
    ]
}

fn of_the_gateway() -> Vec<(ServiceError, ErrorReason, Code)> {
    use ErrorReason as R;
    vec![
        (ServiceError::KeyUnavailable(SignerError(boxed())), R::KeyUnavailable, Code::Unavailable),
        (StoreError::Unavailable(boxed()).into(), R::StoreUnavailable, Code::Unavailable),
        (StoreError::Damaged("SELECT token FROM secrets".to_owned()).into(), R::Internal, Code::Internal),
        (StoreError::Fenced.into(), R::StateConflict, Code::Aborted),
        (StoreError::Adrift(Adrift::Missing).into(), R::JournalBehindAnchor, Code::FailedPrecondition),
        (ServiceError::CursorBeyondEnd { newest: 5 }, R::CursorBeyondEnd, Code::OutOfRange),
        (ServiceError::ReaderTooSlow, R::ReaderTooSlow, Code::Aborted),
        (ServiceError::NotFound(NotFound::SettlementAtVenue), R::SettlementNotAtVenue, Code::NotFound),
        (ServiceError::Overloaded, R::Overloaded, Code::Unavailable),
        (ServiceError::Draining, R::Draining, Code::Unavailable),
        (ServiceError::Internal("a defect", Some(boxed())), R::Internal, Code::Internal),
    ]
}

fn read() -> About {
    About::call("Service/Read")
}

fn told(status: &Status, key: &str) -> Option<String> {
    details(status).error_info()?.metadata.get(key).cloned()
}

fn details(status: &Status) -> ErrorDetails {
    status.check_error_details().unwrap()
}

#[test]
fn every_error_has_its_reason_and_its_code() {
    for (error, reason, code) in errors() {
        let status = status(&error, &read());
        assert_eq!(status.code(), code, "{error:?}");
        let info = details(&status).error_info().cloned().unwrap();
        assert_eq!((info.domain.as_str(), info.reason.as_str()), (ERROR_DOMAIN, reason.reason()), "{error:?}");
        assert!(status.message().contains(&format!("[{}]; ", reason.reason())), "{}", status.message());
    }
}

#[test]
fn every_reason_is_some_errors_or_somebody_elses() {
    let mut reasons: BTreeSet<&str> = errors().into_iter().map(|(_, reason, _)| reason.reason()).collect();
    for (reason, _) in NOT_OF_A_USE_CASE {
        assert!(reasons.insert(reason.reason()), "{reason:?} is an error's and need not be excepted");
    }
    assert_eq!(reasons, ROWS.iter().map(|row| row.reason.reason()).collect());
}

#[test]
fn the_rows_are_the_contracts_enum_in_its_order() {
    let reasons: Vec<_> = (0..1_000).filter_map(|number| ErrorReason::try_from(number).ok()).collect();
    assert_eq!(ROWS.iter().map(|row| row.reason).collect::<Vec<_>>(), reasons);
}

#[test]
fn no_cause_reaches_a_caller() {
    for (error, ..) in errors() {
        let status = status(&error, &read());
        let told = format!("{} {}", status.message(), String::from_utf8_lossy(status.details()));
        assert!(!told.contains("SELECT") && !told.contains("a defect"), "{told}");
    }
}

#[test]
fn every_error_that_waiting_helps_says_how_long() {
    for (error, reason, code) in errors() {
        let wait = details(&status(&error, &read())).retry_info().and_then(|info| info.retry_delay);
        assert_eq!(wait.is_some(), row(reason).retry_after.is_some(), "{error:?}");
        assert!(code != Code::Unavailable || wait.is_some(), "{error:?}");
    }
}

#[test]
fn a_venues_wait_is_told_where_waiting_helps_and_its_request_id_always() {
    let limited = details(&status(&venue(VenueCall::Read, 429, None), &read()));
    assert_eq!(limited.retry_info().unwrap().retry_delay, Some(Duration::from_secs(7)));
    assert_eq!(limited.request_info().unwrap().request_id, "r1");
    let refused = details(&status(&venue(VenueCall::Read, 401, None), &read()));
    assert!(refused.retry_info().is_none());
    assert_eq!(refused.request_info().unwrap().request_id, "r1");
}

#[test]
fn a_venues_not_found_is_what_the_rpc_asked_for() {
    let missing = venue(VenueCall::Read, 404, None);
    let quote = read().venue_lacks(ErrorReason::QuoteNotFound);
    assert_eq!(status(&missing, &quote).code(), Code::NotFound);
    assert_eq!(status(&missing, &read()).code(), Code::FailedPrecondition);
}

#[test]
fn an_unaccepted_settlement_tells_how_it_stands() {
    let status = status(&refused_because(Reason::VenueRejectedRequest), &read());
    for (key, value) in [
        ("external_id", "x1"),
        ("state", "NOT_ACCEPTED"),
        ("outcome", "NOT_CREATED"),
        ("next_action", "FIX_WITH_NEW_ID"),
        ("sequence", "2"),
    ] {
        assert_eq!(told(&status, key).as_deref(), Some(value), "{key}");
    }
    assert!(status.message().contains("the venue answered 400 [VENUE_REJECTED_REQUEST]; "), "{}", status.message());
    assert!(status.message().ends_with("(outcome NOT_CREATED, next action FIX_WITH_NEW_ID)"), "{}", status.message());
}

#[test]
fn a_write_without_the_journal_never_says_that_nothing_was_sent() {
    let write = |kind| read().that(kind).named("x9");
    let lost = || ServiceError::from(StoreError::Unavailable(boxed()));
    for kind in [Kind::Initiates, Kind::Changes] {
        let status = status(&lost(), &write(kind));
        assert_eq!(told(&status, "external_id").as_deref(), Some("x9"));
        assert_eq!(told(&status, "outcome").as_deref(), Some("UNKNOWN"));
        assert_eq!(told(&status, "next_action").as_deref(), Some("WAIT"));
    }
    assert_eq!(told(&status(&lost(), &read()), "outcome"), None);
}

#[test]
fn a_request_that_was_looked_up_and_refused_was_not_sent() {
    let refused = || ServiceError::invalid("cutoff_at", Problem::CutoffInFuture);
    let initiated = status(&refused(), &read().that(Kind::Initiates).named("x9"));
    assert_eq!(told(&initiated, "outcome").as_deref(), Some("NOT_SENT"));
    assert_eq!(told(&status(&refused(), &read().named("x9")), "outcome"), None);
}

#[test]
fn a_limit_says_which_and_of_what() {
    let day = status(&limit(LimitExceeded::PER_DAY), &read());
    assert_eq!(told(&day, "limit").as_deref(), Some("rolling_day"));
    assert_eq!(told(&day, "currency").as_deref(), Some("BTC"));
    assert_eq!(told(&status(&limit(LimitExceeded::PER_SETTLEMENT), &read()), "limit").as_deref(), Some("settlement"));
}

#[test]
fn a_reused_id_names_the_fields_that_differ() {
    let error = ServiceError::ExternalIdReused { settlement: Box::new(settlement()), fields: vec!["notes", "nonce"] };
    let details = details(&status(&error, &read()));
    let fields: Vec<_> = details.bad_request().unwrap().field_violations.iter().map(|field| field.field.clone()).collect();
    assert_eq!(fields, ["notes", "nonce"]);
}

#[test]
fn a_fault_of_the_request_goes_before_one_of_the_time() {
    let at = |field: &str, problem| Violation { field: field.to_owned(), problem };
    let both = vec![at("submit_before", Problem::SubmitBeforePassed), at("cutoff_at", Problem::CutoffRequired)];
    let status = status(&ServiceError::Invalid(both), &read());
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(details(&status).bad_request().unwrap().field_violations.len(), 2);
}

#[test]
fn no_status_outgrows_the_trailers() {
    let mut violations = Violations::new();
    for leg in 0..20_000 {
        violations.add(format_args!("settlement_amounts[{leg}].amount"), "é".repeat(150));
    }
    let unread = invalid(violations.finish(|| Some(())).unwrap_err(), &read().named(&"é".repeat(128)));
    let chatty = ServiceError::NotAccepted(Box::new(unaccepted(Reason::VenueRejectedRequest, &"é\r\n".repeat(200))));
    for status in [unread, status(&chatty, &read())] {
        assert!(status.details().len() <= MAX_DETAILS_BYTES, "{}", status.details().len());
        assert!(status.message().len() <= 700 && !status.message().contains(char::is_control));
        assert!(status.message().contains("]; correct "), "{}", status.message());
        details(&status);
    }
}

#[test]
fn an_unreadable_request_names_its_fields_in_the_message_too() {
    let mut violations = Violations::new();
    violations.add("external_id", "must not be empty");
    let status = invalid(violations.finish(|| Some(())).unwrap_err(), &read());
    assert_eq!(
        status.message(),
        "the request breaks the limits of its fields: external_id must not be empty [INVALID_REQUEST]; correct the request"
    );
}
