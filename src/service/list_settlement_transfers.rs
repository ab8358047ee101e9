//! ListSettlementTransfers: what a settlement moves, as its partner sees it.

use super::context::{Caller, Context};
use super::error::{NotFound, ServiceError};
use super::renewing::read_at_venue;
use crate::domain::ids::{Currency, EnterpriseId, SettlementId};
use crate::domain::network::{Page, PartnerSettlement, PartnerSettlementQuery};
use crate::store::SettlementName;

/// Which page of which settlement's transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementTransfersQuery {
    /// The partner's enterprise.
    pub enterprise_id: EnterpriseId,
    /// The settlement: one that is recorded here by the caller's name, or any of the partner's by the venue's.
    pub name: SettlementName,
    /// Only transfers in these currencies; empty for all.
    pub currencies: Vec<Currency>,
    /// Which page.
    pub page: Page,
}

/// Reads one page from the venue; nothing is kept of it.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`], [`ServiceError::Venue`] or a failing journal.
pub async fn list_settlement_transfers(
    context: &Context,
    caller: &Caller,
    query: &SettlementTransfersQuery,
) -> Result<PartnerSettlement, ServiceError> {
    let enterprise = context.enterprise(caller, &query.enterprise_id)?;
    let query = PartnerSettlementQuery {
        enterprise_id: query.enterprise_id.clone(),
        settlement_id: venue_name(context, &query.enterprise_id, &query.name).await?,
        currencies: query.currencies.clone(),
        page: query.page,
    };
    let found = read_at_venue(enterprise, || enterprise.reads.partner_settlement(&query)).await?;
    found.ok_or(ServiceError::NotFound(NotFound::SettlementAtVenue))
}

/// The venue's name for a settlement.
async fn venue_name(
    context: &Context,
    enterprise_id: &EnterpriseId,
    name: &SettlementName,
) -> Result<SettlementId, ServiceError> {
    if let SettlementName::Venue(id) = name {
        return Ok(id.clone());
    }
    let recorded = context.store.settlement(enterprise_id, name).await?;
    let recorded = recorded.ok_or(ServiceError::NotFound(NotFound::Settlement))?;
    let venue = recorded.progress.venue.and_then(|venue| SettlementId::new(venue.settlement_id).ok());
    venue.ok_or(ServiceError::NotFound(NotFound::SettlementAtVenue))
}
