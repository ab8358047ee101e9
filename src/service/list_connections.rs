//! ListConnections: how clients are connected to a partner.

use super::context::{Caller, Context};
use super::error::ServiceError;
use super::renewing::read_at_venue;
use crate::domain::network::{Connection, ConnectionQuery};

/// Reads one page from the venue; nothing is kept of it.
///
/// # Errors
/// [`ServiceError::Denied`] or [`ServiceError::Venue`].
pub async fn list_connections(
    context: &Context,
    caller: &Caller,
    query: &ConnectionQuery,
) -> Result<Vec<Connection>, ServiceError> {
    let enterprise = context.enterprise(caller, &query.enterprise_id)?;
    read_at_venue(enterprise, || enterprise.reads.connections(query)).await
}
