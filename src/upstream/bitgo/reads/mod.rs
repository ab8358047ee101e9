//! What is read of the Go Network beside one settlement's fate, a file a read.
//!
//! Each answers one page as it was asked for, and each may be repeated. That a
//! list was filtered as asked is not believed here: who acts on an entry looks
//! at its ids.

mod client_settlements;
mod client_transfers;
mod connections;
mod disputes;
mod partner_settlement;
mod partner_settlements;
mod partner_terms;
mod query;

use async_trait::async_trait;

use super::BitGo;
use crate::domain::dispute::Dispute;
use crate::domain::ids::EnterpriseId;
use crate::domain::network::{
    ClientSettlementsQuery, ClientTransfersQuery, Connection, ConnectionQuery, DisputeQuery, PartnerSettlement,
    PartnerSettlementQuery, PartnerSettlementsQuery, PartnerTerms,
};
use crate::domain::settlement::VenueSettlement;
use crate::domain::transfer::Transfer;
use crate::upstream::{NetworkReads, VenueFailure};

#[async_trait]
impl NetworkReads for BitGo {
    async fn partner_settlements(&self, query: &PartnerSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure> {
        partner_settlements::read(&self.client, query).await
    }

    async fn partner_settlement(&self, query: &PartnerSettlementQuery) -> Result<Option<PartnerSettlement>, VenueFailure> {
        partner_settlement::read(&self.client, query).await
    }

    async fn disputes(&self, query: &DisputeQuery) -> Result<Vec<Dispute>, VenueFailure> {
        disputes::read(&self.client, query).await
    }

    async fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>, VenueFailure> {
        connections::read(&self.client, query).await
    }

    async fn partner_terms(&self, enterprise_id: &EnterpriseId) -> Result<Option<PartnerTerms>, VenueFailure> {
        partner_terms::read(&self.client, enterprise_id).await
    }

    async fn client_settlements(&self, query: &ClientSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure> {
        client_settlements::read(&self.client, query).await
    }

    async fn client_transfers(&self, query: &ClientTransfersQuery) -> Result<Vec<Transfer>, VenueFailure> {
        client_transfers::read(&self.client, query).await
    }
}
