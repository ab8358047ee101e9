//! The journal behind a wire on which calls are delayed, lost, answered never or too late: the part of the store that
//! settlements need. What the engine never calls is in `absent.rs`.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bigdecimal::BigDecimal;
use jiff::Timestamp;
use settlement_gateway::domain::anchor::{Head, Link};
use settlement_gateway::domain::audit::AuditEntry;
use settlement_gateway::domain::ids::{CallerId, Currency, EnterpriseId};
use settlement_gateway::domain::settlement::{AdoptedSettlement, Change, Intent, Settlement, Standing, TimelineEntry};
use settlement_gateway::domain::signing::{
    JournalError, PayloadDigest, Reservation, Signature, SignatureRecord, SigningJournal, SigningReference,
};
use settlement_gateway::domain::time::Clock;
use settlement_gateway::domain::trade::TradeWrite;
use settlement_gateway::store::{
    AdoptionStore, Claim, DetailsMark, FollowingStore, HeadStore, Lease, ListQuery, Material, NewSettlement, Recorded,
    SettlementName, SettlementStore, Store, StoreError,
};
use tokio::time::sleep;
use uuid::Uuid;

use super::invariants;
use super::journal::{Journal, Row, Save};
use super::world::{Process, World};

/// How many commits are remembered for stale reads.
const REMEMBERED: usize = 4;

/// One process's connection to the journal.
#[derive(Clone)]
pub(crate) struct StoreWire {
    pub(crate) world: Arc<World>,
    pub(crate) process: Arc<Process>,
    /// The furthest that the process has seen anchored.
    floor: Arc<Mutex<Option<Head>>>,
}

/// What becomes of a write on its way.
enum Fate {
    Answered,
    Lost,
    Ambiguous,
    Late(Duration),
}

pub(super) fn unavailable() -> StoreError {
    StoreError::Unavailable(Box::new(io::Error::from(io::ErrorKind::ConnectionReset)))
}

impl StoreWire {
    pub(crate) fn new(world: &Arc<World>, process: &Arc<Process>) -> Self {
        Self { world: Arc::clone(world), process: Arc::clone(process), floor: Arc::default() }
    }

