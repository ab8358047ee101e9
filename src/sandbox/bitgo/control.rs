//! The control path of the Go Network: funds, and what administrators and clients do.
//!
//! - `POST /sandbox/fund` `{"enterprise":"...","account":"...","currency":"BTC","amount":"100"}`;
//!   without an account it is the partner's own
//! - `POST /sandbox/reject` `{"enterprise":"...","external_id":"...","reason":"..."}`; 404 where nothing is open under that name
//! - `POST /sandbox/dispute` `{"enterprise":"...","external_id":"...","connection":"...","expected":{"BTC":"0.5"}}`, inside the
//!   settlement's dispute window; answers `{"dispute_id":"..."}`
//! - `POST /sandbox/dispute/retract` `{"dispute_id":"...","reason":"..."}`, inside the same window
//! - `POST /sandbox/dispute/close` `{"dispute_id":"...","adjusted":{"BTC":"0.5"},"notes":"..."}`; without `adjusted` the client
//!   closes it, and the original transfers hold. Inside the window its own settlement carries the transfers, later the next one

use std::sync::Arc;

use axum::Router;
use axum::extract::{Json, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::json;

use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Durability, Funding, LedgerError, Record};

use super::disputing::{self, DisputeClose, Disputed, NewDispute};
use super::posting;

/// `/sandbox/...` as far as it concerns settlements.
pub(crate) fn router() -> Router<Arc<Desk>> {
    Router::new()
        .route("/sandbox/fund", post(fund))
        .route("/sandbox/reject", post(reject))
        .route("/sandbox/dispute", post(dispute))
        .route("/sandbox/dispute/retract", post(retract))
        .route("/sandbox/dispute/close", post(close))
}

async fn fund(State(desk): State<Arc<Desk>>, Json(funding): Json<Funding>) -> StatusCode {
    let record = Record::Funded(funding);
    match desk.ledger.change(move |ledger| ledger.commit(record, Durability::Synced)).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[derive(Deserialize)]
struct Rejection {
    enterprise: String,
    external_id: String,
    reason: String,
}

async fn reject(State(desk): State<Arc<Desk>>, Json(rejection): Json<Rejection>) -> StatusCode {
    let now_ms = desk.now_ms();
    let Rejection { enterprise, external_id, reason } = rejection;
    let change = desk.ledger.change(move |ledger| posting::reject(ledger, (&enterprise, &external_id), &reason, now_ms));
    match change.await {
        Ok(true) => StatusCode::NO_CONTENT,
        Ok(false) => StatusCode::NOT_FOUND,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn dispute(State(desk): State<Arc<Desk>>, Json(asked): Json<NewDispute>) -> Response {
    let now_ms = desk.now_ms();
    disputed(desk.ledger.change(move |ledger| disputing::raise(ledger, asked, now_ms)).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retract {
    dispute_id: String,
    #[serde(default)]
    reason: Option<String>,
}

async fn retract(State(desk): State<Arc<Desk>>, Json(Retract { dispute_id, reason }): Json<Retract>) -> Response {
    let now_ms = desk.now_ms();
    disputed(desk.ledger.change(move |ledger| disputing::retract(ledger, &dispute_id, reason, now_ms)).await)
}

async fn close(State(desk): State<Arc<Desk>>, Json(asked): Json<DisputeClose>) -> Response {
    let now_ms = desk.now_ms();
    disputed(desk.ledger.change(move |ledger| disputing::close(ledger, asked, now_ms)).await)
}

fn disputed(outcome: Result<Disputed, LedgerError>) -> Response {
    match outcome {
        Ok(Disputed::Done(dispute_id)) => Json(json!({ "dispute_id": dispute_id })).into_response(),
        Ok(Disputed::Unknown) => StatusCode::NOT_FOUND.into_response(),
        Ok(Disputed::TooLate) => StatusCode::CONFLICT.into_response(),
        Ok(Disputed::Malformed) => StatusCode::BAD_REQUEST.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
