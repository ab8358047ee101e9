//! The changes of a write on BitGo Trade: each is noted in the transaction that saves it.

use uuid::Uuid;

use super::audit;
use super::events::sequence;
use super::row::Row;
use super::session::Session;
use super::statement::Statement;
use crate::domain::trade::{TradeReason, TradeState, TradeWrite};
use crate::store::{Archived, StoreError, TradeEvent};

/// Adds a line to the write's history, and its audit record.
pub(super) async fn note(on: &mut Session, after: &TradeWrite, change: &'static str) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO trade_event (trade_id, sequence, change, state, reason, detail, attempts, at) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let progress = &after.progress;
    let insert = Statement::new(INSERT)
        .bind(after.id)
        .bind(sequence(progress.sequence)?)
        .bind(change)
        .bind(progress.state.as_str())
        .bind(progress.reason.map(TradeReason::as_str))
        .bind(progress.detail.as_deref())
        .bind(progress.attempts)
        .bind(progress.updated_at);
    on.execute(insert).await?;
    audit::trade(on, change, after).await
}

/// The lines after a sequence, in their order; [`StoreError::Archived`] once they have left the journal.
pub(super) async fn list(on: &mut Session, id: Uuid, after: u64, limit: u32) -> Result<Vec<TradeEvent>, StoreError> {
    const LIST: &str = "SELECT sequence, change, state, reason, detail, attempts, at FROM trade_event \
                        WHERE trade_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
    // No sequence is beyond what the database counts, so whoever names one has seen everything.
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let lines = on.rows(Statement::new(LIST).bind(id).bind(after).bind(limit)).await?;
    hold_here(on, id).await?;
    lines.iter().map(read).collect()
}

/// It comes after the lines were read: what left before that is marked by now.
async fn hold_here(on: &mut Session, id: Uuid) -> Result<(), StoreError> {
    const READ: &str = "SELECT archived_in FROM trade WHERE id = $1";
    let Some(row) = on.row(Statement::new(READ).bind(id)).await? else { return Ok(()) };
    row.plain::<Option<String>>("archived_in")?.map_or(Ok(()), |file| Err(StoreError::Archived(Archived::InFile(file))))
}

fn read(row: &Row) -> Result<TradeEvent, StoreError> {
    Ok(TradeEvent {
        sequence: row.count("sequence")?,
        change: row.plain("change")?,
        state: row.read("state", TradeState::from_name)?,
        reason: row.read_if_any("reason", TradeReason::from_name)?,
        detail: row.plain("detail")?,
        attempts: row.count("attempts")?,
        at: row.instant("at")?,
    })
}