    /// What a transaction does first that records or signs: it looks whether the journal has what this process has seen anchored.
    fn floor_holds(&self) -> impl FnOnce(&Journal) -> Result<(), StoreError> + Send + 'static {
        let floor = *self.floor.lock().unwrap();
        move |journal| floor.map_or(Ok(()), |floor| journal.head().reaches(&floor)).map_err(StoreError::Adrift)
    }

    fn is_cut(&self) -> bool {
        self.process.store_cut.load(Ordering::SeqCst) || self.world.weather.store_down.load(Ordering::SeqCst)
    }

    /// The way to the journal: the process must run, and the wire be whole.
    async fn reach(&self) -> Result<(), StoreError> {
        self.process.runs().await;
        sleep(self.world.dice.millis(0, 4)).await;
        if !self.is_cut() {
            return Ok(());
        }
        sleep(self.world.dice.millis(1, 3_000)).await;
        self.process.runs().await;
        Err(unavailable())
    }

    /// The way back, on which an answer may be lost.
    async fn come_back(&self) -> Result<(), StoreError> {
        sleep(self.world.dice.millis(0, 4)).await;
        self.process.runs().await;
        if self.is_cut() { Err(unavailable()) } else { Ok(()) }
    }

    fn fate(&self) -> Fate {
        let (rates, dice) = (self.world.weather.rates(), &self.world.dice);
        match dice.between(0, 999) {
            n if n < rates.lost => Fate::Lost,
            n if n < rates.lost + rates.ambiguous => Fate::Ambiguous,
            n if n < rates.lost + rates.ambiguous + rates.late => Fate::Late(dice.millis(10, 120_000)),
            _ => Fate::Answered,
        }
    }

    /// Runs work in a transaction that ends whoever stops waiting, as the real store does.
    async fn write<T, W>(&self, what: String, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Journal, Timestamp) -> Result<T, StoreError> + Send + 'static,
    {
        let wire = self.clone();
        tokio::spawn(async move { wire.transaction(&what, work).await }).await.map_err(|_| unavailable())?
    }

    async fn transaction<T, W>(self, what: &str, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Journal, Timestamp) -> Result<T, StoreError> + Send + 'static,
    {
        self.reach().await?;
        let what = format!("{} {what}", self.process.name);
        match self.fate() {
            Fate::Lost => {
                self.world.history.note(format!("{what}: lost"));
                self.come_back().await?;
                Err(unavailable())
            }
            Fate::Ambiguous => {
                let _ = self.commit(&format!("{what}: unanswered"), work);
                self.come_back().await?;
                Err(unavailable())
            }
            Fate::Late(wait) => {
                let (wire, server) = (self.clone(), self.world.server());
                tokio::spawn(async move {
                    sleep(wait).await;
                    // A server that is gone took with it what was not committed.
                    if wire.world.server() != server {
                        return;
                    }
                    let _ = wire.commit(&format!("{what}: late"), work);
                });
                self.come_back().await?;
                Err(unavailable())
            }
            Fate::Answered => {
                let answer = self.commit(&what, work);
                self.come_back().await?;
                answer
            }
        }
    }

    /// The commit itself: at one instant, and looked at by those who watch the invariants.
    fn commit<T>(
        &self,
        what: &str,
        work: impl FnOnce(&mut Journal, Timestamp) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let world = &self.world;
        let mut journal = world.journal.lock().unwrap();
        let before = Arc::new(journal.clone());
        let answer = work(&mut journal, world.time.now());
        match &answer {
            Ok(_) => {
                world.history.note(what);
                if before.head().sequence < journal.head().sequence {
                    world.standbys.lock().unwrap().push(Arc::clone(&before));
                }
                let mut past = world.past.lock().unwrap();
                past.push(before);
                let surplus = past.len().saturating_sub(REMEMBERED);
                past.drain(..surplus);
            }
            Err(error) => world.history.note(format!("{what}: {error}")),
        }
        invariants::after_commit(world, &mut journal);
        answer
    }

    async fn read<T>(&self, work: impl FnOnce(&Journal) -> T) -> Result<T, StoreError> {
        self.reach().await?;
        let (rates, dice) = (self.world.weather.rates(), &self.world.dice);
        if dice.chance(rates.lost) {
            self.come_back().await?;
            return Err(unavailable());
        }
        let stale = if dice.chance(rates.stale) { self.world.past.lock().unwrap().first().cloned() } else { None };
        let answer = match stale {
            Some(stale) => work(&stale),
            None => work(&self.world.journal.lock().unwrap()),
        };
        self.come_back().await?;
        Ok(answer)
    }

    async fn row<T>(&self, id: Uuid, work: impl FnOnce(&Row) -> T) -> Result<Option<T>, StoreError> {
        self.read(|journal| journal.row(id).map(work)).await
    }
}

fn nothing_recorded() -> StoreError {
    StoreError::Damaged("nothing is recorded under this id".to_owned())
}

#[async_trait]
impl SettlementStore for StoreWire {
    /// The id is drawn anew, so that the same seed gives the same ids, and with them the same waits.
    async fn record_settlement(&self, mut new: NewSettlement) -> Result<Recorded, StoreError> {
        let dice = &self.world.dice;
        new.id = Uuid::from_u64_pair(dice.between(0, u64::MAX - 1), dice.between(0, u64::MAX - 1));
        let what = format!("records {}", new.intent.asked.external_id);
        let floor_holds = self.floor_holds();
        let record = move |journal: &mut Journal, _| match journal.existing(&new) {
            Some(existing) => Ok(existing),
            None => floor_holds(journal).map(|()| journal.record(new)),
        };
        self.write(what, record).await
    }

