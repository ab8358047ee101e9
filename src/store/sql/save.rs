//! Saving a change, under the lease's token and on top of the sequence that was read.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::error::{damaged, unavailable};
use super::events::{self, sequence};
use super::session::Session;
use super::statement::Statement;
use super::{anchored, claims, standings, venue_row};
use crate::domain::anchor::Head;
use crate::domain::audit::AuditSubject;
use crate::domain::ids::SettlementId;
use crate::domain::settlement::{Change, Doubt, Reason, Reconciled, Settlement, body_digest};
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
    /// What the journal must reach for a change that is anchored.
    pub(super) floor: Option<Head>,
}

/// Saves a change with its line of the timeline and its large text, or nothing of them.
pub(super) async fn save(on: &mut Session, save: &Save) -> Result<(), StoreError> {
    let id = save.lease.id;
    if save.after.id != id {
        return Err(StoreError::Fenced);
    }
    update(on, save).await?;
    let mut fixed = None;
    match &save.change {
        Change::Prepared { payload } => keep_payload(on, id, payload).await?,
        Change::Signed { body, .. } => {
            keep_body(on, id, body).await?;
            fixed = Some(body.as_slice());
        }
        Change::Observed { standing, details_due_at, .. } => {
            standings::keep(on, &save.after, standing, *details_due_at).await?;
        }
        _ => {}
    }
    events::insert(on, save.change.name(), &save.after, fixed).await?;
    if save.change.is_anchored() {
        let subject = AuditSubject::Settlement { id, sequence: save.after.progress.sequence };
        anchored::link(on, &subject, save.floor.as_ref()).await?;
    }
    Ok(())
}

async fn update(on: &mut Session, save: &Save) -> Result<(), StoreError> {
    const UPDATE: &str = "UPDATE settlement SET state = $4, terminal = $5, sequence = $6, attempts = $7, exposed = $8, \
                          doubt = $9, reason = $10, detail = $11, payload_digest = $12, signature = $13, venue = $14, \
                          venue_settlement_id = $15, dispatched_at = $16, updated_at = $17, due_at = $18, lease_until = $19, \
                          lapses = CASE WHEN $19 IS NULL THEN 0 ELSE lapses END, money = $20, reconciled = $21 \
                          WHERE id = $1 AND lease_token = $2 AND lease_until IS NOT NULL AND sequence = $3";
    let progress = &save.after.progress;
    let after = sequence(progress.sequence)?;
    let lease_until = match save.keep_lease {
        Some(lease_for) => Some(claims::lease_end(on.now().await?, lease_for)),
        None => None,
    };
    let update = Statement::new(UPDATE)
        .bind(save.lease.id)
        .bind(sequence(save.lease.token)?)
        .bind(after - 1)
        .bind(progress.state.as_str())
        .bind(progress.is_finished())
        .bind(after)
        .bind(progress.attempts)
        .bind(progress.exposed)
        .bind(progress.doubt.map(Doubt::to_text))
        .bind(progress.reason.map(Reason::as_str))
        .bind(progress.detail.as_deref())
        .bind(progress.payload_digest.as_ref().map(|digest| digest.as_bytes().as_slice()))
        .bind(progress.signature.as_ref().map(|signature| signature.as_bytes().as_slice()))
        .bind(progress.venue.as_deref().map(venue_row::write).transpose().map_err(unavailable)?)
        // What no caller can name is not looked up by: it may hold what no text column keeps, or be longer than an index takes.
        .bind(progress.venue.as_ref().map(|venue| venue.settlement_id.as_str()).filter(|id| SettlementId::new(*id).is_ok()))
        .bind(progress.dispatched_at)
        .bind(progress.updated_at)
        .bind(save.due_at)
        .bind(lease_until)
        .bind(progress.money().as_str())
        .bind(progress.reconciled.map(Reconciled::as_str));
    if on.execute(update).await? == 0 { Err(StoreError::Fenced) } else { Ok(()) }
}

async fn keep_payload(on: &mut Session, id: Uuid, payload: &str) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO settlement_material (settlement_id, payload) VALUES ($1, $2)";
    on.execute(Statement::new(INSERT).bind(id).bind(payload)).await?;
    Ok(())
}

async fn keep_body(on: &mut Session, id: Uuid, body: &[u8]) -> Result<(), StoreError> {
    const UPDATE: &str = "UPDATE settlement_material SET body = $2, body_digest = $3 WHERE settlement_id = $1";
    let update = Statement::new(UPDATE).bind(id).bind(body).bind(body_digest(body).as_slice());
    let updated = on.execute(update).await?;
    if updated == 0 { Err(damaged("a signature came before its payload")) } else { Ok(()) }
}
