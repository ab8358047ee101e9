//! The control path: rules, time and the ledger, for whoever is on this machine.
//!
//! - `POST /sandbox/faults` `{"on":"settlement_post","times":1,"behaviour":{"kind":"accept_then_cut"}}`;
//!   `DELETE /sandbox/faults` drops all rules
//! - `POST /sandbox/clock` `{"advance_ms":60000}` moves the venues' time ahead: windows and lifetimes run on it, credentials do not
//! - `GET /sandbox/ledger`
//! - what can be done to settlements: `bitgo/control.rs`
//! - what can be done to payouts: `bitlipa/control.rs`

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Json, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::bitgo;
use super::bitlipa;
use super::desk::Desk;
use super::faults::Fault;
use super::ledger::LedgerSnapshot;
use super::server::Line;

/// `/sandbox/...`, served beside each venue and answered to loopback only.
pub(crate) fn router() -> Router<Arc<Desk>> {
    Router::new()
        .route("/sandbox/faults", post(push).delete(clear))
        .route("/sandbox/ledger", get(ledger))
        .route("/sandbox/clock", post(advance))
        .merge(bitgo::control::router())
        .merge(bitlipa::control::router())
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

/// How far to move the venues' time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

async fn advance(State(desk): State<Arc<Desk>>, Json(by): Json<Advance>) -> StatusCode {
    match desk.advance(Duration::from_millis(by.advance_ms)).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
