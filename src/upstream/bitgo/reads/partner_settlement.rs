//! `GET partners/settlements/{id}`: one settlement with its transfers and disputes.

use super::query::Target;
use crate::domain::budget::Urgency;
use crate::domain::ids::{Currency, same_id};
use crate::domain::network::{PartnerSettlement, PartnerSettlementQuery};
use crate::upstream::VenueFailure;
use crate::upstream::bitgo::client::Client;
use crate::upstream::bitgo::{map, wire};

/// A page of its transfers; `None` where the venue knows no such settlement.
pub(super) async fn read(client: &Client, query: &PartnerSettlementQuery) -> Result<Option<PartnerSettlement>, VenueFailure> {
    let url = Target::new(client, &query.enterprise_id, &["partners", "settlements", query.settlement_id.as_str()])?
        .each("currencies", query.currencies.iter().map(Currency::as_str))
        .page(query.page)?;
    let Some(answer) = client.read_if_known::<wire::SettlementDetail>(Urgency::Looking, url).await? else {
        return Ok(None);
    };
    let detail = map::settlement_detail(answer)?;
    if !same_id(&detail.settlement.settlement_id, query.settlement_id.as_str()) {
        return Err(VenueFailure::Unreadable { detail: "the answer is another settlement's".to_owned() });
    }
    Ok(Some(PartnerSettlement {
        settlement: detail.settlement,
        transfers: detail.transfers,
        settling_disputes: detail.settling_disputes,
        settlement_disputes: detail.settlement_disputes,
    }))
}
