//! The verifier: reads chained records one by one, in bounded memory, and names what does not fit.
//!
//! It sees every alteration, gap, repetition and exchange before the last
//! record that it is shown. What was cut off at the end, and a chain that
//! somebody wrote anew from some record on, it sees by heads that were kept
//! elsewhere, and by nothing else.

use std::fmt;

use uuid::Uuid;

use super::link::{AuditHead, ChainedRecord};

/// The most faults that are kept; beyond it they are counted.
pub const MAX_FAULTS: usize = 100;

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditFault {
    /// Records between two that are there.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        until: u64,
    },
    /// A record is not the one that was chained at its position: something of it, or its hash, is another.
    Altered {
        /// Its position.
        position: u64,
        /// Its id.
        id: Uuid,
    },
    /// A record's position does not come after the one before it: it was repeated, or has another's place.
    OutOfOrder {
        /// Its position.
        position: u64,
        /// Its id.
        id: Uuid,
    },
    /// The chain ends before a head that it once had.
    Truncated {
        /// Where it ends.
        ends_at: u64,
        /// The head.
        head: AuditHead,
    },
    /// The chain has another hash where a head was kept: from some record before it on, it is another chain.
    Forked {
        /// The head that was kept.
        head: AuditHead,
    },
    /// The stored head is not where the chain ends.
    HeadDiffers {
        /// Where the chain ends.
        ends_at: u64,
        /// The stored head.
        head: AuditHead,
    },
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { from, until } if from == until => write!(f, "record {from} is missing"),
            Self::Missing { from, until } => write!(f, "records {from} to {until} are missing"),
            Self::Altered { position, id } => write!(f, "record {position} ({id}) is not the one that was chained there"),
            Self::OutOfOrder { position, id } => write!(f, "record {position} ({id}) is repeated or out of order"),
            Self::Truncated { ends_at, head } => {
                write!(f, "the chain ends at {ends_at} and is cut: it once came to {}", head.to_text())
            }
            Self::Forked { head } => write!(f, "the chain is another one: at {} it once was {}", head.position, head.to_text()),
            Self::HeadDiffers { ends_at, head } => {
                write!(f, "the chain ends at {ends_at} and its stored head is {}", head.to_text())
            }
        }
    }
}

/// What a verification came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Where the chain ends.
    pub head: AuditHead,
    /// How many records were read.
    pub records: u64,
    /// How many things do not fit.
    pub fault_count: u64,
    /// The first of them.
    pub faults: Vec<AuditFault>,
}

/// Reads a chain from its beginning. [`Verifier::take`] is called with each record, in their order.
#[derive(Debug, Clone)]
pub struct Verifier {
    last: AuditHead,
    /// What the last record's hash should have been, where that is not what is stored.
    computed: Option<AuditHead>,
    /// Whether what comes before the next record is known.
    is_known: bool,
    kept: Vec<AuditHead>,
    records: u64,
    fault_count: u64,
    faults: Vec<AuditFault>,
}

impl Verifier {
    /// A verifier that holds the chain against heads that were kept elsewhere, or that are stored with it.
    #[must_use]
    pub fn new(kept: Vec<AuditHead>) -> Self {
        let last = AuditHead::EMPTY;
        Self { last, computed: None, is_known: true, kept, records: 0, fault_count: 0, faults: Vec::new() }
    }

    /// Reads the next record.
    pub fn take(&mut self, chained: &ChainedRecord) {
        let ChainedRecord { position, hash, record } = chained;
        self.records += 1;
        if *position <= self.last.position {
            return self.note(AuditFault::OutOfOrder { position: *position, id: record.id });
        }
        if *position > self.last.position + 1 {
            self.note(AuditFault::Missing { from: self.last.position + 1, until: position - 1 });
            (self.is_known, self.computed) = (false, None);
        }
        let before = |hash| AuditHead { position: position - 1, hash };
        let expected = before(self.last.hash).with(record);
        let fits = expected.hash == *hash || self.computed.is_some_and(|head| before(head.hash).with(record).hash == *hash);
        if self.is_known && !fits {
            self.note(AuditFault::Altered { position: *position, id: record.id });
        }
        // Where only the stored hash was altered, the next record still fits to what it should have been.
        self.computed = (self.is_known && !fits).then_some(expected);
        self.is_known = true;
        self.last = AuditHead { position: *position, hash: *hash };
        self.hold_against_kept();
    }

    fn hold_against_kept(&mut self) {
        let here = |head: &&AuditHead| head.position == self.last.position && head.hash != self.last.hash;
        if let Some(head) = self.kept.iter().find(here).copied() {
            self.note(AuditFault::Forked { head });
        }
    }

    /// Ends the verification.
    #[must_use]
    pub fn finish(mut self) -> Verified {
        let ends_at = self.last.position;
        for head in std::mem::take(&mut self.kept) {
            if head.position > ends_at {
                self.note(AuditFault::Truncated { ends_at, head });
            }
        }
        Verified { head: self.last, records: self.records, fault_count: self.fault_count, faults: self.faults }
    }

    fn note(&mut self, fault: AuditFault) {
        self.fault_count += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }
}
