//! Recording a settlement: all of it, or nothing.

use sqlx::{Sqlite, Transaction};

use super::database::{Database, commit};
use super::error::{damaged, unavailable};
use super::text::instant;
use super::{events, intents, settlements, spend};
use crate::domain::settlement::{Header, Progress, Settlement};
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
    insert(&mut write, &settlement).await?;
    intents::insert(&mut write, id, &intent, legs).await?;
    spend::insert(&mut write, id, &intent.caller, &totals, now).await?;
    events::insert(&mut write, id, events::RECEIVED, &settlement.progress).await?;
    commit(write).await?;
    Ok(Recorded::New(Box::new(settlement)))
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
