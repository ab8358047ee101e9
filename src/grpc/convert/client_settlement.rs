//! GetClientSettlement: its request, with the token that is bound to it, and its answer.

use super::dispute::dispute;
use super::enums::settlement_type;
use super::limits::{MAX_FILTER_CURRENCIES, MAX_PAGE_TOKEN_BYTES};
use super::time::to_proto;
use super::transfer::transfer;
use super::violations::{InvalidRequest, Violations};
use crate::domain::client_settlement::{ClientSettlement, ClientSettlementQuery};
use crate::domain::ids::{Currency, EnterpriseId, SettlementId};
use crate::domain::settlement::VenueSettlement;
use crate::grpc::page_token::Filter;
use crate::grpc::pb;

/// Reads a request for a page of transfers.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::GetClientSettlementRequest) -> Result<ClientSettlementQuery, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", &request.enterprise_id, EnterpriseId::new);
    let settlement_id = violations.required("settlement_id", &request.settlement_id, SettlementId::new);
    let currencies = violations.each("currencies", &request.currencies, MAX_FILTER_CURRENCIES, Currency::new);
    let page_size = violations.page_size("page_size", request.page_size);
    let mut query = None;
    if let (Some(enterprise_id), Some(settlement_id), Some(currencies), Some(page_size)) =
        (enterprise_id, settlement_id, currencies, page_size)
    {
        query = Some(ClientSettlementQuery { enterprise_id, settlement_id, currencies, page_number: 0, page_size });
    }
    let bound = query.map(|query| at_page(&mut violations, query, request.page_token.as_deref()));
    violations.finish(|| bound)
}

/// Reads the token, once every field that it is bound to is read.
fn at_page(violations: &mut Violations, query: ClientSettlementQuery, token: Option<&str>) -> ClientSettlementQuery {
    let Some(token) = token.filter(|token| violations.length("page_token", token, MAX_PAGE_TOKEN_BYTES)) else {
        return query;
    };
    let position = violations.required("page_token", token, |token| filter(&query).position(token));
    ClientSettlementQuery { page_number: position.map_or(0, u32::from_be_bytes), ..query }
}

fn filter(query: &ClientSettlementQuery) -> Filter {
    Filter::of("SettlementService/GetClientSettlement")
        .text(query.enterprise_id.as_str())
        .text(query.settlement_id.as_str())
        .texts(query.currencies.iter().map(Currency::as_str))
        .text(&query.page_size.to_string())
}

/// The answer to a query.
#[must_use]
pub fn response(answer: ClientSettlement, query: &ClientSettlementQuery) -> pb::GetClientSettlementResponse {
    pb::GetClientSettlementResponse {
        next_page_token: next_page_token(answer.transfers.len(), query),
        settlement: Some(settlement(answer.settlement)),
        settlement_transfers: answer.transfers.into_iter().map(transfer).collect(),
        settling_disputes: answer.settling_disputes.into_iter().map(dispute).collect(),
        settlement_disputes: answer.settlement_disputes.into_iter().map(dispute).collect(),
    }
}

/// The venue tells no total and no next page: a page shorter than asked is the last.
fn next_page_token(transfers: usize, query: &ClientSettlementQuery) -> String {
    let full = u32::try_from(transfers).is_ok_and(|transfers| transfers >= query.page_size);
    let next = query.page_number.checked_add(1).filter(|_| full);
    next.map(|next| filter(query).token(next.to_be_bytes())).unwrap_or_default()
}

/// A settlement as its client sees it.
pub(super) fn settlement(venue: VenueSettlement) -> pb::ClientSettlement {
    pb::ClientSettlement {
        id: venue.settlement_id,
        partner_id: venue.partner_id,
        external_id: venue.external_id,
        status: pb::VenueSettlementStatus::from(venue.status).into(),
        status_text: venue.status_text,
        settlement_type: settlement_type(&venue.settlement_type).into(),
        settlement_type_text: venue.settlement_type,
        reconciled: venue.reconciled.unwrap_or_default(),
        initiated_by: venue.initiated_by,
        notes: venue.notes,
        created_at: venue.created_at.map(to_proto),
        updated_at: venue.updated_at.map(to_proto),
        finalized_at: venue.finalized_at.map(to_proto),
        rt_id: venue.rt_id,
        loss_sla_alert_sent: venue.loss_sla_alert_sent.unwrap_or_default(),
        gain_sla_alert_sent: venue.gain_sla_alert_sent.unwrap_or_default(),
        cutoff_at: venue.cutoff_at.map(to_proto),
        disputed: venue.disputed,
        reason: venue.reason,
    }
}
