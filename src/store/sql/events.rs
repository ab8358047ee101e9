//! The timeline: every change, as it was committed.

use uuid::Uuid;

use super::error::damaged;
use super::row::Row;
use super::session::Session;
use super::statement::Statement;
use crate::domain::settlement::{Progress, Reason, State, TimelineEntry};
use crate::store::StoreError;

/// The first change of every settlement.
pub(super) const RECEIVED: &str = "RECEIVED";

/// Adds a line: what the settlement is after the change.
pub(super) async fn insert(on: &mut Session, id: Uuid, change: &'static str, after: &Progress) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO settlement_event (settlement_id, sequence, change, state, reason, detail, attempts, at) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let insert = Statement::new(INSERT)
        .bind(id)
        .bind(sequence(after.sequence)?)
        .bind(change)
        .bind(after.state.as_str())
        .bind(after.reason.map(Reason::as_str))
        .bind(after.detail.as_deref())
        .bind(after.attempts)
        .bind(after.updated_at);
    on.execute(insert).await?;
    Ok(())
}

/// A sequence as the database counts.
pub(super) fn sequence(sequence: u64) -> Result<i64, StoreError> {
    i64::try_from(sequence).map_err(|_| damaged("sequence"))
}

/// Reads the newest lines, oldest first.
pub(super) async fn timeline(on: &mut Session, id: Uuid, limit: u32) -> Result<Vec<TimelineEntry>, StoreError> {
    const NEWEST: &str = "SELECT sequence, change, state, reason, detail, attempts, at FROM settlement_event \
                          WHERE settlement_id = $1 ORDER BY sequence DESC LIMIT $2";
    let rows = on.rows(Statement::new(NEWEST).bind(id).bind(limit)).await?;
    rows.iter().rev().map(entry).collect()
}

fn entry(row: &Row) -> Result<TimelineEntry, StoreError> {
    Ok(TimelineEntry {
        sequence: row.count("sequence")?,
        change: row.plain("change")?,
        state: row.read("state", State::from_name)?,
        reason: row.read_if_any("reason", Reason::from_name)?,
        detail: row.plain("detail")?,
        attempts: row.count("attempts")?,
        at: row.instant("at")?,
    })
}
