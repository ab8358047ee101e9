//! `GET partners/settlements`: the partner's settlements, whoever made them.

use reqwest::Method;

use super::query::Target;
use crate::domain::ids::{ExternalId, SettlementId};
use crate::domain::network::PartnerSettlementsQuery;
use crate::domain::settlement::VenueSettlement;
use crate::upstream::VenueFailure;
use crate::upstream::bitgo::client::Client;
use crate::upstream::bitgo::{map, wire};

/// One page.
pub(super) async fn read(client: &Client, query: &PartnerSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure> {
    let url = Target::new(client, &query.enterprise_id, &["partners", "settlements"])?
        .each("externalIds", query.external_ids.iter().map(ExternalId::as_str))
        .each("settlementIds", query.settlement_ids.iter().map(SettlementId::as_str))
        .instant("createdOnOrAfter", query.created_from)
        .instant("createdBefore", query.created_before)
        .instant("updatedOnOrAfter", query.updated_from)
        .page(query.page)?;
    let list: wire::SettlementList = client.read(Method::GET, url, None).await?;
    Ok(map::settlements(list)?)
}
