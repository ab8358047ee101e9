//! One error on its way to a caller: its reason, what is known beside it, and its size.

use std::collections::HashMap;
use std::time::Duration;

use metrics::counter;
use tonic::Status;
use tonic_types::{BadRequest, ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

use super::about::{About, Kind};
use super::rows::{Row, Standing, row};
use crate::domain::settlement::{NextAction, Outcome, Settlement};
use crate::grpc::pb::ErrorReason;

/// `google.rpc.ErrorInfo.domain` of every error of this gateway.
pub const ERROR_DOMAIN: &str = "settlement.v1";

/// The most bytes of the encoded details. In base64, and beside the message, they
/// stay below 8 KiB, the smallest limit of trailers among gRPC clients.
pub const MAX_DETAILS_BYTES: usize = 4096;

/// The most bytes of the message: it travels twice, once percent-encoded.
const MAX_MESSAGE_BYTES: usize = 700;

/// The most bytes of what an error tells beyond its row, so that the advice after it is still seen.
const MAX_PARTICULARS_BYTES: usize = 320;

/// The most bytes of one metadata value: an external id fits.
const MAX_VALUE_BYTES: usize = 256;

/// The longest wait that is proposed, whatever a venue asks for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// What a caller is told.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    row: Row,
    particulars: Option<String>,
    metadata: HashMap<String, String>,
    violations: Vec<FieldViolation>,
    lacking: Vec<PreconditionViolation>,
    retry_after: Option<Duration>,
    venue_request_id: Option<String>,
}

impl Failure {
    /// A failure of which only the reason is known.
    pub(super) fn of(reason: ErrorReason) -> Self {
        let row = row(reason);
        Self {
            row,
            particulars: None,
            metadata: HashMap::new(),
            violations: Vec::new(),
            lacking: Vec::new(),
            retry_after: row.retry_after,
            venue_request_id: None,
        }
    }

    /// The row that it stands on.
    pub(super) fn row(&self) -> Row {
        self.row
    }

    /// Adds a few words of what happened: public ones, never a cause.
    pub(super) fn saying(mut self, particulars: impl Into<String>) -> Self {
        self.particulars = Some(cut(particulars.into(), MAX_PARTICULARS_BYTES));
        self
    }

    /// Adds a metadata entry.
    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.to_owned(), cut(value.into(), MAX_VALUE_BYTES));
        self
    }

    /// Names a field that is at fault.
    pub(super) fn at(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.violations.push(FieldViolation::new(field, description));
        self
    }

    /// Names what must be there first, and is not.
    pub(super) fn lacking(mut self, subject: impl Into<String>, description: impl Into<String>) -> Self {
        let (subject, description) = (cut(subject.into(), MAX_VALUE_BYTES), cut(description.into(), MAX_VALUE_BYTES));
        self.lacking.push(PreconditionViolation::new("FUNDS", subject, description));
        self
    }

    /// Tells how a settlement stands.
    pub(super) fn about(self, settlement: &Settlement) -> Self {
        let (header, progress) = (&settlement.header, &settlement.progress);
        let told = self
            .with("external_id", header.external_id.as_str())
            .with("state", progress.state.as_str())
            .with("sequence", progress.sequence.to_string())
            .standing(progress.outcome(), progress.next_action(header.route));
        match &progress.venue {
            Some(venue) => told.with("settlement_id", venue.settlement_id.as_str()),
            None => told,
        }
    }

    /// Proposes another wait than the row's.
    pub(super) fn retry_after_seconds(mut self, seconds: Option<u32>) -> Self {
        if let Some(seconds) = seconds {
            self.retry_after = Some(Duration::from_secs(seconds.into()).min(MAX_RETRY_AFTER));
        }
        self
    }

    /// Names the venue's own id of the request.
    pub(super) fn venue_request(mut self, id: Option<&str>) -> Self {
        self.venue_request_id = id.map(|id| cut(id.to_owned(), MAX_VALUE_BYTES));
        self
    }

    /// Tells whether anything can have been done, and what to do next.
    pub(super) fn standing(self, outcome: Outcome, next: NextAction) -> Self {
        self.with("outcome", outcome.as_str()).with("next_action", next.as_str())
    }

    /// Adds what the call knows and the error does not.
    pub(super) fn complete(mut self, about: &About) -> Self {
        if let Some(external_id) = about.external_id()
            && !self.metadata.contains_key("external_id")
        {
            self = self.with("external_id", external_id);
        }
        let tells = match self.row.standing {
            Standing::Untold => false,
            Standing::NotSent(_) => about.kind() == Kind::Initiates,
            Standing::Unknown => about.kind() != Kind::Other,
        };
        match self.row.standing.told().filter(|_| tells && !self.metadata.contains_key("outcome")) {
            Some((outcome, next)) => self.standing(outcome, next),
            None => self,
        }
    }

    /// The status, small enough for every client's trailers.
    pub(super) fn into_status(mut self) -> Status {
        counter!("settlement_gateway_rpc_errors_total", "reason" => self.row.reason.reason()).increment(1);
        loop {
            let status = Status::with_error_details(self.row.code, self.message(), self.details());
            if status.details().len() <= MAX_DETAILS_BYTES {
                return status;
            }
            if self.violations.pop().is_none() && self.lacking.pop().is_none() {
                return status;
            }
        }
    }

    fn message(&self) -> String {
        let mut text = self.row.sentence.to_owned();
        if let Some(particulars) = self.particulars.clone().or_else(|| self.fields()) {
            text = format!("{text}: {particulars}");
        }
        text = format!("{text} [{}]; {}", self.row.reason.reason(), self.row.advice);
        if let (Some(outcome), Some(next)) = (self.metadata.get("outcome"), self.metadata.get("next_action")) {
            text = format!("{text} (outcome {outcome}, next action {next})");
        }
        cut(text, MAX_MESSAGE_BYTES)
    }

    /// The fields at fault in a line, for readers without a decoder.
    fn fields(&self) -> Option<String> {
        let field = |violation: &FieldViolation| format!("{} {}", violation.field, violation.description);
        let lack = |violation: &PreconditionViolation| format!("{} {}", violation.subject, violation.description);
        let fields: Vec<_> = self.violations.iter().map(field).chain(self.lacking.iter().map(lack)).collect();
        (!fields.is_empty()).then(|| cut(fields.join("; "), MAX_PARTICULARS_BYTES))
    }

    fn details(&self) -> ErrorDetails {
        let mut details = ErrorDetails::with_error_info(self.row.reason.reason(), ERROR_DOMAIN, self.metadata.clone());
        if !self.violations.is_empty() {
            details.set_bad_request(BadRequest::new(self.violations.clone()).field_violations);
        }
        if !self.lacking.is_empty() {
            details.set_precondition_failure(self.lacking.clone());
        }
        if let Some(retry_after) = self.retry_after {
            details.set_retry_info(Some(retry_after));
        }
        if let Some(id) = &self.venue_request_id {
            details.set_request_info(id.as_str(), "");
        }
        details
    }
}

/// At most so many bytes of a text, on one line, ending at a whole character.
fn cut(text: String, max_bytes: usize) -> String {
    let mut line: String = if text.contains(char::is_control) { text.replace(char::is_control, " ") } else { text };
    if line.len() > max_bytes {
        line.truncate(line.floor_char_boundary(max_bytes - '…'.len_utf8()));
        line.push('…');
    }
    line
}