    async fn rehearse_settlement(&self, _: NewSettlement) -> Result<Option<Recorded>, StoreError> {
        Ok(None)
    }

    async fn spent_of_day(
        &self,
        _: &CallerId,
        _: Vec<Currency>,
        _: Timestamp,
    ) -> Result<BTreeMap<Currency, BigDecimal>, StoreError> {
        Ok(BTreeMap::new())
    }

    async fn settlement(&self, enterprise_id: &EnterpriseId, name: &SettlementName) -> Result<Option<Settlement>, StoreError> {
        self.read(|journal| journal.named(enterprise_id, name).map(|row| row.settlement.clone())).await
    }

    async fn settlement_by_id(&self, id: Uuid) -> Result<Option<Settlement>, StoreError> {
        self.row(id, |row| row.settlement.clone()).await
    }

    async fn intent(&self, id: Uuid) -> Result<Intent, StoreError> {
        self.row(id, |row| row.intent.clone()).await?.ok_or_else(nothing_recorded)
    }

    async fn material(&self, id: Uuid) -> Result<Material, StoreError> {
        Ok(self.row(id, |row| row.material.clone()).await?.unwrap_or_default())
    }

    async fn timeline(&self, id: Uuid, limit: u32) -> Result<Vec<TimelineEntry>, StoreError> {
        let newest = |row: &Row| {
            let first = row.timeline.len().saturating_sub(usize::try_from(limit).unwrap());
            row.timeline[first..].to_vec()
        };
        Ok(self.row(id, newest).await?.unwrap_or_default())
    }

    async fn list(&self, _: &ListQuery) -> Result<Vec<Settlement>, StoreError> {
        Err(unavailable())
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease_for: Duration,
        pass_over: &[EnterpriseId],
    ) -> Result<Option<Claim>, StoreError> {
        let pass_over = pass_over.to_vec();
        self.write("looks for work".to_owned(), move |journal, clock| Ok(journal.claim_due(clock, now, lease_for, &pass_over)))
            .await
    }

    async fn claim(&self, id: Uuid, lease_for: Duration) -> Result<Option<Claim>, StoreError> {
        self.write(format!("claims {id}"), move |journal, clock| Ok(journal.claim(clock, id, lease_for))).await
    }

    async fn save(
        &self,
        lease: &Lease,
        change: &Change,
        after: &Settlement,
        due_at: Option<Timestamp>,
        keep_lease: Option<Duration>,
    ) -> Result<(), StoreError> {
        let progress = &after.progress;
        let what =
            format!("saves {} {} {} as {}", after.header.external_id, progress.sequence, change.name(), progress.state.as_str());
        let save = Save { lease: lease.clone(), change: change.clone(), after: after.clone(), due_at, keep_lease };
        let floor_holds = self.floor_holds();
        let saves = move |journal: &mut Journal, clock| {
            if save.change.is_anchored() {
                floor_holds(journal)?;
            }
            journal.save(clock, save)
        };
        self.write(what, saves).await
    }

    async fn release(&self, lease: &Lease, due_at: Option<Timestamp>) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(format!("releases {}", lease.id), move |journal, _| journal.release(&lease, due_at)).await
    }

    async fn next_due(&self, pass_over: &[EnterpriseId]) -> Result<Option<Timestamp>, StoreError> {
        self.read(|journal| journal.next_due(pass_over)).await
    }

    async fn clock(&self) -> Result<Timestamp, StoreError> {
        self.read(|_| self.world.time.now()).await
    }
}

#[async_trait]
impl FollowingStore for StoreWire {
    async fn claim_followed(
        &self,
        enterprise_id: &EnterpriseId,
        due_by: Timestamp,
        lease_for: Duration,
        limit: u32,
    ) -> Result<Vec<Claim>, StoreError> {
        let enterprise = enterprise_id.clone();
        self.write("gathers a batch".to_owned(), move |journal, clock| {
            Ok(journal.claim_followed(clock, &enterprise, due_by, lease_for, limit))
        })
        .await
    }

