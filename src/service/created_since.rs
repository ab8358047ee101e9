//! Everything that the venue created under an enterprise's name from an instant on.

use jiff::Timestamp;

use super::directory::Enterprise;
use super::pages::all_pages;
use super::renewing::renewing;
use crate::domain::network::{Page, PartnerSettlementsQuery};
use crate::domain::settlement::VenueSettlement;
use crate::upstream::VenueFailure;

/// Settlements that are asked for at once.
pub(super) const PAGE_SIZE: u32 = 200;
/// The most pages of one list: more than anybody settles in years. With more it is a failure, since a part of it would be
/// taken for the whole.
const MAX_PAGES: u32 = 500;

/// Reads the whole list; without an instant, all that there is.
pub(super) async fn created_since(
    enterprise: &Enterprise,
    from: Option<Timestamp>,
) -> Result<Vec<VenueSettlement>, VenueFailure> {
    let read = async |number| {
        let query = PartnerSettlementsQuery {
            enterprise_id: enterprise.id.clone(),
            external_ids: Vec::new(),
            settlement_ids: Vec::new(),
            created_from: from,
            created_before: None,
            updated_from: None,
            page: Page { number, size: PAGE_SIZE },
        };
        renewing(enterprise.venue.as_ref(), || enterprise.reads.partner_settlements(&query)).await
    };
    all_pages("the settlements", MAX_PAGES, |one: &VenueSettlement| &one.settlement_id, read).await
}
