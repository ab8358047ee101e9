//! A refused call, in words for people and as an object for programs.

use serde_json::{Map, Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::cli::output::{pairs, printable};
use crate::grpc::status::code_name;

/// What a status says, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    code: Code,
    reason: Option<String>,
    what: String,
    advice: Option<String>,
    /// The field's path, and what is wrong with it.
    fields: Vec<(String, String)>,
    /// The account, and what it lacks.
    lacking: Vec<(String, String)>,
    /// What stands beside the reason, such as outcome and next action.
    metadata: Vec<(String, String)>,
    retry_after_ms: Option<u128>,
    request_id: Option<String>,
}

impl Refused {
    /// Takes a status apart. What is missing in it is missing here: a proxy answers with less than a gateway does.
    pub(super) fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone());
        let (what, advice) = parted(status.message(), reason.as_deref());
        let mut metadata: Vec<_> =
            details.error_info().map(|info| info.metadata.clone().into_iter().collect()).unwrap_or_default();
        metadata.sort();
        let wait = details.retry_info().and_then(|info| info.retry_delay);
        let id = status.metadata().get("x-request-id").and_then(|id| id.to_str().ok());
        Self {
            code: status.code(),
            reason,
            what,
            advice,
            fields: fields(&details),
            lacking: lacking(&details),
            metadata,
            retry_after_ms: wait.map(|wait| wait.as_millis()),
            request_id: id.map(str::to_owned),
        }
    }

    /// Whether the same call may pass later: the gateway was away or late, or too much was asked in too short a time.
    pub(super) fn may_pass(&self) -> bool {
        let is_quota = self.code == Code::ResourceExhausted && self.retry_after_ms.is_some();
        is_quota || matches!(self.code, Code::Unavailable | Code::DeadlineExceeded)
    }

    /// For people.
    pub(super) fn lines(&self) -> Vec<String> {
        let code = code_name(self.code);
        let reason = self.reason.as_ref().map_or(code.to_owned(), |reason| format!("{reason} ({code})"));
        let mut entries = vec![("reason", reason)];
        entries.extend(self.fields.iter().map(|(field, description)| ("field", format!("{field} {description}"))));
        entries.extend(self.lacking.iter().map(|(account, description)| ("lacking", format!("{account} {description}"))));
        entries.extend(self.metadata.iter().map(|(key, value)| (key.as_str(), value.clone())));
        entries.extend(self.retry_after_ms.map(|wait| ("retry after", format!("{wait} ms"))));
        entries.extend(self.request_id.iter().map(|id| ("request id", id.clone())));
        entries.extend(self.advice.iter().map(|advice| ("what to do", advice.clone())));
        let told = pairs(&entries).into_iter().map(|line| format!("  {line}"));
        std::iter::once(format!("refused: {}", printable(&self.what))).chain(told).collect()
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let list = |entries: &[(String, String)], named: &str| -> Value {
            entries.iter().map(|(name, description)| json!({ named: name, "description": description })).collect()
        };
        let metadata: Map<_, _> = self.metadata.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        json!({ "error": {
            "code": code_name(self.code),
            "reason": self.reason,
            "message": self.what,
            "what_to_do": self.advice,
            "fields": list(&self.fields, "field"),
            "lacking": list(&self.lacking, "account"),
            "metadata": metadata,
            "retry_after_ms": self.retry_after_ms.and_then(|wait| u64::try_from(wait).ok()),
            "request_id": self.request_id,
        }})
        .to_string()
    }
}

/// The gateway's messages are `what happened [REASON]; what to do (outcome ...)`; others are taken whole.
fn parted(message: &str, reason: Option<&str>) -> (String, Option<String>) {
    let mark = format!(" [{}]", reason.unwrap_or_default());
    let Some((what, rest)) = message.split_once(&mark) else { return (message.to_owned(), None) };
    let advice = rest.trim_start_matches("; ");
    let advice = advice.split_once(" (outcome ").map_or(advice, |(advice, _)| advice);
    (what.to_owned(), (!advice.is_empty()).then(|| advice.to_owned()))
}

fn fields(details: &ErrorDetails) -> Vec<(String, String)> {
    let violations = details.bad_request().map(|request| request.field_violations.as_slice()).unwrap_or_default();
    violations.iter().map(|violation| (violation.field.clone(), violation.description.clone())).collect()
}

fn lacking(details: &ErrorDetails) -> Vec<(String, String)> {
    let violations = details.precondition_failure().map(|failure| failure.violations.as_slice()).unwrap_or_default();
    violations.iter().map(|violation| (violation.subject.clone(), violation.description.clone())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use super::*;

    fn refusal() -> Status {
        let mut details = ErrorDetails::new();
        let metadata = HashMap::from([("outcome".to_owned(), "CREATED".to_owned())]);
        details.set_error_info("NOT_RETRYABLE", "settlement.v1", metadata);
        details.add_bad_request_violation("expected_sequence", "must be the newest");
        details.set_retry_info(Some(Duration::from_millis(1_500)));
        let message = "it cannot be sent again: it is settled [NOT_RETRYABLE]; read it with GetSettlement (outcome CREATED, \
                       next action NONE)";
        Status::with_error_details(Code::FailedPrecondition, message, details)
    }

    #[test]
    fn what_happened_and_what_to_do_stand_apart() {
        let lines = Refused::of(&refusal()).lines();
        let expected = [
            "refused: it cannot be sent again: it is settled",
            "  reason       NOT_RETRYABLE (FAILED_PRECONDITION)",
            "  field        expected_sequence must be the newest",
            "  outcome      CREATED",
            "  retry after  1500 ms",
            "  what to do   read it with GetSettlement",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn programs_get_the_same_in_parts() {
        let told: Value = serde_json::from_str(&Refused::of(&refusal()).json()).unwrap();
        assert_eq!(told["error"]["reason"], "NOT_RETRYABLE");
        assert_eq!(told["error"]["fields"][0]["field"], "expected_sequence");
        assert_eq!(told["error"]["metadata"]["outcome"], "CREATED");
        assert_eq!(told["error"]["retry_after_ms"], 1_500);
    }

    #[test]
    fn what_a_proxy_says_is_told_whole_and_without_its_control_characters() {
        let proxy = Refused::of(&Status::unavailable("upstream\u{1b}[2J is away"));
        assert_eq!(proxy.lines(), ["refused: upstream\\u{1b}[2J is away", "  reason  UNAVAILABLE"]);
        assert!(proxy.may_pass());
        assert!(!Refused::of(&refusal()).may_pass());
        let mut details = ErrorDetails::new();
        details.set_retry_info(Some(Duration::from_secs(1)));
        let quota = Status::with_error_details(Code::ResourceExhausted, "the quota is used up", details);
        assert!(Refused::of(&quota).may_pass(), "it says when");
    }
}
