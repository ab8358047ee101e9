//! Retention: finished work leaves the journal by age, for files of the archive.
//!
//! A file is whole and durable in the archive before anything leaves for it,
//! and what leaves does so in one transaction that also notes the file. A
//! process may die anywhere: before the transaction nothing has left, and the
//! same work gives the same file again; after it, nothing is left to be done.
//! A batch is small and comes between others' work; with many replicas one at a
//! time does it, under the errand's lease.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use metrics::counter;
use tracing::{error, info, warn};

use super::errands::RunsErrands;
use crate::archive::Archive;
use crate::causes::with_causes;
use crate::domain::archive::{ArchiveFile, ArchiveKind, ArchiveRecord};
use crate::domain::time::{Clock, later};
use crate::store::{BatchLimits, ErrandClaim, ErrandKind, FinishedBatch, Store, StoreError};

/// The errand's subject: there is one.
const SUBJECT: &str = "journal";
/// How much leaves at once. A settlement may have some megabytes, so that a few of them are a batch.
const AT_ONCE: BatchLimits = BatchLimits { records: 64, bytes: 4 * 1024 * 1024 };
/// The rest between two batches, in which others' writes are done.
const BETWEEN_BATCHES: Duration = Duration::from_millis(100);
/// How often is looked for what has grown old enough.
const LOOK_INTERVAL: Duration = Duration::from_secs(3_600);
/// The rest after an archive that could not be written.
const FAILED_WAIT: Duration = Duration::from_secs(60);

/// What may leave, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionSettings {
    /// How long after its end finished work stays in the journal.
    pub archive_after: Duration,
    /// How long a venue's call stays after it was acted on.
    pub deliveries_after: Duration,
}

/// Where finished work goes, and when.
struct Leaving {
    archive: Arc<dyn Archive>,
    settings: RetentionSettings,
}

/// Who has finished work leave.
pub struct Retention {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    leaving: Option<Leaving>,
}

/// What became of a look for work of one kind.
enum Batch {
    /// Nothing is old enough.
    Nothing,
    /// Some has left; there may be more.
    Left,
    /// It could not leave; it is as it was.
    Stayed,
}

impl Retention {
    /// Retention that has nothing leave: what a former configuration enlisted comes to its end.
    #[must_use]
    pub fn off(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, leaving: None }
    }

    /// Retention into an archive.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, archive: Arc<dyn Archive>, settings: RetentionSettings) -> Self {
        Self { store, clock, leaving: Some(Leaving { archive, settings }) }
    }

    /// Has it begin at once, where it is on.
    ///
    /// # Errors
    /// [`StoreError`] when the journal does not answer.
    pub async fn enlist(&self) -> Result<(), StoreError> {
        if self.leaving.is_none() {
            return Ok(());
        }
        self.store.enlist(ErrandKind::Retention, SUBJECT, self.clock.now()).await
    }

    async fn batch(&self, claim: &ErrandClaim, leaving: &Leaving, kind: ArchiveKind) -> Result<Batch, StoreError> {
        let age = match kind {
            ArchiveKind::Deliveries => leaving.settings.deliveries_after,
            ArchiveKind::Settlements | ArchiveKind::Trades => leaving.settings.archive_after,
        };
        let now = self.clock.now();
        let before = now.checked_sub(age).unwrap_or(Timestamp::MIN);
        let Some(batch) = self.store.finished_work(kind, before, AT_ONCE).await? else { return Ok(Batch::Nothing) };
        if batch.unreadable > 0 {
            warn!(kind = kind.as_str(), records = batch.unreadable, "records cannot be read and stay in the journal");
        }
        if batch.work.is_empty() {
            return Ok(Batch::Nothing);
        }
        let file = file_of(kind, &batch);
        let journal = self.store.head().await?.journal;
        let begins = self.store.archive_files("", 1).await?.is_empty();
        if let Err(error) = leaving.archive.keep(journal, begins, &file).await {
            counter!("settlement_gateway_archive_failures_total").increment(1);
            error!(error = with_causes(&error), "the archive cannot be written; nothing leaves the journal");
            return Ok(Batch::Stayed);
        }
        if !self.store.archive(&claim.lease, &file.mark, &batch.work, now).await? {
            warn!(file = file.mark.name, "what was to leave has changed or has left already");
            return Ok(Batch::Stayed);
        }
        counter!("settlement_gateway_archived_total", "kind" => kind.as_str()).increment(file.mark.records);
        info!(file = file.mark.name, records = file.mark.records, "finished work has left the journal");
        Ok(Batch::Left)
    }
}

fn file_of(kind: ArchiveKind, batch: &FinishedBatch) -> ArchiveFile {
    let records: Vec<ArchiveRecord> = batch.work.iter().map(|work| work.record.clone()).collect();
    ArchiveFile::of(kind, batch.day, &records)
}

#[async_trait]
impl RunsErrands for Retention {
    fn kind(&self) -> ErrandKind {
        ErrandKind::Retention
    }

    /// One batch a run, so that a lease is never outlasted.
    async fn run(&self, claim: &ErrandClaim) -> Result<Option<Timestamp>, StoreError> {
        let Some(leaving) = &self.leaving else { return Ok(None) };
        for kind in ArchiveKind::ALL {
            let rest = match self.batch(claim, leaving, kind).await? {
                Batch::Nothing => continue,
                Batch::Left => BETWEEN_BATCHES,
                Batch::Stayed => FAILED_WAIT,
            };
            return Ok(Some(later(self.clock.now(), rest)));
        }
        Ok(Some(later(self.clock.now(), LOOK_INTERVAL)))
    }
}
