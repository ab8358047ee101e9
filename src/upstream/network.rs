//! BitGo's Go Network, as the service sees it.

use async_trait::async_trait;

use super::VenueFailure;
use crate::domain::budget::Urgency;
use crate::domain::client_settlement::{ClientSettlement, ClientSettlementQuery};
use crate::domain::dispute::Dispute;
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::network::{
    ClientSettlementsQuery, ClientTransfersQuery, Connection, ConnectionQuery, DisputeQuery, PartnerSettlement,
    PartnerSettlementQuery, PartnerSettlementsQuery, PartnerTerms,
};
use crate::domain::settlement::{DispatchAnswer, Intent, NetworkBalance, Route, VenueSettlement};
use crate::domain::signing::Signature;
use crate::domain::transfer::Transfer;

/// One enterprise's access to BitGo's Go Network, under its own credential.
#[async_trait]
pub trait GoNetwork: Send + Sync {
    /// Asks for the text to sign (seed 000, step 1). A read: it may be repeated. A preview only looks.
    async fn signing_payload(&self, intent: &Intent, urgency: Urgency) -> Result<String, VenueFailure>;

    /// The exact bytes of the settlement's post (seed 000, step 2). They are stored before they are first sent.
    fn settlement_body(&self, intent: &Intent, payload: &str, signature: &Signature) -> Vec<u8>;

    /// Posts stored bytes, once: this call never repeats itself.
    async fn post_settlement(&self, enterprise_id: &EnterpriseId, route: Route, body: &[u8]) -> DispatchAnswer;

    /// Reads the partner's settlement by its external id; `None` when the venue shows none.
    async fn find_settlement(
        &self,
        enterprise_id: &EnterpriseId,
        external_id: &ExternalId,
    ) -> Result<Option<VenueSettlement>, VenueFailure>;

    /// Reads what each connection of the partner has available (`networkBalances`), all pages, and the partner itself
    /// (`balances`) where the venue tells.
    async fn network_balances(&self, enterprise_id: &EnterpriseId) -> Result<Vec<NetworkBalance>, VenueFailure>;

    /// Reads one page of a client's settlement (seed 001).
    async fn client_settlement(&self, query: &ClientSettlementQuery) -> Result<ClientSettlement, VenueFailure>;

    /// Reads the credential again from where it is kept, after the venue refused it. `true` when it changed.
    fn reload_credential(&self) -> bool;
}

/// What one enterprise can read of the Go Network beside its own settlements' fate: for callers, for reconciliation and for
/// checks before a settlement goes out. Everything here may be repeated.
#[async_trait]
pub trait NetworkReads: Send + Sync {
    /// Lists the partner's settlements, one page.
    async fn partner_settlements(&self, query: &PartnerSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure>;

    /// Reads one of the partner's settlements with a page of its transfers; `None` when the venue knows none of this id.
    async fn partner_settlement(&self, query: &PartnerSettlementQuery) -> Result<Option<PartnerSettlement>, VenueFailure>;

    /// Lists disputes of the partner's settlements, one page.
    async fn disputes(&self, query: &DisputeQuery) -> Result<Vec<Dispute>, VenueFailure>;

    /// Lists clients' connections to the partner, one page.
    async fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>, VenueFailure>;

    /// Reads the enterprise's own terms as a partner; `None` where the venue knows it as none.
    async fn partner_terms(&self, enterprise_id: &EnterpriseId) -> Result<Option<PartnerTerms>, VenueFailure>;

    /// Lists settlements as a client of them, one page.
    async fn client_settlements(&self, query: &ClientSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure>;

    /// Lists transfers as a client, one page.
    async fn client_transfers(&self, query: &ClientTransfersQuery) -> Result<Vec<Transfer>, VenueFailure>;
}
