//! Taking finished work out of the journal, once it is in a file.

use async_trait::async_trait;
use jiff::Timestamp;

use super::driver::Driver;
use super::events::sequence;
use super::row::Row;
use super::session::Session;
use super::statement::Statement;
use super::store::SqlStore;
use super::{archive_lines as lines, errands};
use crate::domain::archive::{ArchiveKind, ArchiveMark};
use crate::store::{ArchiveStore, BatchLimits, ErrandLease, FinishedBatch, FinishedWork, StoreError};

/// Which work is asked for.
struct Wanted {
    kind: ArchiveKind,
    before: Timestamp,
    limits: BatchLimits,
}

/// What leaves.
struct Leaving {
    lease: ErrandLease,
    mark: ArchiveMark,
    work: Vec<FinishedWork>,
    now: Timestamp,
}

#[async_trait]
impl<D: Driver> ArchiveStore for SqlStore<D> {
    async fn finished_work(
        &self,
        kind: ArchiveKind,
        before: Timestamp,
        limits: BatchLimits,
    ) -> Result<Option<FinishedBatch>, StoreError> {
        self.read(Wanted { kind, before, limits }, |on, wanted| Box::pin(finished(on, wanted))).await
    }

    async fn archive(
        &self,
        lease: &ErrandLease,
        mark: &ArchiveMark,
        work: &[FinishedWork],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let leaving = Leaving { lease: lease.clone(), mark: mark.clone(), work: work.to_vec(), now };
        self.write(leaving, |on, leaving| Box::pin(take_out(on, leaving))).await
    }

    async fn archive_files(&self, after: &str, limit: u32) -> Result<Vec<ArchiveMark>, StoreError> {
        self.read((after.to_owned(), limit), |on, (after, limit)| Box::pin(files(on, after, *limit))).await
    }
}

/// The oldest finished work, each choice by an index that holds nothing else.
fn oldest(kind: ArchiveKind) -> &'static str {
    match kind {
        ArchiveKind::Settlements => {
            "SELECT id, updated_at AS ended_at FROM settlement WHERE terminal = 1 AND archived_in IS NULL AND updated_at < $1 \
             ORDER BY updated_at, id LIMIT $2"
        }
        ArchiveKind::Trades => {
            "SELECT id, updated_at AS ended_at FROM trade WHERE terminal = 1 AND archived_in IS NULL AND updated_at < $1 \
             ORDER BY updated_at, id LIMIT $2"
        }
        ArchiveKind::Deliveries => {
            "SELECT id, acted_at AS ended_at FROM delivery WHERE acted_at IS NOT NULL AND acted_at < $1 ORDER BY acted_at LIMIT $2"
        }
    }
}

