//! ListClientSettlements: the settlements that an enterprise is a client of.

use super::context::{Caller, Context};
use super::error::ServiceError;
use super::renewing::read_at_venue;
use crate::domain::network::ClientSettlementsQuery;
use crate::domain::settlement::VenueSettlement;

/// Reads one page from the venue; nothing is kept of it.
///
/// # Errors
/// [`ServiceError::Denied`] or [`ServiceError::Venue`].
pub async fn list_client_settlements(
    context: &Context,
    caller: &Caller,
    query: &ClientSettlementsQuery,
) -> Result<Vec<VenueSettlement>, ServiceError> {
    let enterprise = context.enterprise(caller, &query.enterprise_id)?;
    read_at_venue(enterprise, || enterprise.reads.client_settlements(query)).await
}