    async fn prolong(&self, lease: &Lease, lease_for: Duration) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(format!("prolongs {}", lease.id), move |journal, clock| journal.prolong(clock, &lease, lease_for)).await
    }

    async fn standing(&self, id: Uuid) -> Result<Option<Standing>, StoreError> {
        Ok(self.row(id, |row| row.standing.as_ref().map(|(standing, _)| standing.clone())).await?.flatten())
    }

    async fn details_mark(&self, id: Uuid) -> Result<Option<DetailsMark>, StoreError> {
        Ok(self.row(id, |row| row.standing.as_ref().map(|(_, mark)| *mark)).await?.flatten())
    }

    async fn open_settlements(&self, _: &EnterpriseId, _: u32) -> Result<Vec<Settlement>, StoreError> {
        Err(unavailable())
    }

    async fn completed_since(&self, id: Uuid) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.row(id, Row::completed_since).await?.flatten())
    }

    async fn release_looked(&self, lease: &Lease, due_at: Timestamp, mark: DetailsMark) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(format!("gives {} back", lease.id), move |journal, _| journal.release_looked(&lease, due_at, mark)).await
    }
}

#[async_trait]
impl SigningJournal for StoreWire {
    async fn reserve(&self, reference: &SigningReference, digest: PayloadDigest) -> Result<Reservation, JournalError> {
        let what = format!("reserves {}", reference.to_text());
        let reference = reference.clone();
        let floor_holds = self.floor_holds();
        let reserve = move |journal: &mut Journal, _| floor_holds(journal).map(|()| journal.reserve(&reference, digest));
        let reserved = self.write(what, reserve).await;
        reserved.map_err(|error| JournalError(Box::new(error)))
    }

    async fn record(
        &self,
        reference: &SigningReference,
        digest: PayloadDigest,
        signature: Signature,
    ) -> Result<SignatureRecord, JournalError> {
        let what = format!("signs {}", reference.to_text());
        let reference = reference.clone();
        let floor_holds = self.floor_holds();
        let sign = move |journal: &mut Journal, clock| {
            floor_holds(journal)?;
            journal.sign(clock, &reference, digest, signature).ok_or_else(unavailable)
        };
        self.write(what, sign).await.map_err(|error| JournalError(Box::new(error)))
    }
}

#[async_trait]
impl HeadStore for StoreWire {
    async fn head(&self) -> Result<Head, StoreError> {
        self.read(Journal::head).await
    }

    async fn link_at(&self, sequence: u64) -> Result<Option<Link>, StoreError> {
        self.read(|journal| journal.link_at(sequence)).await
    }

    async fn begin_epoch(&self, from: &Head, epoch: u64, _: Option<AuditEntry>) -> Result<bool, StoreError> {
        let from = *from;
        self.write(format!("begins epoch {epoch}"), move |journal, _| Ok(journal.begin_epoch(&from, epoch))).await
    }

    fn hold_to(&self, floor: Head) {
        *self.floor.lock().unwrap() = Some(floor);
    }
}

#[async_trait]
impl AdoptionStore for StoreWire {
    async fn adopt(&self, settlements: &[AdoptedSettlement]) -> Result<Vec<AdoptedSettlement>, StoreError> {
        let found = settlements.to_vec();
        self.write("adopts".to_owned(), move |journal, _| Ok(journal.adopt(found))).await
    }

    async fn unfinished(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Settlement>, StoreError> {
        self.read(|journal| journal.unfinished(after, limit)).await
    }

    async fn unfinished_trades(&self, _: Option<Uuid>, _: u32) -> Result<Vec<TradeWrite>, StoreError> {
        Ok(Vec::new())
    }

    async fn undecided_confirmations(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(Journal::last_recorded_at).await
    }
}

#[async_trait]
impl Store for StoreWire {
    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
