//! What a call is about, as far as its request tells: it completes what an error does not know.

use crate::domain::ids::ExternalId;
use crate::grpc::pb::ErrorReason;

/// What a call can have done to a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It records a settlement and has it sent.
    Initiates,
    /// It changes a settlement that is recorded.
    Changes,
    /// It does nothing to any settlement.
    Other,
}

/// What a call is about.
#[derive(Debug, Clone)]
pub struct About {
    rpc: &'static str,
    kind: Kind,
    external_id: Option<ExternalId>,
    venue_lacks: ErrorReason,
}

impl About {
    /// A call of an RPC that does nothing to any settlement.
    #[must_use]
    pub fn call(rpc: &'static str) -> Self {
        Self { rpc, kind: Kind::Other, external_id: None, venue_lacks: ErrorReason::VenueForbidden }
    }

    /// The same, doing so much to a settlement.
    #[must_use]
    pub fn that(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The same, naming a settlement; a text that is no external id is left out.
    #[must_use]
    pub fn named(self, external_id: &str) -> Self {
        Self { external_id: ExternalId::new(external_id).ok(), ..self }
    }

    /// The same, where the venue's "not found" means this. Otherwise it means
    /// that the venue hides the enterprise from the gateway's credential.
    #[must_use]
    pub fn venue_lacks(self, reason: ErrorReason) -> Self {
        Self { venue_lacks: reason, ..self }
    }

    /// The RPC, as `Service/Method`.
    #[must_use]
    pub fn rpc(&self) -> &'static str {
        self.rpc
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(in crate::grpc) fn external_id(&self) -> Option<&str> {
        self.external_id.as_ref().map(ExternalId::as_str)
    }

    pub(super) fn not_found_at_venue(&self) -> ErrorReason {
        self.venue_lacks
    }
}
