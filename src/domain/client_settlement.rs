//! A settlement as one of its clients sees it (seed 001).
//!
//! Other parties' names are masked by the venue and their ids may be missing;
//! what is missing and what is null are alike `None`. Words that this version
//! does not know stay as text.

use super::dispute::Dispute;
use super::ids::{Currency, EnterpriseId, SettlementId};
use super::settlement::VenueSettlement;
use super::transfer::Transfer;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettlementQuery {
    /// The client's enterprise.
    pub enterprise_id: EnterpriseId,
    /// The venue's settlement id.
    pub settlement_id: SettlementId,
    /// Only transfers in these currencies; empty for all.
    pub currencies: Vec<Currency>,
    /// Zero-based page of transfers.
    pub page_number: u32,
    /// Transfers on a page.
    pub page_size: u32,
}

/// One page of a client's settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettlement {
    /// The settlement.
    pub settlement: VenueSettlement,
    /// The page's transfers.
    pub transfers: Vec<Transfer>,
    /// Disputes that are settled with it: both ids of `settled_in` and closure are then there.
    pub settling_disputes: Vec<Dispute>,
    /// Disputes that were raised on it.
    pub settlement_disputes: Vec<Dispute>,
}
