//! ListTradeSettlements: what this gateway created, or all that the venue has of an account.

use super::access::renewing;
use super::get_trade_settlement::TradeView;
use crate::domain::budget::Urgency;
use crate::domain::ids::{EnterpriseId, SettlementId, TradingAccountId};
use crate::service::context::{Caller, Context};
use crate::service::error::{ServiceError, VenueCall};
use crate::store::TradeListQuery;
use crate::upstream::AccountAt;

/// A page of what the journal has, newest first, and whether there is more.
///
/// # Errors
/// [`ServiceError::Denied`] or a failing journal.
pub async fn list_trade_settlements(
    context: &Context,
    caller: &Caller,
    query: &TradeListQuery,
) -> Result<(Vec<TradeView>, bool), ServiceError> {
    context.trading(caller, &query.enterprise_id, &query.account_id)?;
    let page = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let one_more = TradeListQuery { limit: query.limit.saturating_add(1), ..query.clone() };
    let mut writes = context.store.list_trades(&one_more).await?;
    let more = writes.len() > page;
    writes.truncate(page);
    Ok((writes.into_iter().map(TradeView::of).collect(), more))
}

/// All that the venue lists of an account, in its order: it documents no pages.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::Venue`] or a failing journal.
pub async fn list_trade_settlements_at_venue(
    context: &Context,
    caller: &Caller,
    enterprise_id: &EnterpriseId,
    account_id: &TradingAccountId,
) -> Result<Vec<TradeView>, ServiceError> {
    let venue = context.trading(caller, enterprise_id, account_id)?.0.venue.as_ref();
    let at = AccountAt { enterprise_id, account_id };
    let listed = renewing(venue, || venue.trade_settlements(at, Urgency::Looking)).await;
    let listed = listed.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })?;
    let mut views = Vec::with_capacity(listed.len());
    for settlement in listed {
        let write = match settlement.id.as_deref().and_then(|id| SettlementId::new(id).ok()) {
            Some(id) => context.store.trade_of_settlement(enterprise_id, &id).await?,
            None => None,
        };
        views.push(TradeView {
            enterprise_id: enterprise_id.clone(),
            account_id: account_id.clone(),
            write: write.filter(|write| write.header.asked.account_id == *account_id),
            settlement: Some(Box::new(settlement)),
        });
    }
    Ok(views)
}
