//! Errands: durable due work that is no settlement, such as a payout to follow or a delivery to act on.
//!
//! An errand is a kind and a subject, the key of a record that its owner keeps
//! elsewhere. It says only that something is due; what, its owner reads from
//! the record. Leases carry fencing tokens as settlements' do, and run on the
//! store's clock. A row stays when its work is done, so that its token never
//! falls back and a writer of long ago is still refused.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::origin::Origin;
use crate::domain::settlement::names;

/// Whose work an errand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrandKind {
    /// A trade settlement, or a write to one of its affirmations.
    Trade,
    /// A quote that is being confirmed, cancelled or followed.
    Quote,
    /// A venue's call that was delivered and not yet acted on.
    Delivery,
    /// Finished work that may leave the journal.
    Retention,
    /// A look through a venue for what this gateway did not make.
    Patrol,
}

names!(ErrandKind {
    Trade => "TRADE",
    Quote => "QUOTE",
    Delivery => "DELIVERY",
    Retention => "RETENTION",
    Patrol => "PATROL",
});

impl ErrandKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Trade, Self::Quote, Self::Delivery, Self::Retention, Self::Patrol];
}

/// The right to run one errand, until it lapses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrandLease {
    /// The kind.
    pub kind: ErrandKind,
    /// The subject.
    pub subject: String,
    /// Rises with every lease of this errand; a writer with an older one is refused.
    pub token: u64,
}

/// An errand that a worker may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrandClaim {
    /// The right to do so.
    pub lease: ErrandLease,
    /// How often in a row a worker's lease on it lapsed instead of being given back: a sign of poison.
    pub lapses: u32,
    /// The request that it came from last; empty where none did.
    pub origin: Origin,
}

/// Errands.
#[async_trait]
pub trait ErrandStore: Send + Sync {
    /// Makes an errand due at an instant. One that is due earlier stays so; one that is held is due again afterwards.
    async fn enlist(&self, kind: ErrandKind, subject: &str, due_at: Timestamp) -> Result<(), StoreError>;

    /// Leases the errand that has been due longest and that nobody holds. `now` decides what is due; leases run on the store's
    /// clock. One whose lease lapsed is due.
    async fn claim_errand(&self, now: Timestamp, lease_for: Duration) -> Result<Option<ErrandClaim>, StoreError>;

    /// Gives a lease back. The errand is due at `due_at`, or earlier where it was enlisted meanwhile; `None`: its work is done.
    async fn release_errand(&self, lease: &ErrandLease, due_at: Option<Timestamp>) -> Result<(), StoreError>;

    /// When the next errand falls due, a held one when its lease ends; `None` when none will.
    async fn next_errand_due(&self) -> Result<Option<Timestamp>, StoreError>;
}
