//! CancelSettlement: withdraw a settlement of which nothing was sent.

use super::context::{Caller, Context};
use super::error::ServiceError;
use super::retry_settlement::{SettlementVersion, change_by_caller};
use super::view::SettlementView;
use crate::domain::settlement::Change;

/// Withdraws a settlement for ever. Its external id stays taken.
///
/// # Errors
/// [`ServiceError::NotCancellable`] once anything was sent, [`ServiceError::StateConflict`], [`ServiceError::Busy`], or what
/// finding the settlement may fail with.
pub async fn cancel_settlement(
    context: &Context,
    caller: &Caller,
    version: &SettlementVersion,
) -> Result<SettlementView, ServiceError> {
    let settlement = change_by_caller(context, caller, version, &Change::Cancelled).await?;
    SettlementView::whole(context.store.as_ref(), settlement).await
}
