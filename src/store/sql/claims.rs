//! Leases: who may work on a settlement, and until when.
//!
//! A row whose `lease_until` is set is held, or its holder has lapsed; giving a
//! lease back clears it. What lapsed is due, whatever `due_at` says: its holder
//! stopped in the middle. Settlements that are finished are never due.
//! The index of idle settlements gives them in their order and holds the
//! enterprise too, so that passing over a long queue reads no row of it.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::error::unavailable;
use super::events::sequence;
use super::rows;
use super::session::Session;
use super::statement::Statement;
use super::text::read_instant;
use crate::domain::ids::EnterpriseId;
use crate::store::{Claim, Lease, StoreError};

/// How long a row that cannot be read is left alone, so that it does not stand before all others.
const SET_ASIDE_FOR: Duration = Duration::from_secs(3_600);

/// What was claimed, or that a row is damaged, which is written all the same.
pub(super) type Claimed = Result<Option<Claim>, StoreError>;

/// Whose turn is asked for.
pub(super) struct Turn {
    /// Decides what is due.
    pub(super) now: Timestamp,
    /// How long the lease lasts.
    pub(super) lease_for: Duration,
    /// The enterprises that have had their share.
    pub(super) pass_over: Vec<EnterpriseId>,
}

/// Leases what is due: what is under way first, then what has been due longest.
pub(super) async fn claim_due(on: &mut Session, turn: &Turn) -> Result<Claimed, StoreError> {
    let clock = on.now().await?;
    let first = Statement::new(on.dialect().first_due).bind(names(&turn.pass_over)?).bind(turn.now).bind(clock);
    let Some(row) = on.row(first).await? else { return Ok(Ok(None)) };
    let id = row.plain("id")?;
    match take(on, id, clock, turn.lease_for).await {
        Err(error @ StoreError::Damaged(_)) => set_aside(on, id, clock).await.map(|()| Err(error)),
        claim => claim.map(Ok),
    }
}

/// Enterprises as a JSON list.
fn names(enterprises: &[EnterpriseId]) -> Result<String, StoreError> {
    let names: Vec<&str> = enterprises.iter().map(EnterpriseId::as_str).collect();
    serde_json::to_string(&names).map_err(unavailable)
}

/// Leaves a row that cannot be read alone for a while.
pub(super) async fn set_aside(on: &mut Session, id: Uuid, clock: Timestamp) -> Result<(), StoreError> {
    const SET_ASIDE: &str = "UPDATE settlement SET lease_until = NULL, due_at = $2 WHERE id = $1";
    let due_at = clock.checked_add(SET_ASIDE_FOR).unwrap_or(Timestamp::MAX);
    on.execute(Statement::new(SET_ASIDE).bind(id).bind(due_at)).await?;
    Ok(())
}

/// Leases one settlement, due or not, unless somebody holds it.
pub(super) async fn claim(on: &mut Session, id: Uuid, lease_for: Duration) -> Result<Option<Claim>, StoreError> {
    let clock = on.now().await?;
    take(on, id, clock, lease_for).await
}

/// Takes the lease where nobody holds it. One that had lapsed and was not given back counts as a lapse.
async fn take(on: &mut Session, id: Uuid, clock: Timestamp, lease_for: Duration) -> Result<Option<Claim>, StoreError> {
    const TAKE: &str = concat!(
        "UPDATE settlement SET lease_token = lease_token + 1, lease_until = $3, \
         lapses = lapses + CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END \
         WHERE id = $1 AND (lease_until IS NULL OR lease_until <= $2) RETURNING lease_token, lapses, ",
        rows::settlement_columns!()
    );
    let take = Statement::new(TAKE).bind(id).bind(clock).bind(lease_end(clock, lease_for));
    let Some(row) = on.row(take).await? else { return Ok(None) };
    let lease = Lease { id, token: row.count("lease_token")? };
    Ok(Some(Claim { lease, settlement: rows::settlement(&row)?, lapses: row.count("lapses")?, at: clock }))
}

/// The instant at which a lease that is taken now lapses.
pub(super) fn lease_end(clock: Timestamp, lease_for: Duration) -> Timestamp {
    clock.checked_add(lease_for).unwrap_or(Timestamp::MAX)
}

/// Gives a lease back without a change.
pub(super) async fn release(on: &mut Session, lease: &Lease, due_at: Option<Timestamp>) -> Result<(), StoreError> {
    const RELEASE: &str = "UPDATE settlement SET lease_until = NULL, due_at = $3, lapses = 0 \
                           WHERE id = $1 AND lease_token = $2 AND lease_until IS NOT NULL";
    let release = Statement::new(RELEASE).bind(lease.id).bind(sequence(lease.token)?).bind(due_at);
    if on.execute(release).await? == 0 { Err(StoreError::Fenced) } else { Ok(()) }
}

/// When the next settlement falls due: an idle one at its time, a held one when its lease ends.
pub(super) async fn next_due(on: &mut Session, pass_over: &[EnterpriseId]) -> Result<Option<Timestamp>, StoreError> {
    match on.row(Statement::new(on.dialect().next_due).bind(names(pass_over)?)).await? {
        Some(row) => row.read_if_any("due", read_instant),
        None => Ok(None),
    }
}

/// Frees every lease and makes what it held due: for a store whose lock says that whoever held one is dead.
pub(in crate::store) async fn free_all(on: &mut Session) -> Result<(), StoreError> {
    const FREE: &str = "UPDATE settlement SET lease_until = NULL, lapses = lapses + 1, due_at = $1 WHERE lease_until IS NOT NULL";
    let clock = on.now().await?;
    on.execute(Statement::new(FREE).bind(clock)).await?;
    super::errands::free_all(on).await
}
