//! How settlements stand at the venue: one row a settlement, as last read.

use jiff::Timestamp;
use uuid::Uuid;

use super::error::unavailable;
use super::events::sequence;
use super::session::Session;
use super::standing_row;
use super::statement::Statement;
use crate::domain::settlement::{Settlement, Standing};
use crate::store::{DetailsMark, StoreError};

/// Keeps the standing that belongs to a change, in the change's transaction.
pub(super) async fn keep(
    on: &mut Session,
    after: &Settlement,
    standing: &Standing,
    details_due_at: Timestamp,
) -> Result<(), StoreError> {
    const KEEP: &str = "INSERT INTO settlement_standing (settlement_id, standing, sequence, details_due_at) \
                        VALUES ($1, $2, $3, $4) ON CONFLICT (settlement_id) DO UPDATE SET standing = excluded.standing, \
                        sequence = excluded.sequence, details_due_at = excluded.details_due_at";
    let text = standing_row::write(standing).map_err(unavailable)?;
    let keep = Statement::new(KEEP).bind(after.id).bind(text).bind(sequence(after.progress.sequence)?).bind(details_due_at);
    on.execute(keep).await?;
    Ok(())
}

/// Notes that the details were read and said nothing new.
pub(super) async fn note(on: &mut Session, id: Uuid, mark: DetailsMark) -> Result<(), StoreError> {
    const NOTE: &str = "UPDATE settlement_standing SET sequence = $2, details_due_at = $3 WHERE settlement_id = $1";
    on.execute(Statement::new(NOTE).bind(id).bind(sequence(mark.sequence)?).bind(mark.due_at)).await?;
    Ok(())
}

/// Reads how a settlement stands.
pub(super) async fn read(on: &mut Session, id: Uuid) -> Result<Option<Standing>, StoreError> {
    const READ: &str = "SELECT standing FROM settlement_standing WHERE settlement_id = $1";
    match on.row(Statement::new(READ).bind(id)).await? {
        Some(row) => row.read("standing", standing_row::read).map(Some),
        None => Ok(None),
    }
}

/// Reads how a settlement stands, as it is stored.
pub(super) async fn text(on: &mut Session, id: Uuid) -> Result<Option<String>, StoreError> {
    const READ: &str = "SELECT standing FROM settlement_standing WHERE settlement_id = $1";
    on.row(Statement::new(READ).bind(id)).await?.map_or(Ok(None), |row| row.plain("standing").map(Some))
}

/// Reads when the details were last read.
pub(super) async fn mark(on: &mut Session, id: Uuid) -> Result<Option<DetailsMark>, StoreError> {
    const READ: &str = "SELECT sequence, details_due_at FROM settlement_standing WHERE settlement_id = $1";
    let Some(row) = on.row(Statement::new(READ).bind(id)).await? else { return Ok(None) };
    Ok(Some(DetailsMark { sequence: row.count("sequence")?, due_at: row.instant("details_due_at")? }))
}
