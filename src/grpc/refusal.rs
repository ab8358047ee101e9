//! The statuses of calls that never reach a handler, in the form that the contract promises for every error.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::pb::ErrorReason;

/// The domain of every `google.rpc.ErrorInfo` of this contract.
const ERROR_DOMAIN: &str = "settlement.v1";

/// How long to wait before trying again where this process is the bottleneck.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The caller proved nothing, or nothing known. Which, is not told.
pub(super) fn caller_unknown() -> Status {
    refuse(Code::Unauthenticated, "the caller is not known", ErrorReason::CallerUnknown, None)
}

/// The deadline passed before the handler answered.
pub(super) fn deadline_exceeded() -> Status {
    refuse(Code::DeadlineExceeded, "the deadline passed before the answer", ErrorReason::DeadlineExceeded, None)
}

/// `grpc-timeout` cannot be read.
pub(super) fn malformed_timeout() -> Status {
    refuse(Code::InvalidArgument, "grpc-timeout cannot be read", ErrorReason::InvalidRequest, None)
}

/// More calls are under way than this process takes.
pub(super) fn overloaded() -> Status {
    refuse(Code::Unavailable, "the gateway is overloaded", ErrorReason::Overloaded, Some(RETRY_AFTER))
}

/// This process is going down.
pub(super) fn draining() -> Status {
    refuse(Code::Unavailable, "the gateway is shutting down", ErrorReason::Draining, Some(Duration::ZERO))
}

/// A handler panicked.
pub(super) fn internal() -> Status {
    refuse(Code::Internal, "an internal fault", ErrorReason::Internal, None)
}

fn refuse(code: Code, message: &str, reason: ErrorReason, retry_after: Option<Duration>) -> Status {
    let mut details = ErrorDetails::with_error_info(reason.reason(), ERROR_DOMAIN, HashMap::new());
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    Status::with_error_details(code, message, details)
}
