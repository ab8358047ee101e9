//! Saving a change, under the lease's token and on top of the sequence that was read.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use super::database::{Database, commit};
use super::error::{damaged, unavailable};
use super::events::{self, sequence};
use super::text::instant;
use super::{claims, venue_row};
use crate::domain::settlement::{Change, Doubt, Reason, Settlement};
use crate::store::{Lease, StoreError};

/// What is saved.
pub(super) struct Save {
    /// The right to.
    pub(super) lease: Lease,
    /// The change.
    pub(super) change: Change,
    /// The settlement with the change applied.
    pub(super) after: Settlement,
    /// When the engine should look again.
    pub(super) due_at: Option<Timestamp>,
    /// How long the lease is kept; `None` gives it back.
    pub(super) keep_lease: Option<Duration>,
}

/// Saves a change with its line of the timeline and its large text, or nothing of them.
pub(super) async fn save(db: Database, save: Save) -> Result<(), StoreError> {
    let id = save.lease.id;
    if save.after.id != id {
        return Err(StoreError::Fenced);
    }
    let mut write = db.write().await?;
    let clock = db.clock.now();
    update(&mut write, &save, clock).await?;
    events::insert(&mut write, id, save.change.name(), &save.after.progress).await?;
    match save.change {
        Change::Prepared { payload } => keep_payload(&mut write, id, payload).await?,
        Change::Signed { body, .. } => keep_body(&mut write, id, body).await?,
        _ => {}
    }
    commit(write).await
}

async fn update(write: &mut Transaction<'static, Sqlite>, save: &Save, clock: Timestamp) -> Result<(), StoreError> {
    const UPDATE: &str = "UPDATE settlement SET state = ?4, terminal = ?5, sequence = ?6, attempts = ?7, exposed = ?8, \
                          doubt = ?9, reason = ?10, detail = ?11, payload_digest = ?12, signature = ?13, venue = ?14, \
                          venue_settlement_id = ?15, dispatched_at = ?16, updated_at = ?17, due_at = ?18, lease_until = ?19, \
                          lapses = CASE WHEN ?19 IS NULL THEN 0 ELSE lapses END \
                          WHERE id = ?1 AND lease_token = ?2 AND lease_until IS NOT NULL AND sequence = ?3";
    let progress = &save.after.progress;
    let after = sequence(progress.sequence)?;
    let updated = sqlx::query(UPDATE)
        .bind(save.lease.id)
        .bind(sequence(save.lease.token)?)
        .bind(after - 1)
        .bind(progress.state.as_str())
        .bind(progress.state.is_terminal())
        .bind(after)
        .bind(progress.attempts)
        .bind(progress.exposed)
        .bind(progress.doubt.map(Doubt::to_text))
        .bind(progress.reason.map(Reason::as_str))
        .bind(progress.detail.as_deref())
        .bind(progress.payload_digest.as_ref().map(|digest| digest.as_bytes().as_slice()))
        .bind(progress.signature.as_ref().map(|signature| signature.as_bytes().as_slice()))
        .bind(progress.venue.as_deref().map(venue_row::write).transpose().map_err(unavailable)?)
        .bind(progress.venue.as_ref().map(|venue| venue.settlement_id.as_str()))
        .bind(progress.dispatched_at.map(instant))
        .bind(instant(progress.updated_at))
        .bind(save.due_at.map(instant))
        .bind(save.keep_lease.map(|lease_for| claims::lease_end(clock, lease_for)))
        .execute(&mut **write)
        .await
        .map_err(unavailable)?;
    if updated.rows_affected() == 0 { Err(StoreError::Fenced) } else { Ok(()) }
}

async fn keep_payload(write: &mut Transaction<'static, Sqlite>, id: Uuid, payload: String) -> Result<(), StoreError> {
    let insert = "INSERT INTO settlement_material (settlement_id, payload) VALUES (?1, ?2)";
    sqlx::query(insert).bind(id).bind(payload).execute(&mut **write).await.map_err(unavailable)?;
    Ok(())
}

async fn keep_body(write: &mut Transaction<'static, Sqlite>, id: Uuid, body: Vec<u8>) -> Result<(), StoreError> {
    let update = "UPDATE settlement_material SET body = ?2 WHERE settlement_id = ?1";
    let updated = sqlx::query(update).bind(id).bind(body).execute(&mut **write).await.map_err(unavailable)?;
    if updated.rows_affected() == 0 { Err(damaged("a signature came before its payload")) } else { Ok(()) }
}
