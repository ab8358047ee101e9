//! Errands: what is due, who runs it, and until when.
//!
//! A row whose `lease_until` is set is held, or its holder has lapsed; giving
//! it back clears it. `again_at` keeps what was enlisted while it was held.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::claims::lease_end;
use super::driver::Driver;
use super::events::sequence;
use super::session::Session;
use super::statement::Statement;
use super::store::SqlStore;
use super::text::read_instant;
use crate::domain::origin::Origin;
use crate::store::{ErrandClaim, ErrandKind, ErrandLease, ErrandStore, StoreError};

/// The kinds that this version knows, as [`ErrandKind`] names them: another's errands are left to it.
macro_rules! known_kinds {
    () => {
        "('TRADE', 'QUOTE', 'DELIVERY', 'RETENTION', 'PATROL')"
    };
}
pub(super) use known_kinds;

/// An errand and when it is due.
struct Enlisted {
    kind: ErrandKind,
    subject: String,
    due_at: Timestamp,
}

#[async_trait]
impl<D: Driver> ErrandStore for SqlStore<D> {
    async fn enlist(&self, kind: ErrandKind, subject: &str, due_at: Timestamp) -> Result<(), StoreError> {
        let enlisted = Enlisted { kind, subject: subject.to_owned(), due_at };
        self.write(enlisted, |on, new| Box::pin(enlist(on, new.kind, &new.subject, new.due_at))).await
    }

    async fn claim_errand(&self, now: Timestamp, lease_for: Duration) -> Result<Option<ErrandClaim>, StoreError> {
        self.write((now, lease_for), |on, (now, lease_for)| Box::pin(claim(on, *now, *lease_for))).await
    }

    async fn release_errand(&self, lease: &ErrandLease, due_at: Option<Timestamp>) -> Result<(), StoreError> {
        self.write((lease.clone(), due_at), |on, (lease, due_at)| Box::pin(release(on, lease, *due_at))).await
    }

    async fn next_errand_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read((), |on, ()| Box::pin(next_due(on))).await
    }
}

/// Makes an errand due, in the transaction that records what it is about.
pub(super) async fn enlist(on: &mut Session, kind: ErrandKind, subject: &str, due_at: Timestamp) -> Result<(), StoreError> {
    enlist_from(on, kind, subject, due_at, &Origin::default()).await
}

/// The same, for a request: what is done later is known to come from it.
pub(super) async fn enlist_from(
    on: &mut Session,
    kind: ErrandKind,
    subject: &str,
    due_at: Timestamp,
    origin: &Origin,
) -> Result<(), StoreError> {
    const ENLIST: &str = "INSERT INTO errand (kind, subject, due_at, origin) VALUES ($1, $2, $3, $4) \
                          ON CONFLICT (kind, subject) DO UPDATE SET origin = COALESCE(excluded.origin, errand.origin), \
                          due_at = CASE WHEN errand.lease_until IS NULL \
                          AND (errand.due_at IS NULL OR excluded.due_at < errand.due_at) \
                          THEN excluded.due_at ELSE errand.due_at END, \
                          again_at = CASE WHEN errand.lease_until IS NULL THEN NULL \
                          WHEN errand.again_at IS NULL OR excluded.due_at < errand.again_at \
                          THEN excluded.due_at ELSE errand.again_at END";
    on.execute(Statement::new(ENLIST).bind(kind.as_str()).bind(subject).bind(due_at).bind(origin.to_text())).await?;
    Ok(())
}

/// Refuses a writer whose lease is another's by now or was given back. Whoever would take the errand over waits for this
/// transaction's end.
pub(super) async fn hold(on: &mut Session, lease: &ErrandLease) -> Result<(), StoreError> {
    const HOLD: &str = "UPDATE errand SET lease_token = lease_token \
                        WHERE kind = $1 AND subject = $2 AND lease_token = $3 AND lease_until IS NOT NULL";
    let hold = Statement::new(HOLD).bind(lease.kind.as_str()).bind(lease.subject.as_str()).bind(sequence(lease.token)?);
    if on.execute(hold).await? == 0 { Err(StoreError::Fenced) } else { Ok(()) }
}

async fn claim(on: &mut Session, now: Timestamp, lease_for: Duration) -> Result<Option<ErrandClaim>, StoreError> {
    const TAKE: &str = "UPDATE errand SET lease_token = lease_token + 1, lease_until = $3, \
                        lapses = lapses + CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END \
                        WHERE kind = $1 AND subject = $2 RETURNING lease_token, lapses, origin";
    let clock = on.now().await?;
    let first = Statement::new(on.dialect().first_errand).bind(now).bind(clock);
    let Some(row) = on.row(first).await? else { return Ok(None) };
    let (kind, subject) = (row.read("kind", ErrandKind::from_name)?, row.plain::<String>("subject")?);
    let take = Statement::new(TAKE).bind(kind.as_str()).bind(subject.as_str()).bind(lease_end(clock, lease_for));
    let Some(row) = on.row(take).await? else { return Ok(None) };
    let lease = ErrandLease { kind, subject, token: row.count("lease_token")? };
    let origin = row.plain::<Option<String>>("origin")?.map(|text| Origin::from_text(&text)).unwrap_or_default();
    Ok(Some(ErrandClaim { lease, lapses: row.count("lapses")?, origin }))
}

/// Gives a lease back, in a transaction of its own or in the one that saves what was done.
pub(super) async fn release(on: &mut Session, lease: &ErrandLease, due_at: Option<Timestamp>) -> Result<(), StoreError> {
    const RELEASE: &str = "UPDATE errand SET lease_until = NULL, lapses = 0, again_at = NULL, \
                           due_at = CASE WHEN again_at IS NULL THEN $4 \
                           WHEN $4 IS NULL OR again_at < $4 THEN again_at ELSE $4 END \
                           WHERE kind = $1 AND subject = $2 AND lease_token = $3 AND lease_until IS NOT NULL";
    let release =
        Statement::new(RELEASE).bind(lease.kind.as_str()).bind(lease.subject.as_str()).bind(sequence(lease.token)?).bind(due_at);
    if on.execute(release).await? == 0 { Err(StoreError::Fenced) } else { Ok(()) }
}

async fn next_due(on: &mut Session) -> Result<Option<Timestamp>, StoreError> {
    const NEXT: &str = concat!(
        "SELECT MIN(due) AS due FROM (\
         SELECT MIN(due_at) AS due FROM errand WHERE lease_until IS NULL AND kind IN ",
        known_kinds!(),
        " UNION ALL SELECT MIN(lease_until) AS due FROM errand WHERE lease_until IS NOT NULL AND kind IN ",
        known_kinds!(),
        ") AS next"
    );
    match on.row(Statement::new(NEXT)).await? {
        Some(row) => row.read_if_any("due", read_instant),
        None => Ok(None),
    }
}

/// Frees every lease and makes what it held due: for a store whose lock says that whoever held one is dead.
pub(super) async fn free_all(on: &mut Session) -> Result<(), StoreError> {
    const FREE: &str = "UPDATE errand SET lease_until = NULL, lapses = lapses + 1, again_at = NULL, due_at = $1 \
                        WHERE lease_until IS NOT NULL";
    let clock = on.now().await?;
    on.execute(Statement::new(FREE).bind(clock)).await?;
    Ok(())
}
