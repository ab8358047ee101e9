//! The inbox: what venues called to tell, stored before they are answered.
//!
//! A delivery is a hint. What it says is kept for whoever asks later; what is
//! true is read from the venue. The errand of its lane is enlisted in the same
//! transaction, so that a delivery that was answered is acted on, whatever
//! happens to the process.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{ErrandLease, StoreError};
use crate::domain::ids::{EnterpriseId, MerchantId, TxId};
use crate::domain::settlement::names;

/// What a delivery is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Settlements of these enterprises; `names` are the ids that the call holds, the caller's or the venue's.
    Settlements {
        /// Whose.
        enterprises: Vec<EnterpriseId>,
        /// Which, as far as it says.
        names: Vec<String>,
    },
    /// A merchant's quote.
    Quote {
        /// Whose.
        merchant_id: MerchantId,
        /// Which.
        tx_id: TxId,
    },
}

/// One authenticated call of a venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The journal's id for it; ids of later deliveries are greater.
    pub id: Uuid,
    /// The endpoint that it came in by: deliveries of one lane are acted on in their order.
    pub lane: String,
    /// What makes it one: in its lane, no other has the same.
    pub key: [u8; 32],
    /// What it is about.
    pub about: About,
    /// Its body, as it came.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

/// What became of a delivery that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is stored, and its lane's errand is due.
    New,
    /// It was stored before, byte for byte; nothing was written.
    Repeat,
    /// Its key belongs to another body; nothing was written.
    OtherBody,
}

/// What a delivery led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Something that it names is looked at.
    Named,
    /// It names nothing that is known: everything of its enterprises is looked at that the venue may have.
    Everything,
    /// What it names is in the hands of a worker for so long that its look was left to that worker.
    Held,
    /// Workers stopped in the middle of it again and again; nobody acts on it any more.
    SetAside,
}

names!(DeliveryOutcome {
    Named => "NAMED",
    Everything => "EVERYTHING",
    Held => "HELD",
    SetAside => "SET_ASIDE",
});

/// What became of making settlements due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hastened {
    /// So many are recorded under these names.
    pub known: u32,
    /// So many are due now: they were made so, or were before.
    pub due: u32,
    /// So many are in the hands of a worker.
    pub held: u32,
}

/// The inbox.
#[async_trait]
pub trait InboxStore: Send + Sync {
    /// Stores a delivery and makes its lane's errand due, unless it is stored already.
    async fn receive(&self, delivery: &Delivery) -> Result<Received, StoreError>;

    /// The deliveries of a lane that nobody has acted on yet, the oldest first. Where one cannot be read, that is the error, and
    /// it is set aside.
    async fn waiting_deliveries(&self, lane: &str, limit: u32) -> Result<Vec<Delivery>, StoreError>;

    /// Notes what a delivery led to, under the lane's errand.
    async fn close_delivery(
        &self,
        lease: &ErrandLease,
        id: Uuid,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets deliveries that were acted on before an instant, a few hundred at most; says how many.
    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Makes an enterprise's settlements due that have a name, the caller's or the venue's, and that the venue may have.
    async fn hasten_named(&self, enterprise_id: &EnterpriseId, name: &str, now: Timestamp) -> Result<Hastened, StoreError>;

    /// Makes all of an enterprise's settlements due that the venue may have; says how many were not.
    async fn hasten_all(&self, enterprise_id: &EnterpriseId, now: Timestamp) -> Result<u64, StoreError>;
}
