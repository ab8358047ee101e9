//! Every RPC that reads events, or reads from the Go Network, by its name.

use settlement_gateway::grpc::pb;
use tonic::Status;

use super::known::with_header;
use crate::support::gateway::GatewayUnderTest;

const READS: [&str; 2] = ["SettlementService/ListSettlementEvents", "SettlementService/WatchSettlementEvents"];

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
        other => panic!("{other} is not among {READS:?}"),
    }
}
