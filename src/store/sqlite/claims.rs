//! Leases: who may work on a settlement, and until when.
//!
//! A row whose `lease_until` is set is held, or its holder has lapsed; giving a
//! lease back clears it. What lapsed is due, whatever `due_at` says: its holder
//! stopped in the middle. Settlements in a terminal state are never due.
//! The index of idle settlements gives them in their order and holds the
//! enterprise too, so that passing over a long queue reads no row of it.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use super::database::{Database, commit};
use super::error::unavailable;
use super::events::sequence;
use super::rows::{self, Columns};
use super::text::{instant, read_instant};
use crate::domain::ids::EnterpriseId;
use crate::store::{Claim, Lease, StoreError};

/// 1 for a settlement that the venue has already and that is only looked at, 0 for one under way: as the index has it.
macro_rules! followed {
    () => {
        "(state IN ('PENDING', 'AWAITING_FUNDS'))"
    };
}

/// Idle settlements that fall due, of one kind, without the enterprises in the JSON list `?1`.
macro_rules! idle {
    ($followed:literal) => {
        concat!(
            "FROM settlement WHERE terminal = 0 AND lease_until IS NULL AND due_at IS NOT NULL \
             AND enterprise_id NOT IN (SELECT value FROM json_each(?1)) AND ",
            followed!(),
            " = ",
            $followed
        )
    };
}

/// Held settlements, whose leases end, without the enterprises in the JSON list `?1`.
macro_rules! held {
    () => {
        "FROM settlement WHERE terminal = 0 AND lease_until IS NOT NULL \
         AND enterprise_id NOT IN (SELECT value FROM json_each(?1))"
    };
}

/// Leases what is due: what is under way first, then what has been due longest.
pub(super) async fn claim_due(
    db: Database,
    now: Timestamp,
    lease_for: Duration,
    pass_over: Vec<EnterpriseId>,
) -> Result<Option<Claim>, StoreError> {
    const FIRST_DUE: &str = concat!(
        "SELECT id FROM ( \
             SELECT * FROM (SELECT 0 AS followed, due_at AS due, id ",
        idle!("0"),
        " AND due_at <= ?2 ORDER BY due_at, id LIMIT 1) \
             UNION ALL \
             SELECT * FROM (SELECT 1 AS followed, due_at AS due, id ",
        idle!("1"),
        " AND due_at <= ?2 ORDER BY due_at, id LIMIT 1) \
             UNION ALL \
             SELECT * FROM (SELECT ",
        followed!(),
        " AS followed, lease_until AS due, id ",
        held!(),
        " AND lease_until <= ?3 ORDER BY followed, lease_until, id LIMIT 1) \
         ) ORDER BY followed, due, id LIMIT 1"
    );
    let pass_over = names(&pass_over)?;
    let mut write = db.write().await?;
    let clock = db.clock.now();
    let query = sqlx::query_scalar(FIRST_DUE).bind(pass_over).bind(instant(now)).bind(instant(clock));
    let Some(id) = query.fetch_optional(&mut *write).await.map_err(unavailable)? else { return Ok(None) };
    let claim = match take(&mut write, id, clock, lease_for).await {
        Err(error @ StoreError::Damaged(_)) => {
            set_aside(&mut write, id, clock).await?;
            commit(write).await?;
            return Err(error);
        }
        claim => claim?,
    };
    commit(write).await?;
    Ok(claim)
}

/// How long a row that cannot be read is left alone, so that it does not stand before all others.
const SET_ASIDE_FOR: Duration = Duration::from_secs(3_600);

async fn set_aside(write: &mut Transaction<'static, Sqlite>, id: Uuid, clock: Timestamp) -> Result<(), StoreError> {
    const SET_ASIDE: &str = "UPDATE settlement SET lease_until = NULL, due_at = ?2 WHERE id = ?1";
    let due_at = clock.checked_add(SET_ASIDE_FOR).unwrap_or(Timestamp::MAX);
    sqlx::query(SET_ASIDE).bind(id).bind(instant(due_at)).execute(&mut **write).await.map_err(unavailable)?;
    Ok(())
}

