//! ListConnections: its request, with the token that is bound to it, and its answer.

use super::limits::MAX_FILTER_IDS;
use super::time::to_proto;
use super::venue_page::{Asked, VenuePage};
use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::{ConnectionId, EnterpriseId};
use crate::domain::network::{Connection, ConnectionQuery};
use crate::grpc::page_token::Filter;
use crate::grpc::pb;

/// Reads a request for a page.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::ListConnectionsRequest) -> Result<Asked<ConnectionQuery>, InvalidRequest> {
    let pb::ListConnectionsRequest { enterprise_id, connection_ids, active, page_size, page_token } = request;
    let filter = Filter::of("SettlementService/ListConnections").text(enterprise_id).strings(connection_ids).flag(*active);
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", enterprise_id, EnterpriseId::new);
    violations.fits_a_url("connection_ids", &[connection_ids]);
    let connection_ids = violations.each("connection_ids", connection_ids, MAX_FILTER_IDS, ConnectionId::new);
    let page = VenuePage::read(&mut violations, filter, *page_size, page_token.as_deref());
    violations.finish(|| {
        let page = page?;
        let query =
            ConnectionQuery { enterprise_id: enterprise_id?, connection_ids: connection_ids?, active: *active, page: page.page };
        Some(Asked { query, page })
    })
}

/// The answer: a page, and the token of the next one.
#[must_use]
pub fn response(connections: Vec<Connection>, page: &VenuePage) -> pb::ListConnectionsResponse {
    pb::ListConnectionsResponse {
        next_page_token: page.next_page_token(connections.len()),
        connections: connections.into_iter().map(connection).collect(),
    }
}

fn connection(connection: Connection) -> pb::Connection {
    pb::Connection {
        id: connection.id,
        name: connection.name,
        client_id: connection.client_id,
        partner_id: connection.partner_id,
        network_account_id: connection.network_account_id,
        active: connection.active,
        initialized: connection.initialized,
        partners_connection_id: connection.partners_connection_id,
        partners_client_id: connection.partners_client_id,
        policy_result: connection.policy_result,
        created_at: connection.created_at.map(to_proto),
        updated_at: connection.updated_at.map(to_proto),
    }
}
