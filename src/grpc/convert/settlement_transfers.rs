//! ListSettlementTransfers: its request, with the token that is bound to it, and its answer.

use super::dispute::dispute;
use super::limits::MAX_FILTER_CURRENCIES;
use super::transfer::transfer;
use super::venue_page::{Asked, VenuePage};
use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::{Currency, EnterpriseId, ExternalId, SettlementId};
use crate::domain::network::PartnerSettlement;
use crate::grpc::page_token::Filter;
use crate::grpc::pb;
use crate::grpc::pb::list_settlement_transfers_request::Name;
use crate::service::SettlementTransfersQuery;
use crate::store::SettlementName;

/// Reads a request for a page.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::ListSettlementTransfersRequest) -> Result<Asked<SettlementTransfersQuery>, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", &request.enterprise_id, EnterpriseId::new);
    let name = violations.present("name", request.name.as_ref()).and_then(|name| match name {
        Name::ExternalId(id) => violations.required("external_id", id, ExternalId::new).map(SettlementName::External),
        Name::SettlementId(id) => violations.required("settlement_id", id, SettlementId::new).map(SettlementName::Venue),
    });
    violations.fits_a_url("currencies", &[&request.currencies]);
    let currencies = violations.each("currencies", &request.currencies, MAX_FILTER_CURRENCIES, Currency::new);
    let page = VenuePage::read(&mut violations, filter(request), request.page_size, request.page_token.as_deref());
    violations.finish(|| {
        let page = page?;
        let query =
            SettlementTransfersQuery { enterprise_id: enterprise_id?, name: name?, currencies: currencies?, page: page.page };
        Some(Asked { query, page })
    })
}

fn filter(request: &pb::ListSettlementTransfersRequest) -> Filter {
    let (kind, name) = match &request.name {
        Some(Name::ExternalId(id)) => ("external", id.as_str()),
        Some(Name::SettlementId(id)) => ("venue", id.as_str()),
        None => ("", ""),
    };
    Filter::of("SettlementService/ListSettlementTransfers")
        .text(&request.enterprise_id)
        .text(kind)
        .text(name)
        .strings(&request.currencies)
}

/// The answer: a page, and the token of the next one.
#[must_use]
pub fn response(found: PartnerSettlement, page: &VenuePage) -> pb::ListSettlementTransfersResponse {
    pb::ListSettlementTransfersResponse {
        next_page_token: page.next_page_token(found.transfers.len()),
        settlement_transfers: found.transfers.into_iter().map(transfer).collect(),
        settling_disputes: found.settling_disputes.into_iter().map(dispute).collect(),
        settlement_disputes: found.settlement_disputes.into_iter().map(dispute).collect(),
    }
}
