//! `GET clients/settlementTransfers`: what settlements move for a client, across settlements.

use reqwest::Method;
use serde::Deserialize;

use super::query::Target;
use crate::domain::ids::{Currency, SettlementId};
use crate::domain::network::ClientTransfersQuery;
use crate::domain::transfer::Transfer;
use crate::upstream::VenueFailure;
use crate::upstream::bitgo::client::Client;
use crate::upstream::bitgo::{map, wire};
use crate::upstream::unmapped::Unmapped;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransferList {
    settlement_transfers: Option<Vec<wire::Transfer>>,
}

/// One page, by when their settlements last changed: pages of a list without an order could overlap.
pub(super) async fn read(client: &Client, query: &ClientTransfersQuery) -> Result<Vec<Transfer>, VenueFailure> {
    let url = Target::new(client, &query.enterprise_id, &["clients", "settlementTransfers"])?
        .each("settlementIds", query.settlement_ids.iter().map(SettlementId::as_str))
        .each("currencies", query.currencies.iter().map(Currency::as_str))
        .each("settlementTransferStatuses", query.statuses.iter().map(|status| status.as_str()))
        .each("settlementStatuses", query.settlement_statuses.iter().map(|status| status.as_str()))
        .instant("settlementUpdatedOnOrAfter", query.settlement_updated_from)
        .instant("settlementUpdatedBefore", query.settlement_updated_before)
        .each("sortField", ["updatedAt"])
        .each("sortDirection", ["ASC"])
        .page(query.page)?;
    let list: TransferList = client.read(Method::GET, url, None).await?;
    Ok(map::transfers(list.settlement_transfers.ok_or(Unmapped("settlementTransfers"))?)?)
}
