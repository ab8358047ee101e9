//! The store itself: each method is one transaction, run to its end whoever stops waiting.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bigdecimal::BigDecimal;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use metrics::histogram;
use uuid::Uuid;

use super::driver::{Driver, Mode};
use super::error::{is_conflict, unavailable};
use super::heads::Floor;
use super::session::Session;
use super::{claims, events, intents, record, save, settlements, spend};
use crate::domain::ids::{CallerId, Currency, EnterpriseId};
use crate::domain::settlement::{Change, Intent, Settlement, TimelineEntry};
use crate::kill_points::{KillPoint, reached_in};
use crate::store::{
    Claim, Lease, ListQuery, Material, NewSettlement, Recorded, SettlementName, SettlementStore, Store, StoreError,
};

/// How often a transaction is tried that the database cannot order among others.
const MAX_ATTEMPTS: u32 = 10;
/// The wait before it is tried again; it grows by as much with each try.
const RETRY_STEP_MS: u64 = 3;

/// What is done in one transaction, with what it is done: both are used again when the database asks for it.
type Work<I, T> = for<'w> fn(&'w mut Session, &'w I) -> BoxFuture<'w, Result<T, StoreError>>;

/// The journal in a SQL database.
pub struct SqlStore<D> {
    pub(in crate::store) driver: D,
    /// What the journal must reach for anything to be signed or dispatched.
    pub(in crate::store) floor: Floor,
}

impl<D> fmt::Debug for SqlStore<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").finish_non_exhaustive()
    }
}

impl<D: Driver> SqlStore<D> {
    /// Runs work in a task of its own and waits for it. Who stops waiting stops nothing: a transaction that was begun ends.
    pub(in crate::store) async fn run<I, T>(&self, mode: Mode, input: I, work: Work<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let driver = self.driver.clone();
        tokio::spawn(async move { until_ordered(&driver, mode, &input, work).await }).await.map_err(unavailable)?
    }

    pub(super) async fn read<I, T>(&self, input: I, work: Work<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.run(Mode::Read, input, work).await
    }

    pub(super) async fn write<I, T>(&self, input: I, work: Work<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.run(Mode::Write, input, work).await
    }
}

/// Tries a transaction until the database can order it among others: the only place where one is repeated.
async fn until_ordered<D, I, T>(driver: &D, mode: Mode, input: &I, work: Work<I, T>) -> Result<T, StoreError>
where
    D: Driver,
    I: Sync,
{
    let mut attempt = 1;
    loop {
        match once(driver, mode, input, work).await {
            Err(error) if attempt < MAX_ATTEMPTS && is_conflict(&error) => {
                tokio::time::sleep(Duration::from_millis(RETRY_STEP_MS * u64::from(attempt))).await;
                attempt += 1;
            }
            ended => return ended,
        }
    }
}

async fn once<D, I, T>(driver: &D, mode: Mode, input: &I, work: Work<I, T>) -> Result<T, StoreError>
where
    D: Driver,
    I: Sync,
{
    let mut session = driver.begin(mode).await?;
    let done = match work(&mut session, input).await {
        Ok(answer) => {
            reached_in(KillPoint::InsideCommit, type_name::<I>());
            let committed = committed(session, mode).await;
            reached_in(KillPoint::InsideCommitReturned, type_name::<I>());
            committed.map(|()| answer)
        }
        Err(error) => {
            session.abandon().await;
            Err(error)
        }
    };
    done.inspect_err(|error| driver.heard(error))
}

/// Commits, and times a commit that makes something durable.
async fn committed(session: Session, mode: Mode) -> Result<(), StoreError> {
    let began = Instant::now();
    let committed = session.commit().await;
    if matches!(mode, Mode::Write) {
        histogram!("settlement_gateway_journal_commit_duration_seconds").record(began.elapsed());
    }
    committed
}

#[async_trait]
impl<D: Driver> Store for SqlStore<D> {
    async fn close(&self) -> Result<(), StoreError> {
        self.driver.close().await
    }
}

