//! A request whose signature is good.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::sandbox::desk::Desk;
use crate::sandbox::exchange::Asked;

use super::auth::authenticate;
use super::refusal::Refusal;

/// What is asked.
pub(crate) struct Entry(pub(crate) Arc<Asked>);

impl Entry {
    /// The body's fields.
    ///
    /// # Errors
    /// 400 where the body is no such object.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.0.body).map_err(|_| Refusal::of("invalid_request"))
    }
}

impl FromRequestParts<Arc<Desk>> for Entry {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let asked = parts.extensions.get::<Arc<Asked>>().cloned().ok_or_else(|| Refusal::of("internal_error"))?;
        authenticate(desk, &asked)?;
        let rules = &desk.config.bitlipa;
        desk.spend(&desk.config.bitlipa_api_key, rules.requests_per_minute).map_err(|_| Refusal::of("rate_limit_exceeded"))?;
        Ok(Self(asked))
    }
}
