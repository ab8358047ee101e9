//! GetTradeSettlement: a settlement as recorded, or as the venue shows it.

use super::access::renewing;
use crate::domain::ids::{EnterpriseId, RequestId, SettlementId, TradingAccountId};
use crate::domain::trade::{TradeAction, TradeWrite, VenueTradeSettlement};
use crate::service::context::{Caller, Context};
use crate::service::error::{NotFound, ServiceError, VenueCall};
use crate::upstream::AccountAt;

/// How a reader names a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradeName {
    /// By the request that created it: the journal answers.
    Request(RequestId),
    /// By the venue's id, whoever created it: the venue answers.
    Venue(SettlementId),
}

/// A settlement as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeView {
    /// Whose account it is read for.
    pub enterprise_id: EnterpriseId,
    /// The account.
    pub account_id: TradingAccountId,
    /// The write that created it, where this gateway did.
    pub write: Option<TradeWrite>,
    /// What the venue shows of it.
    pub settlement: Option<Box<VenueTradeSettlement>>,
}

impl TradeView {
    /// What the journal knows of a creation.
    #[must_use]
    pub fn of(write: TradeWrite) -> Self {
        let asked = &write.header.asked;
        let (enterprise_id, account_id) = (asked.enterprise_id.clone(), asked.account_id.clone());
        Self { enterprise_id, account_id, settlement: write.progress.settlement.clone(), write: Some(write) }
    }
}

/// Reads a settlement of an account.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`], [`ServiceError::Venue`] or a failing journal.
pub async fn get_trade_settlement(
    context: &Context,
    caller: &Caller,
    enterprise_id: &EnterpriseId,
    account_id: &TradingAccountId,
    name: &TradeName,
) -> Result<TradeView, ServiceError> {
    let venue = context.trading(caller, enterprise_id, account_id)?.0.venue.as_ref();
    let missing = || ServiceError::NotFound(NotFound::TradeSettlement);
    match name {
        TradeName::Request(request_id) => {
            let write = context.store.trade(enterprise_id, request_id).await?;
            let is_meant = |write: &TradeWrite| {
                write.header.asked.account_id == *account_id && matches!(write.header.asked.action, TradeAction::Create(_))
            };
            write.filter(is_meant).map(TradeView::of).ok_or_else(missing)
        }
        TradeName::Venue(id) => {
            let at = AccountAt { enterprise_id, account_id };
            let found = renewing(venue, || venue.trade_settlement(at, id)).await;
            let found = found.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })?;
            let write = context.store.trade_of_settlement(enterprise_id, id).await?;
            Ok(TradeView {
                enterprise_id: enterprise_id.clone(),
                account_id: account_id.clone(),
                write: write.filter(|write| write.header.asked.account_id == *account_id),
                settlement: Some(Box::new(found.ok_or_else(missing)?)),
            })
        }
    }
}
