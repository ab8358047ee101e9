//! What enterprises read from the Go Network beside one client's settlement:
//! connections, a partner's terms, and the lists of settlements, transfers and
//! disputes. What is missing and what is null are alike `None`.

use jiff::Timestamp;

use super::dispute::Dispute;
use super::ids::{ConnectionId, Currency, EnterpriseId, ExternalId, SettlementId};
use super::settlement::{Route, VenueSettlement, VenueStatus};
use super::transfer::{Transfer, TransferStatus};

/// Which page of a list. The venue tells no total: a page shorter than asked is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Zero-based.
    pub number: u32,
    /// The most entries on it.
    pub size: u32,
}

/// A client's connection to the partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// `id`: what settlement amounts name.
    pub id: String,
    /// `name`
    pub name: String,
    /// `clientId`
    pub client_id: String,
    /// `partnerId`
    pub partner_id: String,
    /// `networkAccountId`: what transfers name.
    pub network_account_id: String,
    /// `active`
    pub active: bool,
    /// `initialized`
    pub initialized: Option<bool>,
    /// `partnersConnectionId`: the partner's own name for the connection.
    pub partners_connection_id: Option<String>,
    /// `partnersClientId`: the partner's own name for the client.
    pub partners_client_id: Option<String>,
    /// `policyResult`, as sent: `approved` or `rejected`.
    pub policy_result: Option<String>,
    /// `createdAt`
    pub created_at: Option<Timestamp>,
    /// `updatedAt`
    pub updated_at: Option<Timestamp>,
}

/// A partner's terms at the venue, as far as settlements depend on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerTerms {
    /// `id`
    pub partner_id: String,
    /// `enterpriseId`
    pub enterprise_id: String,
    /// `name`
    pub name: String,
    /// `active`
    pub active: Option<bool>,
    /// `broker`: whether its settlements are broker-shaped.
    pub broker: Option<bool>,
    /// `clientDisputeWindowMinutes`; `None` where disputes are off.
    pub client_dispute_window_minutes: Option<u32>,
    /// `topUpWindowMinutes`
    pub top_up_window_minutes: Option<u32>,
}

impl PartnerTerms {
    /// The only route that the venue takes under these terms: without a dispute window it answers v2 not at all, and with one
    /// it answers v1 with 403 (seed 000).
    #[must_use]
    pub fn route(&self) -> Route {
        if self.client_dispute_window_minutes.is_some() { Route::V2 } else { Route::V1 }
    }
}

/// Which connections to read; empty lists stand for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionQuery {
    /// The partner's enterprise.
    pub enterprise_id: EnterpriseId,
    /// Only these connections.
    pub connection_ids: Vec<ConnectionId>,
    /// Only active ones, or only others; `None` for both.
    pub active: Option<bool>,
    /// Which page.
    pub page: Page,
}

/// Which of a partner's settlements to list; empty lists stand for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerSettlementsQuery {
    /// The partner's enterprise.
    pub enterprise_id: EnterpriseId,
    /// Only these.
    pub external_ids: Vec<ExternalId>,
    /// Only these.
    pub settlement_ids: Vec<SettlementId>,
    /// Created at or after.
    pub created_from: Option<Timestamp>,
    /// Created before.
    pub created_before: Option<Timestamp>,
    /// Updated at or after.
    pub updated_from: Option<Timestamp>,
    /// Which page.
    pub page: Page,
}

/// Which page of which of the partner's settlements to read in detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerSettlementQuery {
    /// The partner's enterprise.
    pub enterprise_id: EnterpriseId,
    /// The venue's id of the settlement.
    pub settlement_id: SettlementId,
    /// Only transfers in these currencies; empty for all.
    pub currencies: Vec<Currency>,
    /// Which page of its transfers.
    pub page: Page,
}

/// One page of a settlement as its partner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerSettlement {
    /// The settlement.
    pub settlement: VenueSettlement,
    /// The page's transfers.
    pub transfers: Vec<Transfer>,
    /// Disputes of earlier settlements that are settled with it.
    pub settling_disputes: Vec<Dispute>,
    /// Disputes that were raised on it.
    pub settlement_disputes: Vec<Dispute>,
}

/// Which disputes of a partner's settlements to list; empty lists stand for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeQuery {
    /// The partner's enterprise.
    pub enterprise_id: EnterpriseId,
    /// Only those raised on these settlements.
    pub settlement_ids: Vec<SettlementId>,
    /// Only those settled in these settlements.
    pub settled_in_settlement_ids: Vec<SettlementId>,
    /// Only those of these connections.
    pub connection_ids: Vec<ConnectionId>,
    /// Only closed ones, or only open ones; `None` for both.
    pub closed: Option<bool>,
    /// Retracted ones too.
    pub with_retracted: bool,
    /// Which page.
    pub page: Page,
}

/// Which settlements to list as a client; empty lists stand for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettlementsQuery {
    /// The client's enterprise.
    pub enterprise_id: EnterpriseId,
    /// Only these.
    pub settlement_ids: Vec<SettlementId>,
    /// Only those in these states.
    pub statuses: Vec<VenueStatus>,
    /// Only those that a dispute was raised on.
    pub only_disputed: bool,
    /// Which page.
    pub page: Page,
}

/// Which transfers to list as a client; empty lists stand for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTransfersQuery {
    /// The client's enterprise.
    pub enterprise_id: EnterpriseId,
    /// Only those of these settlements.
    pub settlement_ids: Vec<SettlementId>,
    /// Only those in these currencies.
    pub currencies: Vec<Currency>,
    /// Only those in these states.
    pub statuses: Vec<TransferStatus>,
    /// Only those of settlements in these states.
    pub settlement_statuses: Vec<VenueStatus>,
    /// Only those of settlements that were updated at or after.
    pub settlement_updated_from: Option<Timestamp>,
    /// Only those of settlements that were updated before.
    pub settlement_updated_before: Option<Timestamp>,
    /// Which page.
    pub page: Page,
}
