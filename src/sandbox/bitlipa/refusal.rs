//! Errors as Bitlipa words them: `{error: {code, message, field?}, request_id}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::ledger::LedgerError;

/// A request that is not granted.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    field: Option<&'static str>,
}

impl Refusal {
    /// A code of the documentation with its status.
    pub(crate) fn of(code: &'static str) -> Self {
        let status = match code {
            "invalid_signature" | "unauthorized" | "timestamp_expired" => StatusCode::UNAUTHORIZED,
            "not_found" => StatusCode::NOT_FOUND,
            "already_confirmed" | "already_cancelled" | "cannot_cancel" => StatusCode::CONFLICT,
            "quote_expired" => StatusCode::GONE,
            "rate_limit_exceeded" => StatusCode::TOO_MANY_REQUESTS,
            "internal_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, code, field: None }
    }

    /// The same, naming the field at fault.
    pub(crate) fn field(code: &'static str, field: &'static str) -> Self {
        Self { field: Some(field), ..Self::of(code) }
    }

    /// The code.
    #[cfg(test)]
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }
}

/// A ledger that failed is the venue's own trouble.
impl From<LedgerError> for Refusal {
    fn from(_: LedgerError) -> Self {
        Self::of("internal_error")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.code.replace('_', " ") });
        if let (Some(fields), Some(field)) = (error.as_object_mut(), self.field) {
            fields.insert("field".to_owned(), Value::from(field));
        }
        let body = json!({ "error": error, "request_id": format!("req_{}", Uuid::new_v4().simple()) });
        (self.status, Json(body)).into_response()
    }
}
