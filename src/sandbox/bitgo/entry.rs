//! A request that passed the door: its enterprise known, its credential good, its budget not spent.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::sandbox::config::SandboxEnterprise;
use crate::sandbox::desk::Desk;
use crate::sandbox::exchange::Asked;

use super::auth::authenticate;
use super::body_digest;
use super::refusal::Refusal;

/// Who asks, and what.
pub(crate) struct Entry {
    /// Who.
    pub(crate) enterprise: Arc<SandboxEnterprise>,
    /// What.
    pub(crate) asked: Arc<Asked>,
}

impl Entry {
    /// The enterprise's id.
    pub(crate) fn id(&self) -> &str {
        &self.enterprise.enterprise_id
    }
}

impl FromRequestParts<Arc<Desk>> for Entry {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let asked = parts.extensions.get::<Arc<Asked>>().cloned().ok_or_else(|| Refusal::invalid("unreadable request"))?;
        let enterprise = desk
            .enterprise(asked.param("enterprise_id"))
            .cloned()
            .ok_or_else(|| Refusal::unauthorized("the caller is not a member of the enterprise"))?;
        authenticate(&enterprise, &asked, desk.unmoved_ms())?;
        let user = body_digest(enterprise.token.expose());
        desk.spend(&user, desk.config.requests_per_minute).map_err(Refusal::too_many)?;
        Ok(Self { enterprise, asked })
    }
}
