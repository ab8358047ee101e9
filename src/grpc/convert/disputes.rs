//! ListDisputes: its request, with the token that is bound to it, and its answer.

use super::dispute::dispute;
use super::limits::MAX_FILTER_IDS;
use super::venue_page::{Asked, VenuePage};
use super::violations::{InvalidRequest, Violations};
use crate::domain::dispute::Dispute;
use crate::domain::ids::{ConnectionId, EnterpriseId, SettlementId};
use crate::domain::network::DisputeQuery;
use crate::grpc::page_token::Filter;
use crate::grpc::pb;

/// Reads a request for a page.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::ListDisputesRequest) -> Result<Asked<DisputeQuery>, InvalidRequest> {
    let pb::ListDisputesRequest { enterprise_id, settlement_ids, settled_in_settlement_ids, connection_ids, .. } = request;
    let filter = Filter::of("SettlementService/ListDisputes")
        .text(enterprise_id)
        .strings(settlement_ids)
        .strings(settled_in_settlement_ids)
        .strings(connection_ids)
        .flag(request.closed)
        .flag(Some(request.with_retracted));
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", enterprise_id, EnterpriseId::new);
    violations.fits_a_url("settlement_ids", &[settlement_ids, settled_in_settlement_ids, connection_ids]);
    let settlement_ids = violations.each("settlement_ids", settlement_ids, MAX_FILTER_IDS, SettlementId::new);
    let settled_in = violations.each("settled_in_settlement_ids", settled_in_settlement_ids, MAX_FILTER_IDS, SettlementId::new);
    let connection_ids = violations.each("connection_ids", connection_ids, MAX_FILTER_IDS, ConnectionId::new);
    let page = VenuePage::read(&mut violations, filter, request.page_size, request.page_token.as_deref());
    violations.finish(|| {
        let page = page?;
        let query = DisputeQuery {
            enterprise_id: enterprise_id?,
            settlement_ids: settlement_ids?,
            settled_in_settlement_ids: settled_in?,
            connection_ids: connection_ids?,
            closed: request.closed,
            with_retracted: request.with_retracted,
            page: page.page,
        };
        Some(Asked { query, page })
    })
}

/// The answer: a page, and the token of the next one.
#[must_use]
pub fn response(disputes: Vec<Dispute>, page: &VenuePage) -> pb::ListDisputesResponse {
    pb::ListDisputesResponse {
        next_page_token: page.next_page_token(disputes.len()),
        disputes: disputes.into_iter().map(dispute).collect(),
    }
}
