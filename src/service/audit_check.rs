//! Verifying the audit chain of a journal, and the journal against its records, page by page: memory does not grow with either.
//!
//! A gateway may be at work meanwhile: records and lines are only ever added, and each is looked for after its counterpart
//! was read.

use std::fmt;

use uuid::Uuid;

use crate::domain::audit::{
    AuditEntry, AuditFault, AuditHead, AuditKind, AuditRecord, AuditSubject, ChainLink, MAX_FAULTS, Verified, Verifier,
};
use crate::store::{AuditStore, JournalLine, JournalPart, JournalSays, StoreError};

/// Records and lines that are read at once.
const PAGE: u32 = 200;

/// Something of the journal that does not fit to its records, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalFault {
    /// A line has no record.
    Unrecorded {
        /// What kind of record it must have.
        kind: AuditKind,
        /// The line.
        subject: String,
    },
    /// A line's record says something else.
    Differs {
        /// The line.
        subject: String,
        /// The record.
        record: Uuid,
    },
    /// A line has more than one record.
    RecordedTwice {
        /// The line.
        subject: String,
    },
    /// A line holds what no version of the gateway wrote.
    Unreadable {
        /// The line.
        subject: String,
    },
    /// A record has no line.
    WithoutLine {
        /// The record.
        record: Uuid,
        /// What it says it is of.
        subject: String,
    },
}

impl fmt::Display for JournalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unrecorded { kind, subject } => write!(f, "the journal's {subject} has no record of kind {}", kind.as_str()),
            Self::Differs { subject, record } => write!(f, "the journal's {subject} is not what record {record} says"),
            Self::RecordedTwice { subject } => write!(f, "the journal's {subject} has more than one record"),
            Self::Unreadable { subject } => write!(f, "the journal's {subject} cannot be read"),
            Self::WithoutLine { record, subject } => {
                write!(f, "record {record} is of {subject}, which the journal does not have")
            }
        }
    }
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// The chain.
    pub chain: Verified,
    /// How many records wait to be chained.
    pub waiting: u64,
    /// How many of the journal's lines were held against their records.
    pub lines: u64,
    /// How many of them do not fit.
    pub journal_fault_count: u64,
    /// The first of those.
    pub journal_faults: Vec<JournalFault>,
}

impl AuditReport {
    /// Whether everything fits.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.chain.fault_count == 0 && self.journal_fault_count == 0
    }
}

/// Verifies the chain, holds it against heads that were kept, and holds the journal against the records in both directions.
///
/// # Errors
/// [`StoreError`] when the journal does not answer.
pub async fn check_audit(store: &dyn AuditStore, kept: Vec<AuditHead>) -> Result<AuditReport, StoreError> {
    check_audit_telling(store, kept, &|| {}).await
}

/// The same, which tells of each record and each line that was read, for who waits for the end.
///
/// # Errors
/// As [`check_audit`].
pub async fn check_audit_telling(
    store: &dyn AuditStore,
    kept: Vec<AuditHead>,
    tell: &(dyn Fn() + Send + Sync),
) -> Result<AuditReport, StoreError> {
    let mut check = Check { store, tell, lines: 0, fault_count: 0, faults: Vec::new() };
    let chain = check.chain(kept).await?;
    let waiting = check.waiting().await?;
    for part in JournalPart::ALL {
        check.journal(part).await?;
    }
    Ok(AuditReport { chain, waiting, lines: check.lines, journal_fault_count: check.fault_count, journal_faults: check.faults })
}

struct Check<'s> {
    store: &'s dyn AuditStore,
    tell: &'s (dyn Fn() + Send + Sync),
    lines: u64,
    fault_count: u64,
    faults: Vec<JournalFault>,
}

