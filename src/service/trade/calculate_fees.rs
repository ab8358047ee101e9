//! CalculateFees: what the venue would take for a settlement.

use super::access::renewing;
use crate::domain::ids::{EnterpriseId, TradingAccountId};
use crate::domain::trade::SettlementFees;
use crate::service::context::{Caller, Context};
use crate::service::error::{ServiceError, VenueCall};
use crate::upstream::{AccountAt, FeeQuery};

/// Asks the venue for the fees of a settlement; nothing is recorded.
///
/// # Errors
/// [`ServiceError::Denied`] or [`ServiceError::Venue`].
pub async fn calculate_fees(
    context: &Context,
    caller: &Caller,
    enterprise_id: &EnterpriseId,
    account_id: &TradingAccountId,
    query: &FeeQuery,
) -> Result<SettlementFees, ServiceError> {
    let venue = context.trading(caller, enterprise_id, account_id)?.0.venue.as_ref();
    let at = AccountAt { enterprise_id, account_id };
    let answer = renewing(venue, || venue.calculate_fees(at, query)).await;
    answer.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })
}
