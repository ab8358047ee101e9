//! Putting a settlement in the place of another, for ever.

use jiff::Timestamp;

use super::session::Session;
use super::statement::Statement;
use super::{events, settlements};
use crate::domain::ids::ExternalId;
use crate::domain::settlement::{Change, Reason, Settlement};
use crate::store::{SettlementName, StoreError};

/// Fences off the settlement that a new one supersedes, where it names one; `false` when that one may still move money,
/// is being worked on, or has been replaced before.
pub(super) async fn in_place_of(on: &mut Session, new: &Settlement) -> Result<bool, StoreError> {
    let Some(old) = &new.header.supersedes else { return Ok(true) };
    if is_replaced(on, new, old).await? {
        return Ok(false);
    }
    let found = settlements::by_name(on, &new.header.enterprise_id, &SettlementName::External(old.clone())).await?;
    let Some(found) = found.filter(|found| found.progress.may_be_superseded()) else { return Ok(false) };
    if found.progress.state.is_terminal() {
        return Ok(true);
    }
    match found.after(&Change::Superseded, new.header.created_at) {
        Ok(after) => {
            let clock = on.now().await?;
            fence_off(on, &after, clock).await
        }
        Err(_) => Ok(false),
    }
}

async fn is_replaced(on: &mut Session, new: &Settlement, old: &ExternalId) -> Result<bool, StoreError> {
    const REPLACED: &str = "SELECT id FROM settlement WHERE enterprise_id = $1 AND supersedes = $2";
    let replaced = Statement::new(REPLACED).bind(new.header.enterprise_id.as_str()).bind(old.as_str());
    Ok(on.row(replaced).await?.is_some())
}

/// Writes that a settlement was superseded, unless a worker holds it or has changed it since it was read; a lease that
/// lapsed is void afterwards.
async fn fence_off(on: &mut Session, after: &Settlement, clock: Timestamp) -> Result<bool, StoreError> {
    const FENCE_OFF: &str = "UPDATE settlement SET sequence = $2, reason = $3, detail = NULL, updated_at = $4, due_at = NULL, \
                             lease_token = lease_token + 1, lease_until = NULL, lapses = 0, money = $7 \
                             WHERE id = $1 AND (lease_until IS NULL OR lease_until <= $5) AND sequence = $6";
    let progress = &after.progress;
    let sequence = events::sequence(progress.sequence)?;
    let fence_off = Statement::new(FENCE_OFF)
        .bind(after.id)
        .bind(sequence)
        .bind(progress.reason.map(Reason::as_str))
        .bind(progress.updated_at)
        .bind(clock)
        .bind(sequence - 1)
        .bind(progress.money().as_str());
    if on.execute(fence_off).await? == 0 {
        return Ok(false);
    }
    events::insert(on, Change::Superseded.name(), after, None).await?;
    Ok(true)
}
