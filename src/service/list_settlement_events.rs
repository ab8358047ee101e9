//! ListSettlementEvents: the changes of an enterprise's settlements, in the order of their commits.

use super::context::{Caller, Context};
use super::error::ServiceError;
use crate::store::{EventQuery, EventStretch};

/// Reads what comes after a place.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::CursorBeyondEnd`] or a failing journal.
pub async fn list_settlement_events(
    context: &Context,
    caller: &Caller,
    query: &EventQuery,
) -> Result<EventStretch, ServiceError> {
    context.enterprise(caller, &query.enterprise_id)?;
    let stretch = context.store.settlement_events(query).await?;
    // What the caller has seen this journal never told: it was restored, or it is another one. An empty answer would hide
    // every change until its places pass the cursor.
    if query.after > stretch.newest {
        return Err(ServiceError::CursorBeyondEnd { newest: stretch.newest });
    }
    Ok(stretch)
}
