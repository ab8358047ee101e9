//! ListSettlements: an enterprise's settlements, newest first.

use super::context::{Caller, Context};
use super::error::ServiceError;
use crate::domain::settlement::Settlement;
use crate::store::ListQuery;

/// Reads one page; `query.limit` settlements or fewer, and whether more follow.
///
/// # Errors
/// [`ServiceError::Denied`] or a failing journal.
pub async fn list_settlements(
    context: &Context,
    caller: &Caller,
    query: &ListQuery,
) -> Result<(Vec<Settlement>, bool), ServiceError> {
    context.enterprise(caller, &query.enterprise_id)?;
    let one_more = ListQuery { limit: query.limit.saturating_add(1), ..query.clone() };
    let mut page = context.store.list(&one_more).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = page.len() > limit;
    page.truncate(limit);
    Ok((page, more))
}
