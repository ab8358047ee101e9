//! Everything that the venue shows of one settlement, page by page.

use std::collections::HashSet;

use super::look::{Look, Trouble};
use crate::domain::dispute::Dispute;
use crate::domain::ids::SettlementId;
use crate::domain::network::{Page, PartnerSettlement, PartnerSettlementQuery};
use crate::domain::settlement::{Details, Settlement, VenueSettlement};

/// Transfers that are asked for at once.
const PAGE_SIZE: u32 = 500;
/// The most pages that are read: more transfers than the largest settlement has, with as many again of disputes.
const MAX_PAGES: u32 = 120;

/// What was read.
pub(super) struct ReadDetails {
    /// The venue's settlement, as the pages showed it.
    pub(super) venue: VenueSettlement,
    /// What stands beside it.
    pub(super) details: Details,
}

impl Look<'_> {
    /// Reads all pages until one brings nothing new: a short page is not believed to be the last. A settlement that changes
    /// in between is read again another time.
    pub(super) async fn details(&mut self, settlement: &Settlement, shown: &VenueSettlement) -> Result<ReadDetails, Trouble> {
        let header = &settlement.header;
        let settlement_id =
            SettlementId::new(&*shown.settlement_id).map_err(|_| Trouble::unreadable("the settlement's id is none"))?;
        let mut seen = HashSet::new();
        let first = self.page(&settlement_id, 0).await?;
        if !first.settlement.is_for(&header.external_id, header.cutoff, header.notes.as_ref()) {
            return Err(Trouble::unreadable("another settlement than was asked for"));
        }
        let mut transfers = Vec::new();
        let mut page = first.transfers;
        for number in 1..=MAX_PAGES {
            let known = transfers.len();
            transfers.extend(page.into_iter().filter(|transfer| seen.insert(transfer.id.clone())));
            if transfers.len() == known {
                let details = Details {
                    transfers,
                    settling_disputes: in_order(first.settling_disputes),
                    settlement_disputes: in_order(first.settlement_disputes),
                };
                return Ok(ReadDetails { venue: first.settlement, details });
            }
            let next = self.page(&settlement_id, number).await?;
            if next.settlement != first.settlement {
                return Err(Trouble::unreadable("the settlement changed while it was read"));
            }
            page = next.transfers;
        }
        Err(Trouble::unreadable("the settlement has too many pages"))
    }

    async fn page(&mut self, settlement_id: &SettlementId, number: u32) -> Result<PartnerSettlement, Trouble> {
        let query = PartnerSettlementQuery {
            enterprise_id: self.enterprise.id.clone(),
            settlement_id: settlement_id.clone(),
            currencies: Vec::new(),
            page: Page { number, size: PAGE_SIZE },
        };
        let reads = self.enterprise.reads.as_ref();
        let page = self.call(|| reads.partner_settlement(&query)).await?;
        page.ok_or_else(|| Trouble::unreadable("the list shows the settlement and its details do not"))
    }
}

/// An order of our own: what the venue lists in another order is the same.
fn in_order(mut disputes: Vec<Dispute>) -> Vec<Dispute> {
    disputes.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    disputes
}
