//! ListForeignSettlements: which findings are asked for, and how they are shown.

use super::time::to_proto;
use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::ForeignSettlement;
use crate::grpc::pb;
use crate::store::ForeignQuery;

/// Reads a request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::ListForeignSettlementsRequest) -> Result<ForeignQuery, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", &request.enterprise_id, EnterpriseId::new);
    let found_before = violations.optional_time("found_before", request.found_before);
    let limit = violations.page_size("page_size", request.page_size);
    let query = enterprise_id.zip(found_before).zip(limit);
    violations.finish(|| {
        query.map(|((enterprise_id, found_before), limit)| {
            let after = found_before.map(|at| (at, String::new()));
            ForeignQuery { enterprise_id, after, limit }
        })
    })
}

/// The answer.
#[must_use]
pub fn response(found: Vec<ForeignSettlement>) -> pb::ListForeignSettlementsResponse {
    pb::ListForeignSettlementsResponse { foreign_settlements: found.into_iter().map(shown).collect() }
}

fn shown(found: ForeignSettlement) -> pb::ForeignSettlement {
    let venue = found.venue;
    pb::ForeignSettlement {
        enterprise_id: found.enterprise_id.as_str().to_owned(),
        external_id: venue.external_id,
        settlement_id: venue.settlement_id,
        initiated_by: venue.initiated_by,
        venue_status: pb::VenueSettlementStatus::from(venue.status).into(),
        venue_status_text: venue.status_text,
        notes: venue.notes,
        created_at: venue.created_at.map(to_proto),
        found_at: Some(to_proto(found.found_at)),
        origin: pb::ForeignSettlementOrigin::from(found.origin).into(),
    }
}
