//! Reads of what the venue keeps: each takes up a credential that was exchanged.

use settlement_gateway::domain::client_settlement::ClientSettlementQuery;
use settlement_gateway::domain::ids::{EnterpriseId, SettlementId};
use settlement_gateway::domain::network::{ClientSettlementsQuery, ClientTransfersQuery, ConnectionQuery, DisputeQuery, Page};
use settlement_gateway::service::{
    BalancesQuery, Context, NotFound, ServiceError, SettlementTransfersQuery, get_balances, get_client_settlement,
    list_client_settlement_transfers, list_client_settlements, list_connections, list_disputes, list_settlement_transfers,
};
use settlement_gateway::store::SettlementName;
use settlement_gateway::upstream::VenueFailure;

use super::previews::{with_token_file, write};
use crate::support::world::{V1, World, caller};

const PAGE: Page = Page { number: 0, size: 10 };
const READS: usize = 7;

/// What each read of the enterprise answers, less what it answers with.
async fn read(context: &Context, which: usize) -> Result<(), ServiceError> {
    let enterprise_id = EnterpriseId::new(V1).unwrap();
    let settlement_id = SettlementId::new("3f0f5b0a-0000-4000-8000-000000000000").unwrap();
    let (settlement_ids, connection_ids, currencies) = (Vec::new(), Vec::new(), Vec::new());
    match which {
        0 => {
            let query = ConnectionQuery { enterprise_id, connection_ids, active: None, page: PAGE };
            list_connections(context, &caller(), &query).await.map(drop)
        }
        1 => {
            let settled_in_settlement_ids = Vec::new();
            let (closed, with_retracted) = (None, false);
            let query = DisputeQuery {
                enterprise_id,
                settlement_ids,
                settled_in_settlement_ids,
                connection_ids,
                closed,
                with_retracted,
                page: PAGE,
            };
            list_disputes(context, &caller(), &query).await.map(drop)
        }
        2 => {
            let query =
                ClientSettlementsQuery { enterprise_id, settlement_ids, statuses: vec![], only_disputed: false, page: PAGE };
            list_client_settlements(context, &caller(), &query).await.map(drop)
        }
        3 => {
            let query = ClientTransfersQuery {
                enterprise_id,
                settlement_ids,
                currencies,
                statuses: vec![],
                settlement_statuses: vec![],
                settlement_updated_from: None,
                settlement_updated_before: None,
                page: PAGE,
            };
            list_client_settlement_transfers(context, &caller(), &query).await.map(drop)
        }
        4 => {
            let name = SettlementName::Venue(settlement_id);
            let query = SettlementTransfersQuery { enterprise_id, name, currencies, page: PAGE };
            list_settlement_transfers(context, &caller(), &query).await.map(drop)
        }
        5 => {
            let query = BalancesQuery { enterprise_id, connection_ids, currencies };
            get_balances(context, &caller(), &query).await.map(drop)
        }
        _ => {
            let query = ClientSettlementQuery { enterprise_id, settlement_id, currencies, page_number: 0, page_size: 10 };
            get_client_settlement(context, &caller(), &query).await.map(drop)
        }
    }
}

#[tokio::test]
async fn every_read_takes_a_credential_that_was_exchanged_once() {
    let world = World::new().await;
    let path = world.folder.path().join("token");
    for which in 0..READS {
        write(&path, "token-ent-v0");
        let context = with_token_file(&world, &path);
        let refused = read(&context, which).await;
        let is_refused = matches!(refused, Err(ServiceError::Venue { failure: VenueFailure::Refused { status: 401, .. }, .. }));
        assert!(is_refused, "{which}: {refused:?}");
        write(&path, "token-ent-v1");
        let answered = read(&context, which).await;
        let unknown = NotFound::SettlementAtVenue;
        let fine = match which {
            4 => matches!(answered, Err(ServiceError::NotFound(what)) if what == unknown),
            6 => matches!(answered, Err(ServiceError::NotFound(NotFound::ClientSettlement))),
            _ => answered.is_ok(),
        };
        assert!(fine, "{which}: {answered:?}");
    }
}
