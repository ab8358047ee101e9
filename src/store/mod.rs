//! The journal: what was asked, signed, sent and answered, durable before it counts.
//!
//! [`Store`] is one trait with one conformance suite (`tests/it/conformance/`)
//! for every database. Its rules, whichever database is behind it:
//!
//! - a method that returns `Ok` has committed; one that returns
//!   [`StoreError::Unavailable`] may have, so every write can be read back by key;
//! - database work runs in tasks of its own that nobody's patience cancels;
//! - a change is saved only by who holds the settlement's lease, under its
//!   fencing token and on top of the sequence that was read.

mod adoptions;
mod anchor;
mod archive;
mod audit;
mod census;
mod errands;
mod events;
mod following;
mod foreign;
mod heads;
mod inbox;
pub mod postgres;
mod quotes;
mod sql;
pub mod sqlite;
mod trades;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bigdecimal::BigDecimal;
use jiff::Timestamp;
use thiserror::Error;
use uuid::Uuid;

use crate::domain::anchor::Adrift;
use crate::domain::budget::{CallBudget, Drawn, Urgency};
use crate::domain::ids::{CallerId, Currency, EnterpriseId, ExternalId, SettlementId};
use crate::domain::origin::Origin;
use crate::domain::policy::{LimitExceeded, SpendLimit};
use crate::domain::settlement::{AdoptedSettlement, Change, Intent, OnceRules, Settlement, State, TimelineEntry, Twice};
use crate::domain::signing::SigningJournal;

pub use adoptions::AdoptionStore;
pub use anchor::{Anchor, AnchorError, FileAnchor};
pub use archive::{ArchiveStore, Archived, BatchLimits, FinishedBatch, FinishedWork};
pub use audit::{AuditLag, AuditStore, Chained, JournalLine, JournalPart, JournalSays};
pub use census::{Census, CensusQuery, CensusStore, Tally};
pub use errands::{ErrandClaim, ErrandKind, ErrandLease, ErrandStore};
pub use events::{EventQuery, EventStore, EventStretch};
pub use following::{DetailsMark, FollowingStore};
pub use foreign::{ForeignQuery, ForeignStore, PatrolMark};
pub use heads::HeadStore;
pub use inbox::{About, Delivery, DeliveryOutcome, Hastened, InboxStore, Received};
pub use quotes::{CallbackTokenHash, ConfirmationRecorded, QuoteRecorded, QuoteStore};
pub use sql::{LeaseClock, OpenError, SchemaStatus, SqlStore};
pub use trades::{TradeEvent, TradeListQuery, TradeRecorded, TradeSaved, TradeStore};

/// The journal could not do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database did not answer, or not as it must. A write may or may not have been committed.
    #[error("the store did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read by this version: a defect or a damaged file, never guessed at.
    #[error("a stored record cannot be read: {0}")]
    Damaged(String),
    /// The lease is another's by now or was given back, or the settlement has moved on: this writer must stop.
    #[error("the settlement is no longer held by this worker")]
    Fenced,
    /// It has left the journal for the archive.
    #[error("it has left the journal: {0}")]
    Archived(Archived),
    /// The journal lacks what its anchor knows of: nothing was written.
    #[error("the journal may have forgotten signatures")]
    Adrift(#[source] Adrift),
}

/// A settlement that is to be recorded.
#[derive(Debug, Clone)]
pub struct NewSettlement {
    /// What was asked, with route, nonce and key pinned.
    pub intent: Intent,
    /// The journal id that it gets.
    pub id: Uuid,
    /// When it is recorded.
    pub now: Timestamp,
    /// The caller's limits that its amounts are held against, in the same transaction.
    pub limits: Vec<SpendLimit>,
    /// The enterprise's rules against settling the same twice, held in the same transaction.
    pub once: OnceRules,
    /// Which request it came from, for whoever follows it later.
    pub origin: Origin,
}

/// What became of recording a settlement.
#[derive(Debug, Clone)]
pub enum Recorded {
    /// It is recorded, in state RECEIVED and due at once.
    New(Box<Settlement>),
    /// The external id was recorded before; nothing was written.
    Existing(Box<Settlement>),
    /// A limit of the caller's stands against it; nothing was written.
    OverLimit(LimitExceeded),
    /// The settlement that it supersedes is unknown, may still move money, is being worked on or is superseded already;
    /// nothing was written.
    SupersedesRefused,
    /// It may be a settlement that was recorded before under another id; nothing was written.
    Twice(Twice),
    /// The venue has a settlement under the external id that this journal does not hold; nothing was written.
    Adopted(Box<AdoptedSettlement>),
}

/// How a reader names a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementName {
    /// By the caller's id.
    External(ExternalId),
    /// By the venue's id.
    Venue(SettlementId),
}

/// Which settlements a list shows, newest first.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Whose.
    pub enterprise_id: EnterpriseId,
    /// In these states; empty for all.
    pub states: Vec<State>,
    /// Recorded at or after.
    pub created_from: Option<Timestamp>,
    /// Recorded before.
    pub created_before: Option<Timestamp>,
    /// After this settlement in the list's order: the last id of the page before.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

/// The right to work on one settlement, until it lapses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The settlement.
    pub id: Uuid,
    /// Rises with every lease of this settlement; a writer with an older one is refused.
    pub token: u64,
}

