//! What can be done to payouts, for whoever is on this machine.
//!
//! - `POST /sandbox/payout` `{"tx_id":"tx_..."}` pays out at once what is processing; with `"failure":"..."` it fails instead.
//!   404 where nothing is processing under that name

use std::sync::Arc;

use axum::Router;
use axum::extract::{Json, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;

use crate::sandbox::desk::Desk;

use super::lifecycle;

/// The control paths of Bitlipa.
pub(crate) fn router() -> Router<Arc<Desk>> {
    Router::new().route("/sandbox/payout", post(payout))
}

/// Which payout ends, and how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payout {
    tx_id: String,
    #[serde(default)]
    failure: Option<String>,
}

async fn payout(State(desk): State<Arc<Desk>>, Json(payout): Json<Payout>) -> StatusCode {
    match lifecycle::end(&desk, payout.tx_id, payout.failure).await {
        Ok(true) => StatusCode::NO_CONTENT,
        Ok(false) => StatusCode::NOT_FOUND,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
