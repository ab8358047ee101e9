//! ListClientSettlementTransfers: its request, with the token that is bound to it, and its answer.

use super::limits::{MAX_FILTER_CURRENCIES, MAX_FILTER_IDS};
use super::transfer::transfer;
use super::venue_page::{Asked, VenuePage};
use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::{Currency, EnterpriseId, SettlementId};
use crate::domain::network::ClientTransfersQuery;
use crate::domain::transfer::Transfer;
use crate::grpc::page_token::Filter;
use crate::grpc::pb;

/// Reads a request for a page.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::ListClientSettlementTransfersRequest) -> Result<Asked<ClientTransfersQuery>, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", &request.enterprise_id, EnterpriseId::new);
    violations.fits_a_url("settlement_ids", &[&request.settlement_ids, &request.currencies]);
    let settlement_ids = violations.each("settlement_ids", &request.settlement_ids, MAX_FILTER_IDS, SettlementId::new);
    let currencies = violations.each("currencies", &request.currencies, MAX_FILTER_CURRENCIES, Currency::new);
    let statuses = violations.transfer_statuses("statuses", &request.statuses);
    let settlement_statuses = violations.venue_statuses("settlement_statuses", &request.settlement_statuses);
    let from = violations.optional_millis("settlement_updated_after", request.settlement_updated_after);
    let before = violations.optional_millis("settlement_updated_before", request.settlement_updated_before);
    if let (Some(Some(from)), Some(Some(before))) = (from, before)
        && before <= from
    {
        violations.add("settlement_updated_before", "must be later than settlement_updated_after");
    }
    let page = VenuePage::read(&mut violations, filter(request), request.page_size, request.page_token.as_deref());
    violations.finish(|| {
        let page = page?;
        let query = ClientTransfersQuery {
            enterprise_id: enterprise_id?,
            settlement_ids: settlement_ids?,
            currencies: currencies?,
            statuses: statuses?,
            settlement_statuses: settlement_statuses?,
            settlement_updated_from: from?,
            settlement_updated_before: before?,
            page: page.page,
        };
        Some(Asked { query, page })
    })
}

fn filter(request: &pb::ListClientSettlementTransfersRequest) -> Filter {
    Filter::of("SettlementService/ListClientSettlementTransfers")
        .text(&request.enterprise_id)
        .strings(&request.settlement_ids)
        .strings(&request.currencies)
        .numbers(&request.statuses)
        .numbers(&request.settlement_statuses)
        .time(request.settlement_updated_after)
        .time(request.settlement_updated_before)
}

/// The answer: a page, and the token of the next one.
#[must_use]
pub fn response(transfers: Vec<Transfer>, page: &VenuePage) -> pb::ListClientSettlementTransfersResponse {
    pb::ListClientSettlementTransfersResponse {
        next_page_token: page.next_page_token(transfers.len()),
        settlement_transfers: transfers.into_iter().map(transfer).collect(),
    }
}
