//! The audit chain: what was done, refused or signed, in records that nobody can alter, drop or reorder unseen.
//!
//! A record is written by the transaction that does what it says, so neither
//! is ever without the other. Chaining comes later and in batches: it gives
//! records their positions and binds each to all before it by a hash. What
//! stands here is pure: what a record says, the hash, and the verifier, which
//! reads any sequence of records and names whatever does not fit.

mod confirmation;
mod content;
mod line;
mod link;
mod refusal;
mod repair;
mod settlement;
mod signing;
mod subject;
mod trade;
mod verifier;
#[cfg(test)]
mod verifier_tests;

use jiff::Timestamp;

use crate::domain::settlement::names;

pub use confirmation::confirmation_changed;
pub use link::{AuditHead, AuditRecord, ChainLink, ChainedRecord};
pub use refusal::{Refusal, RefusalTally};
pub use repair::{Repaired, journal_repaired, settlement_adopted};
pub use settlement::{SettlementChanged, settlement_changed};
pub use signing::{payload_signed, reference_reserved};
pub use subject::AuditSubject;
pub use trade::{TradeChanged, trade_changed};
pub use verifier::{AuditFault, MAX_FAULTS, Verified, Verifier};

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditKind {
    /// A settlement, a write on BitGo Trade or a quote's confirmation changed.
    Change,
    /// One of them changed because a person decided.
    Resolution,
    /// A reference was reserved for one payload for ever: the key is not touched before this is durable.
    Reservation,
    /// A payload was signed.
    Signature,
    /// A caller was refused what moves money, or a signature.
    Refusal,
    /// A settlement that only the venue has was taken in for ever.
    Adoption,
    /// The venues were read for what the journal had lost, and an epoch of the anchor began.
    Repair,
}

names!(AuditKind {
    Change => "CHANGE",
    Resolution => "RESOLUTION",
    Reservation => "RESERVATION",
    Signature => "SIGNATURE",
    Refusal => "REFUSAL",
    Adoption => "ADOPTION",
    Repair => "REPAIR",
});

/// What is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// What it is about.
    pub kind: AuditKind,
    /// Of what: [`AuditSubject::to_text`].
    pub subject: String,
    /// When it was done.
    pub at: Timestamp,
    /// What was done, as canonical JSON: hashed as it is stored and never written again.
    pub content: String,
}

/// The kind of a change, by its name.
fn kind_of_change(change: &str) -> AuditKind {
    if change == "RESOLVED" { AuditKind::Resolution } else { AuditKind::Change }
}
