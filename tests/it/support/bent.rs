//! A venue whose reads are bent on their way to the engine: what no well-behaved simulation says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use settlement_gateway::domain::dispute::Dispute;
use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::domain::network::{
    ClientSettlementsQuery, ClientTransfersQuery, Connection, ConnectionQuery, DisputeQuery, PartnerSettlement,
    PartnerSettlementQuery, PartnerSettlementsQuery, PartnerTerms,
};
use settlement_gateway::domain::settlement::VenueSettlement;
use settlement_gateway::domain::transfer::Transfer;
use settlement_gateway::upstream::{NetworkReads, VenueFailure};

type Bend<T, R = T> = Mutex<Box<dyn FnMut(T) -> Result<R, VenueFailure> + Send>>;
type List = Vec<VenueSettlement>;

/// Reads that are bent, and counted.
pub(crate) struct Bent {
    inner: Arc<dyn NetworkReads>,
    list: Bend<(u32, List), List>,
    detail: Bend<Option<PartnerSettlement>>,
    /// How many lists of settlements were read.
    pub(crate) lists: AtomicU64,
    /// How many pages of details were read.
    pub(crate) details: AtomicU64,
}

impl Bent {
    /// Reads that are passed on as they are.
    pub(crate) fn around(inner: Arc<dyn NetworkReads>) -> Self {
        Self {
            inner,
            list: Mutex::new(Box::new(|(_, list)| Ok(list))),
            detail: Mutex::new(Box::new(Ok)),
            lists: AtomicU64::new(0),
            details: AtomicU64::new(0),
        }
    }

    /// Bends lists of settlements.
    pub(crate) fn bend_lists(&self, mut bend: impl FnMut(List) -> Result<List, VenueFailure> + Send + 'static) {
        self.bend_pages(move |_, list| bend(list));
    }

    /// The same by the page's number.
    pub(crate) fn bend_pages(&self, mut bend: impl FnMut(u32, List) -> Result<List, VenueFailure> + Send + 'static) {
        *self.list.lock().unwrap() = Box::new(move |(number, list)| bend(number, list));
    }

    /// Bends pages of details.
    pub(crate) fn bend_details(
        &self,
        bend: impl FnMut(Option<PartnerSettlement>) -> Result<Option<PartnerSettlement>, VenueFailure> + Send + 'static,
    ) {
        *self.detail.lock().unwrap() = Box::new(bend);
    }
}

#[async_trait]
impl NetworkReads for Bent {
    async fn partner_settlements(&self, query: &PartnerSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure> {
        self.lists.fetch_add(1, Ordering::SeqCst);
        let read = self.inner.partner_settlements(query).await?;
        (self.list.lock().unwrap())((query.page.number, read))
    }

    async fn partner_settlement(&self, query: &PartnerSettlementQuery) -> Result<Option<PartnerSettlement>, VenueFailure> {
        self.details.fetch_add(1, Ordering::SeqCst);
        let read = self.inner.partner_settlement(query).await?;
        (self.detail.lock().unwrap())(read)
    }

    async fn disputes(&self, query: &DisputeQuery) -> Result<Vec<Dispute>, VenueFailure> {
        self.inner.disputes(query).await
    }

    async fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>, VenueFailure> {
        self.inner.connections(query).await
    }

    async fn partner_terms(&self, enterprise_id: &EnterpriseId) -> Result<Option<PartnerTerms>, VenueFailure> {
        self.inner.partner_terms(enterprise_id).await
    }

    async fn client_settlements(&self, query: &ClientSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure> {
        self.inner.client_settlements(query).await
    }

    async fn client_transfers(&self, query: &ClientTransfersQuery) -> Result<Vec<Transfer>, VenueFailure> {
        self.inner.client_transfers(query).await
    }
}
