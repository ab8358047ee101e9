//! SettlementService's reads of what the venue keeps.

use tonic::transport::Channel;

use super::super::recipes::{CONNECTIONS, V1_ENTERPRISE, V2_ENTERPRISE};
use super::{TourError, hold, print};
use crate::grpc::pb::settlement_service_client::SettlementServiceClient;
use crate::grpc::pb::{
    GetBalancesRequest, ListClientSettlementTransfersRequest, ListClientSettlementsRequest, ListConnectionsRequest,
    ListDisputesRequest, ListSettlementTransfersRequest, list_settlement_transfers_request,
};
use crate::sandbox::EXAMPLE_SETTLEMENT_ID;

type Client = SettlementServiceClient<Channel>;

pub(super) async fn tour(channel: Channel, run: &str) -> Result<(), TourError> {
    let mut client = SettlementServiceClient::new(channel);
    as_partner(&mut client, run).await?;
    as_client(&mut client).await
}

async fn as_partner(client: &mut Client, run: &str) -> Result<(), TourError> {
    let enterprise_id = V1_ENTERPRISE.to_owned();
    let name = Some(list_settlement_transfers_request::Name::ExternalId(format!("{run}-v1")));
    let request = ListSettlementTransfersRequest { enterprise_id: enterprise_id.clone(), name, ..Default::default() };
    print::request("SettlementService/ListSettlementTransfers", "what the first settlement moved", &request);
    let answer = client.list_settlement_transfers(request).await?.into_inner();
    print::answer(&answer);
    hold(answer.settlement_transfers.len() == 4, "each leg should be a transfer")?;

    let request = ListDisputesRequest { enterprise_id: V2_ENTERPRISE.to_owned(), with_retracted: true, ..Default::default() };
    print::request("SettlementService/ListDisputes", "what clients disputed", &request);
    print::answer(&client.list_disputes(request).await?.into_inner());

    let request = ListConnectionsRequest { enterprise_id: enterprise_id.clone(), active: Some(true), ..Default::default() };
    print::request("SettlementService/ListConnections", "those that can be used", &request);
    let answer = client.list_connections(request).await?.into_inner();
    print::answer(&answer);
    let is_there = |id: &&str| answer.connections.iter().any(|connection| connection.id == **id);
    hold(CONNECTIONS.iter().all(is_there), "the settlement's connections should be there")?;

    let currencies = vec!["BTC".to_owned()];
    let request = GetBalancesRequest { enterprise_id, currencies, ..Default::default() };
    print::request("SettlementService/GetBalances", "in BTC", &request);
    let answer = client.get_balances(request).await?.into_inner();
    print::answer(&answer);
    hold(answer.own_balance_told && answer.balances.len() > 1, "the partner and its connections should have balances")
}

async fn as_client(client: &mut Client) -> Result<(), TourError> {
    let enterprise_id = V1_ENTERPRISE.to_owned();
    let settlement_ids = vec![EXAMPLE_SETTLEMENT_ID.to_owned()];
    let request = ListClientSettlementsRequest {
        enterprise_id: enterprise_id.clone(),
        settlement_ids: settlement_ids.clone(),
        ..Default::default()
    };
    print::request("SettlementService/ListClientSettlements", "the one of seed 001", &request);
    let answer = client.list_client_settlements(request).await?.into_inner();
    print::answer(&answer);
    hold(answer.settlements.len() == 1, "it should be the one")?;

    let currencies = vec!["BTC".to_owned()];
    let request =
        ListClientSettlementTransfersRequest { enterprise_id, settlement_ids, currencies, page_size: 2, ..Default::default() };
    print::request("SettlementService/ListClientSettlementTransfers", "its transfers in BTC, two a page", &request);
    let answer = client.list_client_settlement_transfers(request).await?.into_inner();
    print::answer(&answer);
    hold(answer.settlement_transfers.len() == 2 && !answer.next_page_token.is_empty(), "the first page should be full")
}
