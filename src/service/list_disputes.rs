//! ListDisputes: the disputes that clients raised on a partner's settlements.

use super::context::{Caller, Context};
use super::error::ServiceError;
use super::renewing::read_at_venue;
use crate::domain::dispute::Dispute;
use crate::domain::network::DisputeQuery;

/// Reads one page from the venue; nothing is kept of it.
///
/// # Errors
/// [`ServiceError::Denied`] or [`ServiceError::Venue`].
pub async fn list_disputes(context: &Context, caller: &Caller, query: &DisputeQuery) -> Result<Vec<Dispute>, ServiceError> {
    let enterprise = context.enterprise(caller, &query.enterprise_id)?;
    read_at_venue(enterprise, || enterprise.reads.disputes(query)).await
}
