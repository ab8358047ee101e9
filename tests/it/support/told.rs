//! What a status tells its caller, taken apart.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A status with its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) reason: String,
    pub(crate) domain: String,
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) fields: Vec<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Told {
    /// Takes a status apart; every error of the gateway has an ErrorInfo.
    pub(crate) fn by(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}")).clone();
        let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
        Self {
            code: status.code(),
            message: status.message().to_owned(),
            reason: info.reason,
            domain: info.domain,
            metadata: info.metadata,
            fields: violations.into_iter().map(|violation| violation.field).collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        }
    }

    /// A metadata entry, empty where there is none.
    pub(crate) fn about(&self, key: &str) -> &str {
        self.metadata.get(key).map_or("", String::as_str)
    }
}

/// The refusal of a call that must be refused.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> Told {
    Told::by(&answer.expect_err("the call should be refused"))
}

/// Asserts that the journal could not be had, or not be anchored, which needs it.
#[track_caller]
pub(crate) fn assert_unavailable(told: &Told) {
    let is_known = ["STORE_UNAVAILABLE", "ANCHOR_UNAVAILABLE"].contains(&told.reason.as_str());
    assert!(told.code == Code::Unavailable && is_known, "{told:?}");
}

/// Asserts code, reason and domain of a refusal.
#[track_caller]
pub(crate) fn assert_told(told: &Told, code: Code, reason: &str) {
    assert_eq!((told.code, told.reason.as_str(), told.domain.as_str()), (code, reason, "settlement.v1"), "{told:?}");
}