#[async_trait]
impl<D: Driver> SettlementStore for SqlStore<D> {
    async fn record_settlement(&self, new: NewSettlement) -> Result<Recorded, StoreError> {
        let new = record::Recording::of(new)?.held_to(self.floor.now());
        self.write(new, |on, new| Box::pin(record::record(on, new))).await
    }

    async fn rehearse_settlement(&self, new: NewSettlement) -> Result<Option<Recorded>, StoreError> {
        self.write(record::Recording::of(new)?, |on, new| Box::pin(record::rehearse(on, new))).await
    }

    async fn spent_of_day(
        &self,
        caller: &CallerId,
        currencies: Vec<Currency>,
        now: Timestamp,
    ) -> Result<BTreeMap<Currency, BigDecimal>, StoreError> {
        let day = (caller.clone(), currencies, now);
        self.read(day, |on, (caller, currencies, now)| Box::pin(spend::of_day(on, caller, currencies, *now))).await
    }

    async fn settlement(&self, enterprise_id: &EnterpriseId, name: &SettlementName) -> Result<Option<Settlement>, StoreError> {
        let named = (enterprise_id.clone(), name.clone());
        self.read(named, |on, (enterprise, name)| Box::pin(settlements::by_name(on, enterprise, name))).await
    }

    async fn settlement_by_id(&self, id: Uuid) -> Result<Option<Settlement>, StoreError> {
        self.read(id, |on, id| Box::pin(settlements::by_id(on, *id))).await
    }

    async fn intent(&self, id: Uuid) -> Result<Intent, StoreError> {
        self.read(id, |on, id| Box::pin(intents::read(on, *id))).await
    }

    async fn material(&self, id: Uuid) -> Result<Material, StoreError> {
        self.read(id, |on, id| Box::pin(settlements::material(on, *id))).await
    }

    async fn timeline(&self, id: Uuid, limit: u32) -> Result<Vec<TimelineEntry>, StoreError> {
        self.read((id, limit), |on, (id, limit)| Box::pin(events::timeline(on, *id, *limit))).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<Settlement>, StoreError> {
        self.read(query.clone(), |on, query| Box::pin(settlements::list(on, query))).await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease_for: Duration,
        pass_over: &[EnterpriseId],
    ) -> Result<Option<Claim>, StoreError> {
        let turn = claims::Turn { now, lease_for, pass_over: pass_over.to_vec() };
        self.write(turn, |on, turn| Box::pin(claims::claim_due(on, turn))).await?
    }

    async fn claim(&self, id: Uuid, lease_for: Duration) -> Result<Option<Claim>, StoreError> {
        self.write((id, lease_for), |on, (id, lease_for)| Box::pin(claims::claim(on, *id, *lease_for))).await
    }

    async fn save(
        &self,
        lease: &Lease,
        change: &Change,
        after: &Settlement,
        due_at: Option<Timestamp>,
        keep_lease: Option<Duration>,
    ) -> Result<(), StoreError> {
        let save = save::Save {
            lease: lease.clone(),
            change: change.clone(),
            after: after.clone(),
            due_at,
            keep_lease,
            floor: self.floor.now(),
        };
        self.write(save, |on, save| Box::pin(save::save(on, save))).await
    }

    async fn release(&self, lease: &Lease, due_at: Option<Timestamp>) -> Result<(), StoreError> {
        self.write((lease.clone(), due_at), |on, (lease, due_at)| Box::pin(claims::release(on, lease, *due_at))).await
    }

    async fn next_due(&self, pass_over: &[EnterpriseId]) -> Result<Option<Timestamp>, StoreError> {
        self.read(pass_over.to_vec(), |on, pass_over| Box::pin(claims::next_due(on, pass_over))).await
    }

    async fn clock(&self) -> Result<Timestamp, StoreError> {
        self.read((), |on, ()| Box::pin(on.now())).await
    }
}
