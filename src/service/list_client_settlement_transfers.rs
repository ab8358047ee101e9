//! ListClientSettlementTransfers: what settlements move for a client, across settlements.

use super::context::{Caller, Context};
use super::error::ServiceError;
use super::renewing::read_at_venue;
use crate::domain::network::ClientTransfersQuery;
use crate::domain::transfer::Transfer;

/// Reads one page from the venue; nothing is kept of it.
///
/// # Errors
/// [`ServiceError::Denied`] or [`ServiceError::Venue`].
pub async fn list_client_settlement_transfers(
    context: &Context,
    caller: &Caller,
    query: &ClientTransfersQuery,
) -> Result<Vec<Transfer>, ServiceError> {
    let enterprise = context.enterprise(caller, &query.enterprise_id)?;
    read_at_venue(enterprise, || enterprise.reads.client_transfers(query)).await
}