/// A settlement that a worker may work on.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The right to do so.
    pub lease: Lease,
    /// The settlement, as it stands.
    pub settlement: Settlement,
    /// How often in a row a worker's lease on it lapsed instead of being given back: a sign of poison.
    pub lapses: u32,
    /// What the store's clock showed when it was taken.
    pub at: Timestamp,
}

/// The large texts of a settlement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Material {
    /// The payload that was signed, verbatim.
    pub payload: Option<String>,
    /// The exact bytes that are sent.
    pub body: Option<Vec<u8>>,
}

/// Settlements.
#[async_trait]
pub trait SettlementStore: Send + Sync {
    /// Records a settlement unless its external id is recorded already, a limit stands against it, or it may be one that was
    /// recorded before under another id. Recordings of one enterprise wait for each other.
    async fn record_settlement(&self, new: NewSettlement) -> Result<Recorded, StoreError>;

    /// What [`SettlementStore::record_settlement`] would find against a settlement; `None` where it would record it. Nothing
    /// is written.
    async fn rehearse_settlement(&self, new: NewSettlement) -> Result<Option<Recorded>, StoreError>;

    /// What a caller had recorded of currencies in the 24 hours before `now`, each with its exact sum.
    async fn spent_of_day(
        &self,
        caller: &CallerId,
        currencies: Vec<Currency>,
        now: Timestamp,
    ) -> Result<BTreeMap<Currency, BigDecimal>, StoreError>;

    /// Reads a settlement by name.
    async fn settlement(&self, enterprise_id: &EnterpriseId, name: &SettlementName) -> Result<Option<Settlement>, StoreError>;

    /// Reads a settlement by its journal id.
    async fn settlement_by_id(&self, id: Uuid) -> Result<Option<Settlement>, StoreError>;

    /// Reads what was asked; [`StoreError::Archived`] once that has left the journal, [`StoreError::Damaged`] when nothing is
    /// recorded under this id.
    async fn intent(&self, id: Uuid) -> Result<Intent, StoreError>;

    /// Reads the large texts, as far as there are any yet, or any more.
    async fn material(&self, id: Uuid) -> Result<Material, StoreError>;

    /// Reads the timeline, oldest first; at most `limit` newest entries.
    async fn timeline(&self, id: Uuid, limit: u32) -> Result<Vec<TimelineEntry>, StoreError>;

    /// Lists settlements, newest first.
    async fn list(&self, query: &ListQuery) -> Result<Vec<Settlement>, StoreError>;

    /// Leases a settlement that is due and that nobody holds: what is under way goes before what the venue has already and is
    /// only looked at (PENDING, AWAITING_FUNDS, COMPLETED), and of each the longest due goes first. Settlements of the enterprises in
    /// `pass_over`, a few at most, stay where they are. `now` decides what is due; leases run on the store's clock. One whose
    /// lease lapsed is due, whatever its `due_at`; one that is finished never is.
    async fn claim_due(
        &self,
        now: Timestamp,
        lease_for: Duration,
        pass_over: &[EnterpriseId],
    ) -> Result<Option<Claim>, StoreError>;

    /// Leases one settlement, due or not, unless somebody holds it or there is none.
    async fn claim(&self, id: Uuid, lease_for: Duration) -> Result<Option<Claim>, StoreError>;

    /// Saves a change: `after` is the settlement with the change applied, whose sequence must follow the stored one.
    /// `due_at`: when the engine should look again; `None` for never. `keep_lease` makes the lease last that long from now,
    /// otherwise it is given back. A lease that has lapsed may still save until somebody else takes it.
    async fn save(
        &self,
        lease: &Lease,
        change: &Change,
        after: &Settlement,
        due_at: Option<Timestamp>,
        keep_lease: Option<Duration>,
    ) -> Result<(), StoreError>;

    /// Gives a lease back without a change.
    async fn release(&self, lease: &Lease, due_at: Option<Timestamp>) -> Result<(), StoreError>;

    /// When the next settlement falls due, where a held one does when its lease ends; `None` when none will. Those of the
    /// enterprises in `pass_over` do not count.
    async fn next_due(&self, pass_over: &[EnterpriseId]) -> Result<Option<Timestamp>, StoreError>;

    /// What the clock shows on which leases run.
    async fn clock(&self) -> Result<Timestamp, StoreError>;
}

/// Budgets of calls to venues, each under one name for all who share a credential.
#[async_trait]
pub trait BudgetStore: Send + Sync {
    /// Draws one call from a budget, on the store's clock. All replicas over one store draw from the same.
    async fn draw(&self, purse: &str, budget: CallBudget, urgency: Urgency) -> Result<Drawn, StoreError>;
}

/// The whole journal.
#[async_trait]
pub trait Store:
    BudgetStore
    + SettlementStore
    + FollowingStore
    + ForeignStore
    + QuoteStore
    + ErrandStore
    + InboxStore
    + TradeStore
    + SigningJournal
    + HeadStore
    + AdoptionStore
    + EventStore
    + ArchiveStore
    + AuditStore
    + CensusStore
{
    /// Waits for the work that is under way and closes the database. Later calls answer [`StoreError::Unavailable`].
    async fn close(&self) -> Result<(), StoreError>;
}
