//! The timeline: every change, as it was committed.

use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use super::database::Database;
use super::error::{damaged, unavailable};
use super::rows::Columns;
use super::text::instant;
use crate::domain::settlement::{Progress, Reason, State, TimelineEntry};
use crate::store::StoreError;

/// The first change of every settlement.
pub(super) const RECEIVED: &str = "RECEIVED";

/// Adds a line: what the settlement is after the change.
pub(super) async fn insert(
    write: &mut Transaction<'static, Sqlite>,
    id: Uuid,
    change: &'static str,
    after: &Progress,
) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO settlement_event (settlement_id, sequence, change, state, reason, detail, attempts, at) \
                          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    sqlx::query(INSERT)
        .bind(id)
        .bind(sequence(after.sequence)?)
        .bind(change)
        .bind(after.state.as_str())
        .bind(after.reason.map(Reason::as_str))
        .bind(after.detail.clone())
        .bind(after.attempts)
        .bind(instant(after.updated_at))
        .execute(&mut **write)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// A sequence as the database counts.
pub(super) fn sequence(sequence: u64) -> Result<i64, StoreError> {
    i64::try_from(sequence).map_err(|_| damaged("sequence"))
}

/// Reads the newest lines, oldest first.
pub(super) async fn timeline(db: Database, id: Uuid, limit: u32) -> Result<Vec<TimelineEntry>, StoreError> {
    const NEWEST: &str = "SELECT sequence, change, state, reason, detail, attempts, at FROM settlement_event \
                          WHERE settlement_id = ?1 ORDER BY sequence DESC LIMIT ?2";
    let rows = sqlx::query(NEWEST).bind(id).bind(limit).fetch_all(&db.readers).await.map_err(unavailable)?;
    rows.iter().rev().map(entry).collect()
}

fn entry(row: &SqliteRow) -> Result<TimelineEntry, StoreError> {
    let columns = Columns(row);
    Ok(TimelineEntry {
        sequence: columns.count("sequence")?,
        change: columns.plain("change")?,
        state: columns.read("state", State::from_name)?,
        reason: columns.read_if_any("reason", Reason::from_name)?,
        detail: columns.plain("detail")?,
        attempts: columns.count("attempts")?,
        at: columns.instant("at")?,
    })
}
