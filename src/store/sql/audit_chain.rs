//! Chaining audit records, and reading them.
//!
//! Whoever chains holds the head's row until the commit. Records are chained in the order of their ids, but for those that are
//! committed later than a record after them: the chain's order is the order in which they were seen.

use async_trait::async_trait;
use uuid::Uuid;

use super::audit;
use super::audit_journal::{self, Stretch};
use super::driver::Driver;
use super::error::{damaged, unavailable};
use super::events::sequence;
use super::row::Row;
use super::session::Session;
use super::statement::Statement;
use super::store::SqlStore;
use super::text::read_instant;
use crate::domain::audit::{AuditEntry, AuditHead, AuditRecord, AuditSubject, ChainLink, ChainedRecord};
use crate::store::{AuditLag, AuditStore, Chained, JournalLine, JournalPart, JournalSays, StoreError};

/// The most records that are read of one subject: a caller may have any number.
const MAX_OF_SUBJECT: u32 = 100;

/// What stands for a text that cannot be read.
const UNREADABLE: &str = "\u{fffd}";

/// A record's columns.
macro_rules! columns {
    () => {
        "id, kind, subject, at, content"
    };
}

#[async_trait]
impl<D: Driver> AuditStore for SqlStore<D> {
    async fn record_audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.write(entry.clone(), |on, entry| Box::pin(audit::insert(on, entry))).await
    }

    async fn chain_audit(&self, limit: u32) -> Result<Chained, StoreError> {
        self.write(limit, |on, limit| Box::pin(chain(on, *limit))).await
    }

    async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        const READ: &str = "SELECT position, hash FROM audit_head WHERE only_row = 1";
        self.read((), |on, ()| Box::pin(async { head(on, READ).await?.ok_or_else(|| damaged("audit_head")) })).await
    }

    async fn audit_lag(&self) -> Result<AuditLag, StoreError> {
        self.read((), |on, ()| Box::pin(lag(on))).await
    }

    async fn audit_chain(&self, after: u64, limit: u32) -> Result<Vec<ChainLink>, StoreError> {
        self.read((after, limit), |on, (after, limit)| Box::pin(stretch(on, *after, *limit))).await
    }

    async fn audit_waiting(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.read((after, limit), |on, (after, limit)| Box::pin(shown(on, *after, *limit))).await
    }

    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditRecord>, StoreError> {
        self.read(subject.to_owned(), |on, subject| Box::pin(of_subject(on, subject))).await
    }

    async fn journal_lines(
        &self,
        part: JournalPart,
        after: Option<AuditSubject>,
        limit: u32,
    ) -> Result<Vec<JournalLine>, StoreError> {
        self.read(Stretch { part, after, limit }, |on, stretch| Box::pin(audit_journal::stretch(on, stretch))).await
    }

    async fn journal_of(&self, subject: &AuditSubject) -> Result<JournalSays, StoreError> {
        self.read(subject.clone(), |on, subject| Box::pin(audit_journal::says(on, subject))).await
    }
}

