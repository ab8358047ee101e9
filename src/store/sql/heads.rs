//! The journal's head: its newest link, which whoever signs or dispatches next holds until the commit.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;

use super::SqlStore;
use super::audit;
use super::driver::Driver;
use super::error::damaged;
use super::events::sequence;
use super::row::Row;
use super::session::Session;
use super::statement::Statement;
use crate::domain::anchor::{Head, JournalId, Link};
use crate::domain::audit::AuditEntry;
use crate::store::{HeadStore, StoreError};

/// What the journal must reach for anything to be signed or dispatched; nothing at first.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Floor(Arc<RwLock<Option<Head>>>);

impl Floor {
    /// The floor as it is now.
    pub(super) fn now(&self) -> Option<Head> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, floor: Head) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(floor);
    }
}

/// Reads the head.
pub(super) async fn read(on: &mut Session) -> Result<Head, StoreError> {
    const READ: &str = "SELECT journal_id, epoch, sequence, link FROM signing_head WHERE only_row = 1";
    on.row(Statement::new(READ)).await?.map_or_else(|| Err(damaged("signing_head")), |row| head(&row))
}

/// Reads the head and keeps everybody else from moving it until the transaction ends.
pub(super) async fn take(on: &mut Session) -> Result<Head, StoreError> {
    on.row(Statement::new(on.dialect().take_head)).await?.map_or_else(|| Err(damaged("signing_head")), |row| head(&row))
}

fn head(row: &Row) -> Result<Head, StoreError> {
    Ok(Head {
        journal: row.read("journal_id", JournalId::from_text)?,
        epoch: row.count("epoch")?,
        sequence: row.count("sequence")?,
        link: Link::from_bytes(row.bytes("link")?),
    })
}

/// Refuses a journal that does not reach the floor.
pub(super) fn hold(head: &Head, floor: Option<&Head>) -> Result<(), StoreError> {
    floor.map_or(Ok(()), |floor| head.reaches(floor)).map_err(StoreError::Adrift)
}

/// Moves the head that was taken.
pub(super) async fn put(on: &mut Session, head: &Head) -> Result<(), StoreError> {
    const PUT: &str = "UPDATE signing_head SET epoch = $1, sequence = $2, link = $3 WHERE only_row = 1";
    let put = Statement::new(PUT).bind(sequence(head.epoch)?).bind(sequence(head.sequence)?);
    on.execute(put.bind(head.link.as_bytes().as_slice())).await?;
    Ok(())
}

async fn link_at(on: &mut Session, place: u64) -> Result<Option<Link>, StoreError> {
    const READ: &str = "SELECT link FROM signing_reservation WHERE journal_sequence = $1 \
                        UNION ALL SELECT link FROM anchored_change WHERE journal_sequence = $1";
    if place == 0 {
        return Ok(Some(Link::START));
    }
    let row = on.row(Statement::new(READ).bind(sequence(place)?)).await?;
    row.map(|row| Ok(Link::from_bytes(row.bytes("link")?))).transpose()
}

/// An epoch that is to begin.
struct Begin {
    from: Head,
    epoch: u64,
    repair: Option<AuditEntry>,
}

async fn begin_epoch(on: &mut Session, begin: &Begin) -> Result<bool, StoreError> {
    let Begin { from, epoch, repair } = begin;
    if take(on).await? != *from {
        return Ok(false);
    }
    if let Some(repair) = repair {
        audit::insert(on, repair).await?;
    }
    put(on, &Head { epoch: *epoch, ..*from }).await?;
    Ok(true)
}

#[async_trait]
impl<D: Driver> HeadStore for SqlStore<D> {
    async fn head(&self) -> Result<Head, StoreError> {
        self.read((), |on, ()| Box::pin(read(on))).await
    }

    async fn link_at(&self, sequence: u64) -> Result<Option<Link>, StoreError> {
        self.read(sequence, |on, sequence| Box::pin(link_at(on, *sequence))).await
    }

    async fn begin_epoch(&self, from: &Head, epoch: u64, repair: Option<AuditEntry>) -> Result<bool, StoreError> {
        self.write(Begin { from: *from, epoch, repair }, |on, begin| Box::pin(begin_epoch(on, begin))).await
    }

    fn hold_to(&self, floor: Head) {
        self.floor.set(floor);
    }
}
