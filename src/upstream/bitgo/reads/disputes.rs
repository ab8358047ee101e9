//! `GET partners/settlement/disputes` (the venue writes `settlement`): disputes that clients raised.

use reqwest::Method;
use serde::Deserialize;

use super::query::Target;
use crate::domain::dispute::Dispute;
use crate::domain::ids::{ConnectionId, SettlementId};
use crate::domain::network::DisputeQuery;
use crate::upstream::VenueFailure;
use crate::upstream::bitgo::client::Client;
use crate::upstream::bitgo::{map, wire};
use crate::upstream::unmapped::Unmapped;

#[derive(Deserialize)]
struct DisputeList {
    disputes: Option<Vec<wire::Dispute>>,
}

/// One page.
pub(super) async fn read(client: &Client, query: &DisputeQuery) -> Result<Vec<Dispute>, VenueFailure> {
    let url = Target::new(client, &query.enterprise_id, &["partners", "settlement", "disputes"])?
        .each("settlementIds", query.settlement_ids.iter().map(SettlementId::as_str))
        .each("settledInSettlementIds", query.settled_in_settlement_ids.iter().map(SettlementId::as_str))
        .each("connectionIds", query.connection_ids.iter().map(ConnectionId::as_str))
        .flag("closed", query.closed)
        .flag("showRetracted", query.with_retracted.then_some(true))
        .page(query.page)?;
    let list: DisputeList = client.read(Method::GET, url, None).await?;
    let found = list.disputes.ok_or(Unmapped("disputes"))?;
    Ok(map::disputes(Some(found))?)
}
