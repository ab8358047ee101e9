//! The verifier: reads chained records one by one, in bounded memory, and names what does not fit.
//!
//! It sees every alteration, gap, repetition and exchange before the last
//! record that it is shown. What was cut off at the end, and a chain that
//! somebody wrote anew from some record on, it sees by heads that were kept
//! elsewhere, and by nothing else.

use std::fmt;

use uuid::Uuid;

use super::link::{AuditHead, ChainLink, ChainedRecord};

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
    /// What stands in a place is no record.
    Unreadable {
        /// The place.
        position: u64,
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
            Self::Unreadable { position } => write!(f, "record {position} cannot be read"),
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

impl Verified {
    /// Notes a fault that was found beside the records.
    pub fn note(&mut self, fault: AuditFault) {
        self.fault_count += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }
}

/// Reads a chain. [`Verifier::take`] is called with what stands in each place, in their order.
#[derive(Debug, Clone)]
pub struct Verifier {
    /// What was read, up to here.
    read: Verified,
    /// What the last record's hash should have been, where that is not what is stored.
    computed: Option<AuditHead>,
    /// Whether what stands before the next record is known.
    is_known: bool,
    kept: Vec<AuditHead>,
}

impl Verifier {
    /// A verifier that begins after a head, [`AuditHead::EMPTY`] for a whole chain, and holds the chain against heads that
    /// were kept elsewhere, or that are stored with it.
    #[must_use]
    pub fn new(start: AuditHead, kept: Vec<AuditHead>) -> Self {
        let read = Verified { head: start, records: 0, fault_count: 0, faults: Vec::new() };
        Self { read, computed: None, is_known: true, kept }
    }

    /// The last position that was read.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.read.head.position
    }

    /// Reads what stands in the next place.
    pub fn take(&mut self, link: &ChainLink) {
        match link {
            ChainLink::Record(chained) => self.take_record(chained),
            ChainLink::Unreadable { position } => {
                if self.comes_next(*position) {
                    self.read.note(AuditFault::Unreadable { position: *position });
                    self.is_known = false;
                } else {
                    self.read.note(AuditFault::OutOfOrder { position: *position, id: Uuid::nil() });
                }
            }
        }
    }

    fn take_record(&mut self, chained: &ChainedRecord) {
        let ChainedRecord { position, hash, record } = chained;
        let (before, computed) = (self.read.head.hash, self.computed);
        self.read.records += 1;
        if !self.comes_next(*position) {
            return self.read.note(AuditFault::OutOfOrder { position: *position, id: record.id });
        }
        let after = |hash| AuditHead { position: position - 1, hash }.with(record);
        let expected = after(before);
        let fits = expected.hash == *hash || computed.is_some_and(|head| after(head.hash).hash == *hash);
        if self.is_known && !fits {
            self.read.note(AuditFault::Altered { position: *position, id: record.id });
            // Where only the stored hash was altered, the next record still fits to what it should have been.
            self.computed = Some(expected);
        }
        self.is_known = true;
        self.read.head.hash = *hash;
        self.hold_against_kept();
    }

    /// Moves on to a position, noting what is missing before it; whether it comes after the last one.
    fn comes_next(&mut self, position: u64) -> bool {
        let next = self.position() + 1;
        if position < next {
            return false;
        }
        if position > next {
            self.read.note(AuditFault::Missing { from: next, until: position - 1 });
            self.is_known = false;
        }
        self.read.head.position = position;
        self.computed = None;
        true
    }

    fn hold_against_kept(&mut self) {
        let here = self.read.head;
        let differs = |kept: &&AuditHead| kept.position == here.position && kept.hash != here.hash;
        if let Some(head) = self.kept.iter().find(differs).copied() {
            self.read.note(AuditFault::Forked { head });
        }
    }

    /// Ends the verification.
    #[must_use]
    pub fn finish(self) -> Verified {
        let mut read = self.read;
        let ends_at = read.head.position;
        for head in self.kept.into_iter().filter(|head| head.position > ends_at) {
            read.note(AuditFault::Truncated { ends_at, head });
        }
        read
    }
}
