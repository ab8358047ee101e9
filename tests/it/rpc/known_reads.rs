//! Every RPC that reads events, or reads from the Go Network, by its name.

use settlement_gateway::grpc::pb;
use settlement_gateway::grpc::pb::list_settlement_transfers_request::Name;
use tonic::Status;

use super::known::with_header;
use crate::support::gateway::GatewayUnderTest;

const READS: [&str; 8] = [
    "SettlementService/ListSettlementEvents",
    "SettlementService/WatchSettlementEvents",
    "SettlementService/ListSettlementTransfers",
    "SettlementService/ListClientSettlements",
    "SettlementService/ListClientSettlementTransfers",
    "SettlementService/ListDisputes",
    "SettlementService/ListConnections",
    "SettlementService/GetBalances",
];

/// Whether an RPC is called here.
pub(super) fn is_read(rpc: &str) -> bool {
    READS.contains(&rpc)
}

/// Calls an RPC about an enterprise; what it answers matters not.
pub(super) async fn call_reads(
    gateway: &GatewayUnderTest,
    rpc: &str,
    authorization: Option<&str>,
    enterprise: &str,
) -> Result<(), Status> {
    let mut client = gateway.settlements().await;
    let enterprise_id = enterprise.to_owned();
    match rpc {
        "SettlementService/ListSettlementEvents" => {
            let request = pb::ListSettlementEventsRequest { enterprise_id, ..Default::default() };
            client.list_settlement_events(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/WatchSettlementEvents" => {
            let request = pb::WatchSettlementEventsRequest { enterprise_id, ..Default::default() };
            client.watch_settlement_events(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/ListSettlementTransfers" => {
            let request = pb::ListSettlementTransfersRequest {
                enterprise_id,
                name: Some(Name::ExternalId("x".to_owned())),
                ..Default::default()
            };
            client.list_settlement_transfers(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/ListClientSettlements" => {
            let request = pb::ListClientSettlementsRequest { enterprise_id, ..Default::default() };
            client.list_client_settlements(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/ListClientSettlementTransfers" => {
            let request = pb::ListClientSettlementTransfersRequest { enterprise_id, ..Default::default() };
            client.list_client_settlement_transfers(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/ListDisputes" => {
            let request = pb::ListDisputesRequest { enterprise_id, ..Default::default() };
            client.list_disputes(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/ListConnections" => {
            let request = pb::ListConnectionsRequest { enterprise_id, ..Default::default() };
            client.list_connections(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/GetBalances" => {
            let request = pb::GetBalancesRequest { enterprise_id, ..Default::default() };
            client.get_balances(with_header(authorization, request)).await.map(drop)
        }
        other => panic!("{other} is not among {READS:?}"),
    }
}
