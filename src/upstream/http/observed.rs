//! What operators learn of every call: how often, how it ended, how long it took; and its span in a trace.
//!
//! A call carries no trace context to a venue: it is nobody's to follow there, and would tell a stranger how our requests
//! hang together.

use std::time::Instant;

use metrics::{counter, histogram};
use tracing::field::Empty;
use tracing::{Instrument, info_span};

use super::{CallError, HttpClient, Response};
use crate::traces::{self, Role};

impl HttpClient {
    /// Makes one call, and counts and times it. What a repeat adds is a call of its own.
    pub(in crate::upstream) async fn observed<T: AsRef<Response>>(
        &self,
        operation: &'static str,
        calling: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let span = info_span!(
            "venue_call",
            venue = self.options.name,
            operation,
            outcome = Empty,
            status = Empty,
            venue_request_id = Empty,
            otel.kind = Empty,
            otel.name = Empty,
            otel.status_code = Empty,
        );
        traces::describe(&span, Role::Client, operation);
        let began = Instant::now();
        let called = calling.instrument(span.clone()).await;
        let outcome = outcome(&called);
        span.record("outcome", outcome);
        if let Ok(answer) = &called {
            span.record("status", answer.as_ref().status);
            if let Some(id) = answer.as_ref().header("x-request-id").filter(|id| id.len() <= MAX_REQUEST_ID_BYTES) {
                span.record("venue_request_id", id);
            }
        }
        if matches!(outcome, "failed" | "no_answer" | "not_sent") {
            span.record("otel.status_code", "ERROR");
        }
        let venue = self.options.name.clone();
        counter!(
            "settlement_gateway_venue_requests_total",
            "venue" => venue, "operation" => operation, "outcome" => outcome
        )
        .increment(1);
        histogram!("settlement_gateway_venue_request_duration_seconds", "operation" => operation).record(began.elapsed());
        called
    }
}

/// The longest id of a venue's that is noted.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// How a call ended.
fn outcome<T: AsRef<Response>>(called: &Result<T, CallError>) -> &'static str {
    match called {
        Ok(answer) => match answer.as_ref().status {
            200..=299 => "ok",
            429 => "rate_limited",
            500.. => "failed",
            _ => "refused",
        },
        Err(CallError::NotSent(_)) => "not_sent",
        Err(CallError::OverBudget(_)) => "over_budget",
        Err(CallError::HeldBack) => "held_back",
        Err(CallError::NoAnswer(_)) => "no_answer",
        Err(CallError::TooLarge) => "too_large",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;
    use std::time::Duration;

    fn answered(status: u16) -> Result<Response, CallError> {
        Ok(Response { status, body: Vec::new(), headers: HeaderMap::new() })
    }

    #[test]
    fn every_end_of_a_call_has_one_name() {
        let names = [200, 204, 302, 400, 401, 404, 409, 422, 429, 500, 503].map(|status| outcome(&answered(status)));
        let expected =
            ["ok", "ok", "refused", "refused", "refused", "refused", "refused", "refused", "rate_limited", "failed", "failed"];
        assert_eq!(names, expected);
        let failed = |error| outcome::<Response>(&Err(error));
        assert_eq!(failed(CallError::NotSent("x".to_owned())), "not_sent");
        assert_eq!(failed(CallError::OverBudget(Duration::ZERO)), "over_budget");
        assert_eq!(failed(CallError::HeldBack), "held_back");
        assert_eq!(failed(CallError::NoAnswer("x")), "no_answer");
        assert_eq!(failed(CallError::TooLarge), "too_large");
    }
}
