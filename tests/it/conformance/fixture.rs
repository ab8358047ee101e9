//! A fresh store, and the few steps that most cases begin with.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::settlement::{Change, Settlement};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::domain::time::Clock;
use settlement_gateway::store::{Claim, Lease, NewSettlement, Recorded, Store};

use crate::support::builders::{intent, new_settlement, start};
use crate::support::clock::ManualClock;

/// How long a lease lasts in these tests.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// A store that nobody else uses.
pub(crate) struct Fixture {
    /// The store.
    pub(super) store: Arc<dyn Store>,
    /// What its leases run on.
    pub(super) clock: Arc<ManualClock>,
    /// What must live as long as the store: its folder, its server.
    _ground: Box<dyn Any + Send + Sync>,
}

impl Fixture {
    /// A fixture over a fresh store. `ground` is dropped after the store: its folder, its server.
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<ManualClock>, ground: Box<dyn Any + Send + Sync>) -> Self {
        Self { store, clock, _ground: ground }
    }

    /// The store's present instant.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Records what must be new.
    pub(super) async fn record(&self, new: NewSettlement) -> Settlement {
        match self.store.record_settlement(new).await.unwrap() {
            Recorded::New(settlement) => *settlement,
            other => panic!("not new: {other:?}"),
        }
    }

    /// Records a plain settlement.
    pub(super) async fn plain(&self, external_id: &str) -> Settlement {
        self.record(new_settlement(intent(external_id))).await
    }

    /// Claims what must be free.
    pub(super) async fn claim(&self, settlement: &Settlement) -> Claim {
        self.store.claim(settlement.id, LEASE).await.unwrap().unwrap()
    }

    /// Claims what is due now, if anything is.
    pub(super) async fn due(&self) -> Option<Claim> {
        self.store.claim_due(self.now(), LEASE, &[]).await.unwrap()
    }

    /// Saves a change, due now, and keeps the lease.
    pub(super) async fn change(&self, lease: &Lease, settlement: &Settlement, change: &Change) -> Settlement {
        let after = settlement.after(change, self.now()).unwrap();
        self.store.save(lease, change, &after, Some(self.now()), Some(LEASE)).await.unwrap();
        after
    }

    /// What is stored.
    pub(super) async fn stored(&self, settlement: &Settlement) -> Settlement {
        self.store.settlement_by_id(settlement.id).await.unwrap().unwrap()
    }
}

/// Takes a settlement to SIGNED, so that everything that is fixed for ever is stored.
pub(crate) async fn signed(store: &dyn Store) {
    let new = new_settlement(intent("e-1"));
    let id = new.id;
    store.record_settlement(new).await.unwrap();
    let Claim { lease, mut settlement, .. } = store.claim(id, LEASE).await.unwrap().unwrap();
    let signature = Signature::from_bytes([1; 65]);
    for change in [Change::Prepared { payload: "{}".to_owned() }, Change::Signed { signature, body: vec![1] }] {
        settlement = settlement.after(&change, start()).unwrap();
        store.save(&lease, &change, &settlement, None, Some(LEASE)).await.unwrap();
    }
}
