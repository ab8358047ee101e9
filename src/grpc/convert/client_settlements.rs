//! ListClientSettlements: its request, with the token that is bound to it, and its answer.

use super::client_settlement::settlement;
use super::limits::MAX_FILTER_IDS;
use super::venue_page::{Asked, VenuePage};
use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::{EnterpriseId, SettlementId};
use crate::domain::network::ClientSettlementsQuery;
use crate::domain::settlement::VenueSettlement;
use crate::grpc::page_token::Filter;
use crate::grpc::pb;

/// Reads a request for a page.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::ListClientSettlementsRequest) -> Result<Asked<ClientSettlementsQuery>, InvalidRequest> {
    let pb::ListClientSettlementsRequest { enterprise_id, settlement_ids, statuses, only_disputed, .. } = request;
    let filter = Filter::of("SettlementService/ListClientSettlements")
        .text(enterprise_id)
        .strings(settlement_ids)
        .numbers(statuses)
        .flag(Some(*only_disputed));
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", enterprise_id, EnterpriseId::new);
    violations.fits_a_url("settlement_ids", &[settlement_ids]);
    let settlement_ids = violations.each("settlement_ids", settlement_ids, MAX_FILTER_IDS, SettlementId::new);
    let statuses = violations.venue_statuses("statuses", statuses);
    let page = VenuePage::read(&mut violations, filter, request.page_size, request.page_token.as_deref());
    violations.finish(|| {
        let page = page?;
        let query = ClientSettlementsQuery {
            enterprise_id: enterprise_id?,
            settlement_ids: settlement_ids?,
            statuses: statuses?,
            only_disputed: *only_disputed,
            page: page.page,
        };
        Some(Asked { query, page })
    })
}

/// The answer: a page, and the token of the next one.
#[must_use]
pub fn response(settlements: Vec<VenueSettlement>, page: &VenuePage) -> pb::ListClientSettlementsResponse {
    pb::ListClientSettlementsResponse {
        next_page_token: page.next_page_token(settlements.len()),
        settlements: settlements.into_iter().map(settlement).collect(),
    }
}
