//! The timeline: every change, as it was committed, each in its place among its enterprise's.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::audit;
use super::error::{damaged, unavailable};
use super::row::Row;
use super::session::Session;
use super::statement::Statement;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{Meaning, Reason, Settlement, State, TimelineEntry, VenueStatus, VenueWord};
use crate::store::StoreError;

/// The first change of every settlement.
pub(super) const RECEIVED: &str = "RECEIVED";

/// Adds a line: what the settlement is after the change; and its audit record, in which `body` is what the change fixes to be
/// sent. It takes the enterprise's next place, which others wait for until the commit, so it comes as late in a transaction
/// as it can.
pub(super) async fn insert(
    on: &mut Session,
    change: &'static str,
    after: &Settlement,
    body: Option<&[u8]>,
) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO settlement_event (settlement_id, sequence, enterprise_id, place, change, state, outcome, \
                          next_action, reason, detail, attempts, venue, at) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    audit::settlement(on, change, after, body).await?;
    let Settlement { id, header, progress, .. } = after;
    let meaning = Meaning::of(after);
    let venue = meaning.venue.map(|word| serde_json::to_string(&VenueColumn::from(word)));
    let insert = Statement::new(INSERT)
        .bind(*id)
        .bind(sequence(progress.sequence)?)
        .bind(header.enterprise_id.as_str())
        .bind(next_place(on, &header.enterprise_id).await?)
        .bind(change)
        .bind(progress.state.as_str())
        .bind(meaning.outcome.as_str())
        .bind(meaning.next_action.as_str())
        .bind(progress.reason.map(Reason::as_str))
        .bind(progress.detail.as_deref())
        .bind(progress.attempts)
        .bind(venue.transpose().map_err(unavailable)?)
        .bind(progress.updated_at);
    on.execute(insert).await?;
    Ok(())
}

/// Takes the enterprise's next place. The row stays locked until the commit: places rise by commit, and without a gap.
async fn next_place(on: &mut Session, enterprise_id: &EnterpriseId) -> Result<i64, StoreError> {
    const NEXT: &str = "INSERT INTO settlement_event_head (enterprise_id, place) VALUES ($1, 1) \
                        ON CONFLICT (enterprise_id) DO UPDATE SET place = settlement_event_head.place + 1 RETURNING place";
    let next = on.row(Statement::new(NEXT).bind(enterprise_id.as_str())).await?;
    next.ok_or_else(|| damaged("place"))?.plain("place")
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

/// When a settlement first came to a state; `None` where it never did.
pub(super) async fn first_at(on: &mut Session, id: Uuid, state: State) -> Result<Option<Timestamp>, StoreError> {
    const FIRST: &str = "SELECT at FROM settlement_event WHERE settlement_id = $1 AND state = $2 ORDER BY sequence LIMIT 1";
    match on.row(Statement::new(FIRST).bind(id).bind(state.as_str())).await? {
        Some(row) => row.instant("at").map(Some),
        None => Ok(None),
    }
}

/// A line of the timeline.
pub(super) fn entry(row: &Row) -> Result<TimelineEntry, StoreError> {
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

/// The venue's word as JSON, which keeps what a text column may not: this version's own format.
#[derive(Serialize, Deserialize)]
struct VenueColumn {
    settlement_id: String,
    status: String,
    status_text: String,
}

impl From<VenueWord> for VenueColumn {
    fn from(word: VenueWord) -> Self {
        Self { settlement_id: word.settlement_id, status: word.status.as_str().to_owned(), status_text: word.status_text }
    }
}

/// Reads the venue's word.
pub(super) fn venue_word(text: &str) -> Option<VenueWord> {
    let VenueColumn { settlement_id, status, status_text } = serde_json::from_str(text).ok()?;
    Some(VenueWord { settlement_id, status: VenueStatus::from_name(&status)?, status_text })
}
