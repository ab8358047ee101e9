//! ListTradeSettlementEvents: what became of a write, change by change.

use crate::domain::ids::{EnterpriseId, RequestId, TradingAccountId};
use crate::service::context::{Caller, Context};
use crate::service::error::{NotFound, ServiceError};
use crate::store::TradeEvent;

/// Which changes are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeEventsQuery {
    /// Whose write.
    pub enterprise_id: EnterpriseId,
    /// Of which account.
    pub account_id: TradingAccountId,
    /// Which write, of whatever kind.
    pub request_id: RequestId,
    /// Only what came after this sequence.
    pub after_sequence: u64,
    /// At most so many.
    pub limit: u32,
}

/// A write's changes in their order, and whether there are more.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`] or a failing journal.
pub async fn list_trade_settlement_events(
    context: &Context,
    caller: &Caller,
    query: &TradeEventsQuery,
) -> Result<(Vec<TradeEvent>, bool), ServiceError> {
    context.trading(caller, &query.enterprise_id, &query.account_id)?;
    let found = context.store.trade(&query.enterprise_id, &query.request_id).await?;
    let found = found.filter(|write| write.header.asked.account_id == query.account_id);
    let write = found.ok_or(ServiceError::NotFound(NotFound::TradeSettlement))?;
    let page = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let mut events = context.store.trade_events(write.id, query.after_sequence, query.limit.saturating_add(1)).await?;
    let more = events.len() > page;
    events.truncate(page);
    Ok((events, more))
}
