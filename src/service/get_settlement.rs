//! GetSettlement: what the journal knows of a settlement.

use super::context::{Caller, Context};
use super::error::{NotFound, ServiceError};
use super::view::SettlementView;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::Settlement;
use crate::store::SettlementName;

/// Reads a settlement with its legs and timeline.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`] or a failing journal.
pub async fn get_settlement(
    context: &Context,
    caller: &Caller,
    enterprise_id: &EnterpriseId,
    name: &SettlementName,
) -> Result<SettlementView, ServiceError> {
    let settlement = find(context, caller, enterprise_id, name).await?;
    SettlementView::whole(context.store.as_ref(), settlement).await
}

/// Finds a settlement that the caller may see.
pub(super) async fn find(
    context: &Context,
    caller: &Caller,
    enterprise_id: &EnterpriseId,
    name: &SettlementName,
) -> Result<Settlement, ServiceError> {
    context.enterprise(caller, enterprise_id)?;
    let found = context.store.settlement(enterprise_id, name).await?;
    found.ok_or(ServiceError::NotFound(NotFound::Settlement))
}