impl Check<'_> {
    /// Verifies the chain up to its end, where the stored head must be. A head that is read first is one of the chain's own.
    async fn chain(&mut self, mut kept: Vec<AuditHead>) -> Result<Verified, StoreError> {
        kept.push(self.store.audit_head().await?);
        let mut verifier = Verifier::new(AuditHead::EMPTY, kept);
        loop {
            let page = self.store.audit_chain(verifier.position(), PAGE).await?;
            if page.is_empty() {
                break;
            }
            for link in page {
                (self.tell)();
                verifier.take(&link);
                if let ChainLink::Record(chained) = &link {
                    self.line_of(&chained.record).await?;
                }
            }
        }
        let mut verified = verifier.finish();
        let head = self.store.audit_head().await?;
        if head.position < verified.head.position {
            verified.note(AuditFault::HeadDiffers { ends_at: verified.head.position, head });
        }
        Ok(verified)
    }

    /// Looks at what waits to be chained.
    async fn waiting(&mut self) -> Result<u64, StoreError> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.store.audit_waiting(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(count) };
            after = Some(last.id);
            for record in page {
                count += 1;
                self.line_of(&record).await?;
            }
        }
    }

    /// Looks for the journal's line of a record.
    async fn line_of(&mut self, record: &AuditRecord) -> Result<(), StoreError> {
        let Some(kind) = AuditKind::from_name(&record.kind) else { return Ok(()) };
        if kind == AuditKind::Refusal {
            return Ok(());
        }
        let says = match AuditSubject::from_text(&record.subject) {
            Some(subject) => self.store.journal_of(&subject).await?,
            None => JournalSays::Nothing,
        };
        let fits = match says {
            JournalSays::Line | JournalSays::Passed => true,
            JournalSays::Unsigned => kind == AuditKind::Reservation,
            JournalSays::Nothing => false,
        };
        if !fits {
            self.note(JournalFault::WithoutLine { record: record.id, subject: record.subject.clone() });
        }
        Ok(())
    }

    /// Holds a part of the journal against its records.
    async fn journal(&mut self, part: JournalPart) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.store.journal_lines(part, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.subject());
            for line in page {
                (self.tell)();
                self.lines += 1;
                match line {
                    JournalLine::Entry(subject, entry) => self.record_of(&subject, &entry).await?,
                    JournalLine::Noted(subject, kind) => self.noted(subject.to_text(), kind).await?,
                    JournalLine::Unreadable(subject) => self.note(JournalFault::Unreadable { subject: subject.to_text() }),
                }
            }
        }
    }

    /// Looks for a line's record.
    async fn record_of(&mut self, subject: &AuditSubject, entry: &AuditEntry) -> Result<(), StoreError> {
        if let AuditSubject::Confirmation { revision, .. } = subject {
            self.earlier_revisions(subject, *revision).await?;
        }
        let records = self.store.audit_of(&entry.subject).await?;
        let mut of_kind = records.iter().filter(|record| record.kind == entry.kind.as_str());
        let subject = || entry.subject.clone();
        match (of_kind.next(), of_kind.next()) {
            (None, _) => self.note(JournalFault::Unrecorded { kind: entry.kind, subject: subject() }),
            (Some(_), Some(_)) => self.note(JournalFault::RecordedTwice { subject: subject() }),
            (Some(record), None) => {
                let same_time = record.at.parse().is_ok_and(|at: jiff::Timestamp| at == entry.at);
                if !same_time || record.content != entry.content {
                    self.note(JournalFault::Differs { subject: subject(), record: record.id });
                }
            }
        }
        Ok(())
    }

    /// Looks for the one record of what the journal only knows to have happened.
    async fn noted(&mut self, subject: String, kind: AuditKind) -> Result<(), StoreError> {
        let records = self.store.audit_of(&subject).await?;
        match records.iter().filter(|record| record.kind == kind.as_str()).count() {
            0 => self.note(JournalFault::Unrecorded { kind, subject }),
            1 => {}
            _ => self.note(JournalFault::RecordedTwice { subject }),
        }
        Ok(())
    }

    /// A confirmation keeps no line of what it was before, but every revision has its record.
    async fn earlier_revisions(&mut self, subject: &AuditSubject, current: u64) -> Result<(), StoreError> {
        let AuditSubject::Confirmation { merchant_id, tx_id, .. } = subject else { return Ok(()) };
        for revision in 0..current {
            let (merchant_id, tx_id) = (merchant_id.clone(), tx_id.clone());
            let subject = AuditSubject::Confirmation { merchant_id, tx_id, revision }.to_text();
            if self.store.audit_of(&subject).await?.is_empty() {
                self.note(JournalFault::Unrecorded { kind: AuditKind::Change, subject });
            }
        }
        Ok(())
    }

    fn note(&mut self, fault: JournalFault) {
        self.fault_count += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }
}
