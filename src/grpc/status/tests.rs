mod samples;

use std::collections::BTreeSet;
use std::time::Duration;

use samples::{boxed, errors, limit, quote, refused_because, short, venue};
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
use crate::domain::settlement::{AdoptedBy, AdoptedSettlement, Route, Shortfall, VenueError, VenueSettlement, VenueStatus};
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

#[test]
fn many_shortfalls_are_counted_and_as_many_named_as_fit() {
    let status = status(&ServiceError::ShortOfFunds(Box::new(short())), &read());
    assert!(status.details().len() <= MAX_DETAILS_BYTES);
    let details = details(&status);
    let named = details.precondition_failure().unwrap().violations.len();
    assert!((1..=20).contains(&named), "{named}");
    assert_eq!(details.error_info().unwrap().metadata["shortfalls"], "100");
}

#[test]
fn an_error_about_a_confirmation_says_whether_a_payout_is_under_way() {
    let status = status(&ServiceError::ConfirmationRefused(quote(Some(ConfirmationReason::Changed))), &read());
    let info = details(&status).error_info().cloned().unwrap();
    let told = |key: &str| info.metadata.get(key).map(String::as_str);
    assert_eq!((told("outcome"), told("next_action")), (Some("NOT_SENT"), Some("FIX_WITH_NEW_ID")));
    assert_eq!((told("external_tx_id"), told("state"), told("tx_id")), (Some("payout-1"), Some("REFUSED"), Some("tx")));
}
