//! The control path: rules, funds and the ledger, for whoever is on this machine.
//!
//! - `POST /sandbox/faults` `{"on":"settlement_post","times":1,"behaviour":{"kind":"accept_then_cut"}}`;
//!   `DELETE /sandbox/faults` drops all rules
//! - `POST /sandbox/fund` `{"enterprise":"...","account":"...","currency":"BTC","amount":"100"}`;
//!   without an account it is the partner's own
//! - `POST /sandbox/reject` `{"enterprise":"...","external_id":"...","reason":"..."}`; 404 where nothing is open under that name
//! - `GET /sandbox/ledger`

use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Json, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::bitgo;
use super::desk::Desk;
use super::faults::Fault;
use super::ledger::{Durability, Funding, LedgerSnapshot, Record};
use super::server::Line;

/// `/sandbox/...`, served beside each venue and answered to loopback only.
pub(crate) fn router() -> Router<Arc<Desk>> {
    Router::new()
        .route("/sandbox/faults", post(push).delete(clear))
        .route("/sandbox/ledger", get(ledger))
        .route("/sandbox/fund", post(fund))
        .route("/sandbox/reject", post(reject))
        .layer(from_fn(loopback_only))
}

async fn loopback_only(ConnectInfo(line): ConnectInfo<Line>, request: Request, next: Next) -> Response {
    if line.is_loopback() { next.run(request).await } else { StatusCode::FORBIDDEN.into_response() }
}

async fn push(State(desk): State<Arc<Desk>>, Json(fault): Json<Fault>) -> StatusCode {
    desk.faults.push(fault);
    StatusCode::NO_CONTENT
}

async fn clear(State(desk): State<Arc<Desk>>) -> StatusCode {
    desk.faults.clear();
    StatusCode::NO_CONTENT
}

async fn ledger(State(desk): State<Arc<Desk>>) -> Json<LedgerSnapshot> {
    Json(desk.snapshot())
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
    let change = desk.ledger.change(move |ledger| bitgo::reject(ledger, (&enterprise, &external_id), &reason, now_ms));
    match change.await {
        Ok(true) => StatusCode::NO_CONTENT,
        Ok(false) => StatusCode::NOT_FOUND,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
