//! Errors of every kind, each with its row of the table.

use std::time::Duration;

use super::*;

pub(super) fn boxed() -> Box<dyn std::error::Error + Send + Sync> {
    "SELECT token FROM secrets".into()
}

pub(super) fn venue(call: VenueCall, status: u16, name: Option<&str>) -> ServiceError {
    let error = VenueError { name: name.map(str::to_owned), message: None, request_id: Some("r1".to_owned()) };
    ServiceError::Venue { call, failure: VenueFailure::Refused { status, error, retry_after_seconds: Some(7) } }
}

pub(super) fn refused_because(reason: Reason) -> ServiceError {
    ServiceError::NotAccepted(Box::new(unaccepted(reason, "the venue answered 400")))
}

pub(super) fn limit(window: &'static str) -> ServiceError {
    let currency = Currency::new("BTC").unwrap();
    ServiceError::LimitExceeded(LimitExceeded { currency, limit: "10".to_owned(), window })
}

/// Each error with its row.
pub(super) fn errors() -> Vec<(ServiceError, ErrorReason, Code)> {
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
pub(super) fn short() -> Funds {
    let shortfall = |n: usize| Shortfall {
        connection_id: Some(format!("{n:0>120}")),
        currency: "BTC".to_owned(),
        required: "2".to_owned(),
        available: "1".to_owned(),
    };
    let shortfalls = (0..100).map(shortfall).collect();
    Funds { shortfalls, own_balance_told: true, closed_disputes: 0, read_at: jiff::Timestamp::UNIX_EPOCH }
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

pub(super) fn quote(state: Option<ConfirmationReason>) -> Box<Quote> {
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
        (refused_because(Reason::JournalRestored), R::JournalRestored, Code::FailedPrecondition),
        (ServiceError::ExternalIdAdopted(Box::new(adopted())), R::ExternalIdAdopted, Code::AlreadyExists),
        (ServiceError::invalid("amounts", Problem::TradesMismatch), R::TradesMismatch, Code::InvalidArgument),
        (ServiceError::NotFound(NotFound::TradeSettlement), R::TradeSettlementNotFound, Code::NotFound),
        (ServiceError::NotResolvable, R::NotResolvable, Code::FailedPrecondition),
        (ServiceError::ResolutionRefuted("it is there".to_owned()), R::ResolutionRefuted, Code::FailedPrecondition),
    ]
}

/// A settlement that only the venue has.
fn adopted() -> AdoptedSettlement {
    let venue = VenueSettlement {
        settlement_id: "s-1".to_owned(),
        partner_id: String::new(),
        external_id: "x1".to_owned(),
        status: VenueStatus::Completed,
        status_text: "completed".to_owned(),
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
    };
    AdoptedSettlement::of(&EnterpriseId::new("e1").unwrap(), venue, AdoptedBy::Repair, jiff::Timestamp::UNIX_EPOCH).unwrap()
}

fn of_the_gateway() -> Vec<(ServiceError, ErrorReason, Code)> {
    use ErrorReason as R;
    vec![
        (ServiceError::KeyUnavailable(SignerError(boxed())), R::KeyUnavailable, Code::Unavailable),
        (StoreError::Unavailable(boxed()).into(), R::StoreUnavailable, Code::Unavailable),
        (StoreError::Damaged("SELECT token FROM secrets".to_owned()).into(), R::Internal, Code::Internal),
        (StoreError::Archived(Archived::ChangesUpTo(5)).into(), R::Archived, Code::FailedPrecondition),
        (StoreError::Fenced.into(), R::StateConflict, Code::Aborted),
        (StoreError::Adrift(Adrift::Missing).into(), R::JournalBehindAnchor, Code::FailedPrecondition),
        (Unanchored::Adrift(Adrift::Missing).into(), R::JournalBehindAnchor, Code::FailedPrecondition),
        (Unanchored::Unavailable.into(), R::AnchorUnavailable, Code::Unavailable),
        (ServiceError::CursorBeyondEnd { newest: 5 }, R::CursorBeyondEnd, Code::OutOfRange),
        (ServiceError::ReaderTooSlow, R::ReaderTooSlow, Code::Aborted),
        (ServiceError::NotFound(NotFound::SettlementAtVenue), R::SettlementNotAtVenue, Code::NotFound),
        (ServiceError::Overloaded, R::Overloaded, Code::Unavailable),
        (ServiceError::Draining, R::Draining, Code::Unavailable),
        (ServiceError::Internal("a defect", Some(boxed())), R::Internal, Code::Internal),
    ]
}
