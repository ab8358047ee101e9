//! The journal in one SQLite file: for one process on one machine.
//!
//! One connection writes, so that every write begins with `BEGIN IMMEDIATE`
//! and none ever finds the database busy; a few others read. Commits are
//! synced to the disk (`synchronous=FULL`) before they are answered. A lock
//! file beside the database refuses a second process.
//!
//! Rows and their JSON never leave this folder.

mod claims;
mod database;
mod error;
mod events;
mod files;
mod intents;
mod migrate;
mod open;
mod quote_rows;
mod quotes;
mod record;
mod rows;
mod save;
mod settlements;
mod signing;
mod spend;
#[cfg(test)]
mod tests;
mod text;
mod venue_row;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use self::database::Database;
use self::files::LockFile;
use super::{Claim, Lease, ListQuery, Material, NewSettlement, Recorded, SettlementName, SettlementStore, StoreError};
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{Change, Intent, Settlement, TimelineEntry};

pub use open::{OpenError, SqliteOptions};

/// The journal in an SQLite file. Made by [`SqliteStore::open`], ended by [`SqliteStore::close`].
pub struct SqliteStore {
    database: Database,
    lock: LockFile,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl SettlementStore for SqliteStore {
    async fn record_settlement(&self, new: NewSettlement) -> Result<Recorded, StoreError> {
        self.database.in_task(|db| record::record(db, new)).await
    }

    async fn settlement(&self, enterprise_id: &EnterpriseId, name: &SettlementName) -> Result<Option<Settlement>, StoreError> {
        let (enterprise_id, name) = (enterprise_id.clone(), name.clone());
        self.database.in_task(|db| settlements::by_name(db, enterprise_id, name)).await
    }

    async fn settlement_by_id(&self, id: Uuid) -> Result<Option<Settlement>, StoreError> {
        self.database.in_task(move |db| settlements::by_id(db, id)).await
    }

    async fn intent(&self, id: Uuid) -> Result<Intent, StoreError> {
        self.database.in_task(move |db| intents::read(db, id)).await
    }

    async fn material(&self, id: Uuid) -> Result<Material, StoreError> {
        self.database.in_task(move |db| settlements::material(db, id)).await
    }

    async fn timeline(&self, id: Uuid, limit: u32) -> Result<Vec<TimelineEntry>, StoreError> {
        self.database.in_task(move |db| events::timeline(db, id, limit)).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<Settlement>, StoreError> {
        let query = query.clone();
        self.database.in_task(|db| settlements::list(db, query)).await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease_for: Duration,
        pass_over: &[EnterpriseId],
    ) -> Result<Option<Claim>, StoreError> {
        let pass_over = pass_over.to_vec();
        self.database.in_task(move |db| claims::claim_due(db, now, lease_for, pass_over)).await
    }

    async fn claim(&self, id: Uuid, lease_for: Duration) -> Result<Option<Claim>, StoreError> {
        self.database.in_task(move |db| claims::claim(db, id, lease_for)).await
    }

    async fn save(
        &self,
        lease: &Lease,
        change: &Change,
        after: &Settlement,
        due_at: Option<Timestamp>,
        keep_lease: Option<Duration>,
    ) -> Result<(), StoreError> {
        let save = save::Save { lease: lease.clone(), change: change.clone(), after: after.clone(), due_at, keep_lease };
        self.database.in_task(|db| save::save(db, save)).await
    }

    async fn release(&self, lease: &Lease, due_at: Option<Timestamp>) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.database.in_task(move |db| claims::release(db, lease, due_at)).await
    }

    async fn next_due(&self, pass_over: &[EnterpriseId]) -> Result<Option<Timestamp>, StoreError> {
        let pass_over = pass_over.to_vec();
        self.database.in_task(|db| claims::next_due(db, pass_over)).await
    }
}