async fn finished(on: &mut Session, wanted: &Wanted) -> Result<Option<FinishedBatch>, StoreError> {
    let chosen = Statement::new(oldest(wanted.kind)).bind(wanted.before).bind(wanted.limits.records);
    let mut batch: Option<FinishedBatch> = None;
    let mut bytes = 0;
    for row in on.rows(chosen).await? {
        let day = day_of(&row)?;
        let batch = batch.get_or_insert_with(|| FinishedBatch { day, work: Vec::new(), unreadable: 0 });
        if batch.work.is_empty() {
            batch.day = day;
        }
        if batch.day != day || bytes >= wanted.limits.bytes {
            break;
        }
        match lines::work(on, wanted.kind, row.plain("id")?).await {
            Ok(work) => {
                bytes += work.record.line.len();
                batch.work.push(work);
            }
            Err(StoreError::Damaged(_)) => batch.unreadable += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(batch)
}

/// The UTC day on which something ended: the beginning of its instant.
fn day_of(row: &Row) -> Result<jiff::civil::Date, StoreError> {
    row.read("ended_at", |text| text.get(..10)?.parse().ok())
}

async fn take_out(on: &mut Session, leaving: &Leaving) -> Result<bool, StoreError> {
    errands::hold(on, &leaving.lease).await?;
    note_file(on, leaving).await?;
    for work in &leaving.work {
        if on.execute(leave(leaving, work)?).await? != 1 {
            on.keep_nothing();
            return Ok(false);
        }
    }
    for statement in texts(leaving.mark.kind) {
        on.execute(Statement::new(statement).bind(leaving.mark.name.as_str())).await?;
    }
    note_places(on, leaving).await?;
    Ok(true)
}

/// Written first, so that what says in which file it is finds the file here. A file may have been noted before: then none of its
/// work is here any more.
async fn note_file(on: &mut Session, leaving: &Leaving) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO archive_file (name, kind, day, records, sha256, written_at) VALUES ($1, $2, $3, $4, $5, $6) \
                          ON CONFLICT (name) DO NOTHING";
    let mark = &leaving.mark;
    let insert = Statement::new(INSERT)
        .bind(mark.name.as_str())
        .bind(mark.kind.as_str())
        .bind(mark.day.to_string())
        .bind(sequence(mark.records)?)
        .bind(mark.sha256.as_str())
        .bind(leaving.now);
    on.execute(insert).await?;
    Ok(())
}

/// Marks one piece of work as gone, or removes it, where it is as it was read.
fn leave(leaving: &Leaving, work: &FinishedWork) -> Result<Statement, StoreError> {
    const SETTLEMENT: &str = "UPDATE settlement SET archived_in = $3 \
                              WHERE id = $1 AND sequence = $2 AND terminal = 1 AND archived_in IS NULL";
    const TRADE: &str =
        "UPDATE trade SET archived_in = $3 WHERE id = $1 AND sequence = $2 AND terminal = 1 AND archived_in IS NULL";
    const DELIVERY: &str = "DELETE FROM delivery WHERE id = $1 AND acted_at IS NOT NULL";
    let name = leaving.mark.name.as_str();
    Ok(match leaving.mark.kind {
        ArchiveKind::Settlements => Statement::new(SETTLEMENT).bind(work.id).bind(sequence(work.sequence)?).bind(name),
        ArchiveKind::Trades => Statement::new(TRADE).bind(work.id).bind(sequence(work.sequence)?).bind(name),
        ArchiveKind::Deliveries => Statement::new(DELIVERY).bind(work.id),
    })
}

/// What belongs to work that has left, and leaves with it.
fn texts(kind: ArchiveKind) -> &'static [&'static str] {
    match kind {
        ArchiveKind::Settlements => &[
            "DELETE FROM settlement_material WHERE settlement_id IN (SELECT id FROM settlement WHERE archived_in = $1)",
            "DELETE FROM settlement_standing WHERE settlement_id IN (SELECT id FROM settlement WHERE archived_in = $1)",
            "DELETE FROM settlement_event WHERE settlement_id IN (SELECT id FROM settlement WHERE archived_in = $1)",
            "DELETE FROM settlement_intent WHERE settlement_id IN (SELECT id FROM settlement WHERE archived_in = $1)",
        ],
        ArchiveKind::Trades => &["DELETE FROM trade_event WHERE trade_id IN (SELECT id FROM trade WHERE archived_in = $1)"],
        ArchiveKind::Deliveries => &[],
    }
}

/// Notes up to where changes may be missing, so that no reader passes over them unawares.
async fn note_places(on: &mut Session, leaving: &Leaving) -> Result<(), StoreError> {
    const NOTE: &str = "INSERT INTO settlement_event_archived (enterprise_id, place) VALUES ($1, $2) \
                        ON CONFLICT (enterprise_id) DO UPDATE SET place = CASE \
                        WHEN excluded.place > settlement_event_archived.place THEN excluded.place \
                        ELSE settlement_event_archived.place END";
    let mut newest = std::collections::BTreeMap::new();
    for (enterprise_id, place) in leaving.work.iter().filter_map(|work| work.changes.as_ref()) {
        let known = newest.entry(enterprise_id.as_str()).or_insert(*place);
        *known = (*known).max(*place);
    }
    for (enterprise_id, place) in newest {
        on.execute(Statement::new(NOTE).bind(enterprise_id).bind(sequence(place)?)).await?;
    }
    Ok(())
}

/// The place up to which an enterprise's changes may be missing; 0 where all are here.
pub(super) async fn places_gone(on: &mut Session, enterprise_id: &str) -> Result<u64, StoreError> {
    const READ: &str = "SELECT place FROM settlement_event_archived WHERE enterprise_id = $1";
    let row = on.row(Statement::new(READ).bind(enterprise_id)).await?;
    row.map_or(Ok(0), |row| row.count("place"))
}

async fn files(on: &mut Session, after: &str, limit: u32) -> Result<Vec<ArchiveMark>, StoreError> {
    const FILES: &str = "SELECT name, kind, day, records, sha256 FROM archive_file WHERE name > $1 ORDER BY name LIMIT $2";
    let rows = on.rows(Statement::new(FILES).bind(after).bind(limit)).await?;
    let mark = |row: &Row| {
        Ok(ArchiveMark {
            name: row.plain("name")?,
            kind: row.read("kind", ArchiveKind::from_name)?,
            day: row.read("day", |text| text.parse().ok())?,
            records: row.count("records")?,
            sha256: row.plain("sha256")?,
        })
    };
    rows.iter().map(mark).collect()
}
