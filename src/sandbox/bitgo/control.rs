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
//! - `POST /sandbox/foreign` `{"enterprise":"...","external_id":"...","amounts":{"<connection>":{"BTC":"1"}}}`: a settlement that
//!   the partner never posted; answers `{"settlement_id":"..."}`
//! - `POST /sandbox/finalize` `{"enterprise":"...","url":"http://127.0.0.1:9465/..."}`: where that partner is called when a
//!   settlement's amounts are final; `GET /sandbox/callback-key` and `GET /sandbox/callback-jwks` answer the key of those calls

use std::sync::Arc;

use axum::Router;
use axum::extract::{Json, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Durability, Funding, LedgerError, Record};

use super::disputing::{self, DisputeClose, Disputed, NewDispute};
use super::finalize::CallbackKey;
use super::foreign::{self, ForeignSettlement};
use super::posting;

/// `/sandbox/...` as far as it concerns settlements.
pub(crate) fn router() -> Router<Arc<Desk>> {
    Router::new()
        .route("/sandbox/fund", post(fund))
        .route("/sandbox/reject", post(reject))
        .route("/sandbox/dispute", post(dispute))
        .route("/sandbox/dispute/retract", post(retract))
        .route("/sandbox/dispute/close", post(close))
        .route("/sandbox/foreign", post(settle_foreign))
        .route("/sandbox/finalize", post(call_partner_at))
        .route("/sandbox/callback-key", get(callback_pem))
        .route("/sandbox/callback-jwks", get(callback_jwks))
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

async fn settle_foreign(State(desk): State<Arc<Desk>>, Json(settlement): Json<ForeignSettlement>) -> Response {
    match foreign::settle(&desk, settlement).await {
        Ok(Some(id)) => Json(json!({ "settlement_id": id })).into_response(),
        Ok(None) => StatusCode::BAD_REQUEST.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    enterprise: String,
    url: String,
}

async fn call_partner_at(State(desk): State<Arc<Desk>>, Json(called): Json<Called>) -> StatusCode {
    desk.call_partner_at(&called.enterprise, &called.url);
    StatusCode::NO_CONTENT
}

async fn callback_pem(State(desk): State<Arc<Desk>>) -> Result<String, StatusCode> {
    let pem = desk.callback_key().and_then(|key: CallbackKey| key.public_pem());
    pem.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn callback_jwks(State(desk): State<Arc<Desk>>) -> Result<String, StatusCode> {
    let jwks = desk.callback_key().and_then(|key: CallbackKey| key.public_jwks());
    jwks.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