async fn chain(on: &mut Session, limit: u32) -> Result<Chained, StoreError> {
    const MOVE: &str = "UPDATE audit_head SET position = $1, hash = $2 WHERE only_row = 1";
    let Some(mut head) = head(on, on.dialect().hold_audit_head).await? else { return Ok(Chained::Busy) };
    let mut links: Vec<(String, u64, String)> = Vec::new();
    for record in waiting(on, None, limit).await? {
        head = head.with(&record);
        links.push((hex(record.id.as_bytes()), head.position, hex(&head.hash)));
    }
    let count = u32::try_from(links.len()).map_err(|_| damaged("limit"))?;
    if count == 0 {
        on.keep_nothing();
        return Ok(Chained::Added { count, head });
    }
    let link = Statement::new(on.dialect().link_audit).bind(serde_json::to_string(&links).map_err(unavailable)?);
    if on.execute(link).await? != u64::from(count) {
        return Err(damaged("audit_record"));
    }
    on.execute(Statement::new(MOVE).bind(sequence(head.position)?).bind(head.hash.as_slice())).await?;
    Ok(Chained::Added { count, head })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The head, or `None` where somebody else holds it.
async fn head(on: &mut Session, read: &'static str) -> Result<Option<AuditHead>, StoreError> {
    let row = on.row(Statement::new(read)).await?;
    row.map(|row| Ok(AuditHead { position: row.count("position")?, hash: row.bytes("hash")? })).transpose()
}

async fn lag(on: &mut Session) -> Result<AuditLag, StoreError> {
    const COUNT: &str =
        "SELECT COUNT(*) AS waiting FROM (SELECT id FROM audit_record WHERE position IS NULL LIMIT $1) AS counted";
    const OLDEST: &str = "SELECT at FROM audit_record WHERE position IS NULL ORDER BY id LIMIT 1";
    let row = on.row(Statement::new(COUNT).bind(AuditLag::MAX_COUNTED)).await?.ok_or_else(|| damaged("waiting"))?;
    let oldest = match on.row(Statement::new(OLDEST)).await? {
        Some(row) => row.read_if_any("at", read_instant)?,
        None => None,
    };
    Ok(AuditLag { waiting: row.count("waiting")?, oldest })
}

async fn stretch(on: &mut Session, after: u64, limit: u32) -> Result<Vec<ChainLink>, StoreError> {
    const STRETCH: &str =
        concat!("SELECT position, hash, ", columns!(), " FROM audit_record WHERE position > $1 ORDER BY position LIMIT $2");
    on.rows(Statement::new(STRETCH).bind(sequence(after)?).bind(limit)).await?.iter().map(link).collect()
}

/// What stands in a place; an altered text may be none, and an altered hash too short.
fn link(row: &Row) -> Result<ChainLink, StoreError> {
    let position = row.count("position")?;
    let chained = row.bytes("hash").and_then(|hash| Ok(ChainedRecord { position, hash, record: record(row)? }));
    match chained {
        Ok(chained) => Ok(ChainLink::Record(chained)),
        Err(StoreError::Damaged(_)) => Ok(ChainLink::Unreadable { position }),
        Err(error) => Err(error),
    }
}

/// Reads what waits, each record as it is: one that cannot be read is not chained as if it could.
async fn waiting(on: &mut Session, after: Option<Uuid>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
    rows_waiting(on, after, limit).await?.iter().map(record).collect()
}

/// Reads what waits to be shown.
async fn shown(on: &mut Session, after: Option<Uuid>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
    rows_waiting(on, after, limit).await?.iter().map(record_or_remains).collect()
}

async fn rows_waiting(on: &mut Session, after: Option<Uuid>, limit: u32) -> Result<Vec<Row>, StoreError> {
    const WAITING: &str =
        concat!("SELECT ", columns!(), " FROM audit_record WHERE position IS NULL AND id > $1 ORDER BY id LIMIT $2");
    on.rows(Statement::new(WAITING).bind(after.unwrap_or(Uuid::nil())).bind(limit)).await
}

async fn of_subject(on: &mut Session, subject: &str) -> Result<Vec<AuditRecord>, StoreError> {
    // The kinds are named so that the index of what is recorded once is used.
    const OF: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM audit_record WHERE kind IN ('CHANGE', 'RESOLUTION', 'RESERVATION', 'SIGNATURE', 'ADOPTION', 'REPAIR') \
         AND subject = $1 ORDER BY id LIMIT $2"
    );
    on.rows(Statement::new(OF).bind(subject).bind(MAX_OF_SUBJECT)).await?.iter().map(record_or_remains).collect()
}

/// A record, or what is left of one whose texts were altered so that they are none: it is no line's record any more.
fn record_or_remains(row: &Row) -> Result<AuditRecord, StoreError> {
    let text = |name| row.plain(name).unwrap_or_else(|_| UNREADABLE.to_owned());
    let [kind, subject, at, content] = ["kind", "subject", "at", "content"].map(text);
    Ok(AuditRecord { id: row.plain("id")?, kind, subject, at, content })
}

fn record(row: &Row) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        id: row.plain("id")?,
        kind: row.plain("kind")?,
        subject: row.plain("subject")?,
        at: row.plain("at")?,
        content: row.plain("content")?,
    })
}
