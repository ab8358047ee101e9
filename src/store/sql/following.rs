//! Several settlements of one enterprise at once, and leases that last longer.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::claims::{lease_end, release, set_aside};
use super::driver::Driver;
use super::events::sequence;
use super::row::Row;
use super::session::Session;
use super::statement::Statement;
use super::{SqlStore, events, rows, settlements, standings};
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{Settlement, Standing, State};
use crate::store::{Claim, DetailsMark, FollowingStore, Lease, StoreError};

/// Which settlements are asked for.
struct Wanted {
    enterprise_id: EnterpriseId,
    due_by: Timestamp,
    lease_for: Duration,
    limit: u32,
}

/// Leases what falls due. A row that cannot be read is set aside, so that it holds up none of the others.
async fn claim_followed(on: &mut Session, wanted: &Wanted) -> Result<Vec<Claim>, StoreError> {
    let clock = on.now().await?;
    let take = Statement::new(on.dialect().take_followed)
        .bind(wanted.enterprise_id.as_str())
        .bind(wanted.due_by)
        .bind(lease_end(clock, wanted.lease_for))
        .bind(wanted.limit);
    let mut claims = Vec::new();
    for row in on.rows(take).await? {
        let id: Uuid = row.plain("id")?;
        match claim(&row, id, clock) {
            Ok(claim) => claims.push(claim),
            Err(StoreError::Damaged(_)) => set_aside(on, id, clock).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(claims)
}

fn claim(row: &Row, id: Uuid, at: Timestamp) -> Result<Claim, StoreError> {
    let lease = Lease { id, token: row.count("lease_token")? };
    Ok(Claim { lease, settlement: rows::settlement(row)?, lapses: row.count("lapses")?, at })
}

async fn prolong(on: &mut Session, lease: &Lease, lease_for: Duration) -> Result<(), StoreError> {
    const PROLONG: &str = "UPDATE settlement SET lease_until = $3 WHERE id = $1 AND lease_token = $2 AND lease_until IS NOT NULL";
    let clock = on.now().await?;
    let prolong = Statement::new(PROLONG).bind(lease.id).bind(sequence(lease.token)?).bind(lease_end(clock, lease_for));
    if on.execute(prolong).await? == 0 { Err(StoreError::Fenced) } else { Ok(()) }
}

async fn release_looked(on: &mut Session, lease: &Lease, due_at: Timestamp, mark: DetailsMark) -> Result<(), StoreError> {
    release(on, lease, Some(due_at)).await?;
    standings::note(on, lease.id, mark).await
}

#[async_trait]
impl<D: Driver> FollowingStore for SqlStore<D> {
    async fn claim_followed(
        &self,
        enterprise_id: &EnterpriseId,
        due_by: Timestamp,
        lease_for: Duration,
        limit: u32,
    ) -> Result<Vec<Claim>, StoreError> {
        let wanted = Wanted { enterprise_id: enterprise_id.clone(), due_by, lease_for, limit };
        self.write(wanted, |on, wanted| Box::pin(claim_followed(on, wanted))).await
    }

    async fn prolong(&self, lease: &Lease, lease_for: Duration) -> Result<(), StoreError> {
        self.write((lease.clone(), lease_for), |on, (lease, lease_for)| Box::pin(prolong(on, lease, *lease_for))).await
    }

    async fn standing(&self, id: Uuid) -> Result<Option<Standing>, StoreError> {
        self.read(id, |on, id| Box::pin(standings::read(on, *id))).await
    }

    async fn details_mark(&self, id: Uuid) -> Result<Option<DetailsMark>, StoreError> {
        self.read(id, |on, id| Box::pin(standings::mark(on, *id))).await
    }

    async fn completed_since(&self, id: Uuid) -> Result<Option<Timestamp>, StoreError> {
        self.read(id, |on, id| Box::pin(events::first_at(on, *id, State::Completed))).await
    }

    async fn open_settlements(&self, enterprise_id: &EnterpriseId, limit: u32) -> Result<Vec<Settlement>, StoreError> {
        let asked = (enterprise_id.clone(), limit);
        self.read(asked, |on, (enterprise, limit)| Box::pin(settlements::open(on, enterprise, *limit))).await
    }

    async fn release_looked(&self, lease: &Lease, due_at: Timestamp, mark: DetailsMark) -> Result<(), StoreError> {
        let looked = (lease.clone(), due_at, mark);
        self.write(looked, |on, (lease, due_at, mark)| Box::pin(release_looked(on, lease, *due_at, *mark))).await
    }
}
