//! GetClientSettlement: a settlement as one of its clients sees it (seed 001).

use super::context::{Caller, Context};
use super::error::{NotFound, ServiceError, VenueCall};
use super::renewing::renewing;
use crate::domain::client_settlement::{ClientSettlement, ClientSettlementQuery};
use crate::upstream::VenueFailure;

/// Reads one page from the venue; nothing is kept of it.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`] or [`ServiceError::Venue`].
pub async fn get_client_settlement(
    context: &Context,
    caller: &Caller,
    query: &ClientSettlementQuery,
) -> Result<ClientSettlement, ServiceError> {
    let enterprise = context.enterprise(caller, &query.enterprise_id)?;
    let venue = enterprise.venue.as_ref();
    let answer = renewing(venue, || venue.client_settlement(query)).await;
    answer.map_err(|failure| match failure {
        VenueFailure::Refused { status: 404, .. } => ServiceError::NotFound(NotFound::ClientSettlement),
        failure => ServiceError::Venue { call: VenueCall::Read, failure },
    })
}
