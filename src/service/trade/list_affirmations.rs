//! ListAffirmations: an account's part in settlements, whoever asked for them.

use super::access::renewing;
use crate::domain::ids::{EnterpriseId, TradingAccountId};
use crate::domain::trade::{Affirmation, AffirmationStatus};
use crate::service::context::{Caller, Context};
use crate::service::error::{ServiceError, VenueCall};
use crate::upstream::AccountAt;

/// Lists the account's affirmations at the venue; nothing is recorded.
///
/// # Errors
/// [`ServiceError::Denied`] or [`ServiceError::Venue`].
pub async fn list_affirmations(
    context: &Context,
    caller: &Caller,
    enterprise_id: &EnterpriseId,
    account_id: &TradingAccountId,
    status: Option<AffirmationStatus>,
) -> Result<Vec<Affirmation>, ServiceError> {
    let venue = context.trading(caller, enterprise_id, account_id)?.0.venue.as_ref();
    let at = AccountAt { enterprise_id, account_id };
    let listed = renewing(venue, || venue.affirmations(at, status)).await;
    let mut listed = listed.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })?;
    // A venue that ignores the filter does not change what was asked for.
    listed.retain(|affirmation| status.is_none_or(|status| affirmation.status() == status));
    Ok(listed)
}