/// Enterprises as a JSON list.
fn names(enterprises: &[EnterpriseId]) -> Result<String, StoreError> {
    let names: Vec<&str> = enterprises.iter().map(EnterpriseId::as_str).collect();
    serde_json::to_string(&names).map_err(unavailable)
}

/// Leases one settlement, due or not, unless somebody holds it.
pub(super) async fn claim(db: Database, id: Uuid, lease_for: Duration) -> Result<Option<Claim>, StoreError> {
    let mut write = db.write().await?;
    let clock = db.clock.now();
    let claim = take(&mut write, id, clock, lease_for).await?;
    commit(write).await?;
    Ok(claim)
}

/// Takes the lease where nobody holds it. One that had lapsed and was not given back counts as a lapse.
async fn take(
    write: &mut Transaction<'static, Sqlite>,
    id: Uuid,
    clock: Timestamp,
    lease_for: Duration,
) -> Result<Option<Claim>, StoreError> {
    const TAKE: &str = concat!(
        "UPDATE settlement SET lease_token = lease_token + 1, lapses = lapses + (lease_until IS NOT NULL), lease_until = ?3 \
         WHERE id = ?1 AND (lease_until IS NULL OR lease_until <= ?2) RETURNING lease_token, lapses, ",
        rows::settlement_columns!()
    );
    let query = sqlx::query(TAKE).bind(id).bind(instant(clock)).bind(lease_end(clock, lease_for));
    let Some(row) = query.fetch_optional(&mut **write).await.map_err(unavailable)? else { return Ok(None) };
    let columns = Columns(&row);
    let lease = Lease { id, token: columns.count("lease_token")? };
    Ok(Some(Claim { lease, settlement: rows::settlement(&row)?, lapses: columns.count("lapses")? }))
}

/// The text of the instant at which a lease that is taken now lapses.
pub(super) fn lease_end(clock: Timestamp, lease_for: Duration) -> String {
    instant(clock.checked_add(lease_for).unwrap_or(Timestamp::MAX))
}

/// Gives a lease back without a change.
pub(super) async fn release(db: Database, lease: Lease, due_at: Option<Timestamp>) -> Result<(), StoreError> {
    const RELEASE: &str = "UPDATE settlement SET lease_until = NULL, due_at = ?3, lapses = 0 \
                           WHERE id = ?1 AND lease_token = ?2 AND lease_until IS NOT NULL";
    let mut write = db.write().await?;
    let released = sqlx::query(RELEASE)
        .bind(lease.id)
        .bind(sequence(lease.token)?)
        .bind(due_at.map(instant))
        .execute(&mut *write)
        .await
        .map_err(unavailable)?;
    if released.rows_affected() == 0 {
        return Err(StoreError::Fenced);
    }
    commit(write).await
}

/// When the next settlement falls due: an idle one at its time, a held one when its lease ends.
pub(super) async fn next_due(db: Database, pass_over: Vec<EnterpriseId>) -> Result<Option<Timestamp>, StoreError> {
    const NEXT: &str = concat!(
        "SELECT MIN(due) AS due FROM ( \
             SELECT * FROM (SELECT due_at AS due ",
        idle!("0"),
        " ORDER BY due_at LIMIT 1) \
             UNION ALL \
             SELECT * FROM (SELECT due_at AS due ",
        idle!("1"),
        " ORDER BY due_at LIMIT 1) \
             UNION ALL \
             SELECT * FROM (SELECT lease_until AS due ",
        held!(),
        " ORDER BY lease_until LIMIT 1))"
    );
    let row = sqlx::query(NEXT).bind(names(&pass_over)?).fetch_one(&db.readers).await.map_err(unavailable)?;
    Columns(&row).read_if_any("due", read_instant)
}

/// Frees every lease and makes what it held due: the lock file says that whoever held one is dead.
pub(super) async fn free_all(db: Database) -> Result<(), StoreError> {
    const FREE: &str = "UPDATE settlement SET lease_until = NULL, lapses = lapses + 1, due_at = ?1 WHERE lease_until IS NOT NULL";
    let mut write = db.write().await?;
    sqlx::query(FREE).bind(instant(db.clock.now())).execute(&mut *write).await.map_err(unavailable)?;
    commit(write).await
}
