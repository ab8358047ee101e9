//! `GET partners/connections`: how clients are connected to the partner.

use reqwest::Method;
use serde::Deserialize;

use super::query::Target;
use crate::domain::ids::ConnectionId;
use crate::domain::network::{Connection, ConnectionQuery};
use crate::upstream::VenueFailure;
use crate::upstream::bitgo::client::Client;
use crate::upstream::json::instant;
use crate::upstream::unmapped::{Unmapped, required};

#[derive(Deserialize)]
struct ConnectionList {
    connections: Option<Vec<Wire>>,
}

/// A connection. Its proof and nonce are nobody's business here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: Option<String>,
    name: Option<String>,
    client_id: Option<String>,
    partner_id: Option<String>,
    network_account_id: Option<String>,
    active: Option<bool>,
    initialized: Option<bool>,
    partners_connection_id: Option<String>,
    partners_client_id: Option<String>,
    policy_result: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

/// One page.
pub(super) async fn read(client: &Client, query: &ConnectionQuery) -> Result<Vec<Connection>, VenueFailure> {
    let url = Target::new(client, &query.enterprise_id, &["partners", "connections"])?
        .each("connectionIds", query.connection_ids.iter().map(ConnectionId::as_str))
        .flag("active", query.active)
        .page(query.page)?;
    let list: ConnectionList = client.read(Method::GET, url, None).await?;
    let found = list.connections.ok_or(Unmapped("connections"))?;
    Ok(found.into_iter().map(connection).collect::<Result<_, _>>()?)
}

/// The ids must be there: by them a transfer is laid to a connection. One that does not say that it is active is not.
fn connection(wire: Wire) -> Result<Connection, Unmapped> {
    Ok(Connection {
        id: required(wire.id, "connections.id")?,
        name: wire.name.unwrap_or_default(),
        client_id: wire.client_id.unwrap_or_default(),
        partner_id: wire.partner_id.unwrap_or_default(),
        network_account_id: required(wire.network_account_id, "connections.networkAccountId")?,
        active: wire.active.unwrap_or_default(),
        initialized: wire.initialized,
        partners_connection_id: wire.partners_connection_id,
        partners_client_id: wire.partners_client_id,
        policy_result: wire.policy_result,
        created_at: instant(wire.created_at.as_deref()),
        updated_at: instant(wire.updated_at.as_deref()),
    })
}
