//! ListForeignSettlements: what the patrol found at the venue that this gateway did not make.

use super::context::{Caller, Context};
use super::error::ServiceError;
use crate::domain::settlement::ForeignSettlement;
use crate::store::ForeignQuery;

/// Reads one page, the newest found first.
///
/// # Errors
/// [`ServiceError::Denied`] or a failing journal.
pub async fn list_foreign_settlements(
    context: &Context,
    caller: &Caller,
    query: &ForeignQuery,
) -> Result<Vec<ForeignSettlement>, ServiceError> {
    context.enterprise(caller, &query.enterprise_id)?;
    Ok(context.store.foreign_settlements(query).await?)
}
