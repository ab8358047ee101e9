//! Recording a settlement: all of it, or nothing.

use jiff::Timestamp;
use sqlx::{Sqlite, Transaction};

use super::database::{Database, commit};
use super::error::{damaged, unavailable};
use super::text::instant;
use super::{events, intents, settlements, spend};
use crate::domain::ids::ExternalId;
use crate::domain::settlement::{Change, Header, Progress, Reason, Settlement};
use crate::domain::time::Cutoff;
use crate::store::{NewSettlement, Recorded, SettlementName, StoreError};

/// Records a settlement, or says what stands against it.
pub(super) async fn record(db: Database, new: NewSettlement) -> Result<Recorded, StoreError> {
    let NewSettlement { intent, id, now, limits } = new;
    let settlement = Settlement { id, header: Header::of(&intent, now), progress: Progress::received(now) };
    let legs = intents::legs_text(&intent.asked.amounts)?;
    let totals = intent.asked.amounts.gross_totals();

    let mut write = db.write().await?;
    let name = SettlementName::External(intent.asked.external_id.clone());
    if let Some(existing) = settlements::find(&mut *write, &intent.asked.enterprise_id, &name).await? {
        drop(write);
        let first = intents::read(db, existing.id).await?;
        return Ok(Recorded::Existing(Box::new(existing), Box::new(first)));
    }
    if let Some(exceeded) = spend::exceeded(&mut write, &intent.caller, &limits, &totals, now).await? {
        return Ok(Recorded::OverLimit(exceeded));
    }
    if let Some(old) = &settlement.header.supersedes
        && !supersede(&mut write, &settlement, old, db.clock.now()).await?
    {
        return Ok(Recorded::SupersedesRefused);
    }
    insert(&mut write, &settlement).await?;
    intents::insert(&mut write, id, &intent, legs).await?;
    spend::insert(&mut write, id, &intent.caller, &totals, now).await?;
    events::insert(&mut write, id, events::RECEIVED, &settlement.progress).await?;
    commit(write).await?;
    Ok(Recorded::New(Box::new(settlement)))
}

/// Puts a settlement in the place of another, for ever; `false` when that one may still move money, or has been
/// replaced before.
async fn supersede(
    write: &mut Transaction<'static, Sqlite>,
    new: &Settlement,
    old: &ExternalId,
    clock: Timestamp,
) -> Result<bool, StoreError> {
    const REPLACED: &str = "SELECT EXISTS (SELECT 1 FROM settlement WHERE enterprise_id = ?1 AND supersedes = ?2)";
    let enterprise = &new.header.enterprise_id;
    let replaced = sqlx::query_scalar(REPLACED).bind(enterprise.as_str()).bind(old.as_str());
    if replaced.fetch_one(&mut **write).await.map_err(unavailable)? {
        return Ok(false);
    }
    let found = settlements::find(&mut **write, enterprise, &SettlementName::External(old.clone())).await?;
    let Some(found) = found.filter(|found| found.progress.may_be_superseded()) else { return Ok(false) };
    if found.progress.state.is_terminal() {
        return Ok(true);
    }
    match found.after(&Change::Superseded, new.header.created_at) {
        Ok(after) => fence_off(write, &after, clock).await,
        Err(_) => Ok(false),
    }
}

/// Writes that a settlement was superseded, unless a worker holds it; a lease that lapsed is void afterwards.
async fn fence_off(write: &mut Transaction<'static, Sqlite>, after: &Settlement, clock: Timestamp) -> Result<bool, StoreError> {
    const FENCE_OFF: &str = "UPDATE settlement SET sequence = ?2, reason = ?3, detail = NULL, updated_at = ?4, due_at = NULL, \
                             lease_token = lease_token + 1, lease_until = NULL, lapses = 0 \
                             WHERE id = ?1 AND (lease_until IS NULL OR lease_until <= ?5)";
    let progress = &after.progress;
    let fenced = sqlx::query(FENCE_OFF)
        .bind(after.id)
        .bind(events::sequence(progress.sequence)?)
        .bind(progress.reason.map(Reason::as_str))
        .bind(instant(progress.updated_at))
        .bind(instant(clock))
        .execute(&mut **write)
        .await
        .map_err(unavailable)?;
    if fenced.rows_affected() == 0 {
        return Ok(false);
    }
    events::insert(write, after.id, Change::Superseded.name(), progress).await?;
    Ok(true)
}

/// Writes the row of a settlement that was just received: due at once, and nothing about it is known yet.
async fn insert(write: &mut Transaction<'static, Sqlite>, settlement: &Settlement) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO settlement (id, enterprise_id, external_id, cutoff, notes, supersedes, nonce, route, \
                          amount_unit, key_id, caller, submit_before, request_digest, leg_count, created_at, state, terminal, \
                          sequence, attempts, exposed, updated_at, due_at) \
                          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 0, ?17, 0, 0, ?15, ?15)";
    let Settlement { id, header, progress } = settlement;
    sqlx::query(INSERT)
        .bind(id)
        .bind(header.enterprise_id.as_str())
        .bind(header.external_id.as_str())
        .bind(header.cutoff.map(Cutoff::to_text))
        .bind(header.notes.as_ref().map(|notes| notes.as_str()))
        .bind(header.supersedes.as_ref().map(|id| id.as_str()))
        .bind(header.nonce.as_str())
        .bind(header.route.as_str())
        .bind(header.amount_unit.as_str())
        .bind(header.key_id.as_str())
        .bind(header.caller.as_str())
        .bind(header.submit_before.map(instant))
        .bind(header.request_digest.as_slice())
        .bind(i64::try_from(header.leg_count).map_err(|_| damaged("leg_count"))?)
        .bind(instant(header.created_at))
        .bind(progress.state.as_str())
        .bind(events::sequence(progress.sequence)?)
        .execute(&mut **write)
        .await
        .map_err(unavailable)?;
    Ok(())
}
