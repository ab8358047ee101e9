//! `GET clients/settlements`: the settlements that an enterprise is a client of.

use reqwest::Method;

use super::query::Target;
use crate::domain::ids::SettlementId;
use crate::domain::network::ClientSettlementsQuery;
use crate::domain::settlement::VenueSettlement;
use crate::upstream::VenueFailure;
use crate::upstream::bitgo::client::Client;
use crate::upstream::bitgo::{map, wire};

/// One page.
pub(super) async fn read(client: &Client, query: &ClientSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure> {
    let url = Target::new(client, &query.enterprise_id, &["clients", "settlements"])?
        .each("settlementIds", query.settlement_ids.iter().map(SettlementId::as_str))
        .each("statuses", query.statuses.iter().map(|status| status.as_str()))
        .flag("onlyShowDisputed", query.only_disputed.then_some(true))
        .page(query.page)?;
    let list: wire::SettlementList = client.read(Method::GET, url, None).await?;
    Ok(map::settlements(list)?)
}
