//! Bitlipa: quotes, and what becomes of them.

mod auth;
pub(crate) mod control;
pub(crate) mod courier;
mod create;
mod entry;
pub(crate) mod lifecycle;
mod money;
mod refusal;
mod wallet;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::desk::Desk;

/// Every call that the sandbox knows.
pub(crate) fn router() -> Router<Arc<Desk>> {
    Router::new()
        .route("/api/v1/settlements", post(create::quote))
        .route("/api/v1/settlements/confirm", post(lifecycle::confirm))
        .route("/api/v1/settlements/cancel", post(lifecycle::cancel))
        .route("/api/v1/settlements/{tx_id}", get(lifecycle::read))
}
