//! SettlementService's reads of what the venue keeps.

use tonic::{Request, Status};

use super::SettlementApi;
use crate::grpc::convert::{
    balances, client_settlement, client_settlements, client_transfers, connections, disputes, settlement_transfers,
};
use crate::grpc::pb;
use crate::grpc::status::About;
use crate::service::{
    get_balances, get_client_settlement, list_client_settlement_transfers, list_client_settlements, list_connections,
    list_disputes, list_settlement_transfers,
};

impl SettlementApi {
    pub(super) async fn client_settlement(
        &self,
        request: &Request<pb::GetClientSettlementRequest>,
    ) -> Result<pb::GetClientSettlementResponse, Status> {
        let about = About::call("SettlementService/GetClientSettlement").venue_lacks(pb::ErrorReason::ClientSettlementNotFound);
        let call = self.open(request, about)?;
        let query = call.converted(client_settlement::request(request.get_ref()))?;
        let answer = call.read(get_client_settlement(&self.context, call.caller(), &query)).await?;
        Ok(client_settlement::response(answer, &query))
    }

    pub(super) async fn settlement_transfers(
        &self,
        request: &Request<pb::ListSettlementTransfersRequest>,
    ) -> Result<pb::ListSettlementTransfersResponse, Status> {
        let call = self.open(request, About::call("SettlementService/ListSettlementTransfers"))?;
        let asked = call.converted(settlement_transfers::request(request.get_ref()))?;
        let found = call.read(list_settlement_transfers(&self.context, call.caller(), &asked.query)).await?;
        Ok(settlement_transfers::response(found, &asked.page))
    }

    pub(super) async fn client_settlements(
        &self,
        request: &Request<pb::ListClientSettlementsRequest>,
    ) -> Result<pb::ListClientSettlementsResponse, Status> {
        let call = self.open(request, About::call("SettlementService/ListClientSettlements"))?;
        let asked = call.converted(client_settlements::request(request.get_ref()))?;
        let found = call.read(list_client_settlements(&self.context, call.caller(), &asked.query)).await?;
        Ok(client_settlements::response(found, &asked.page))
    }

    pub(super) async fn client_transfers(
        &self,
        request: &Request<pb::ListClientSettlementTransfersRequest>,
    ) -> Result<pb::ListClientSettlementTransfersResponse, Status> {
        let call = self.open(request, About::call("SettlementService/ListClientSettlementTransfers"))?;
        let asked = call.converted(client_transfers::request(request.get_ref()))?;
        let found = call.read(list_client_settlement_transfers(&self.context, call.caller(), &asked.query)).await?;
        Ok(client_transfers::response(found, &asked.page))
    }

    pub(super) async fn disputes(&self, request: &Request<pb::ListDisputesRequest>) -> Result<pb::ListDisputesResponse, Status> {
        let call = self.open(request, About::call("SettlementService/ListDisputes"))?;
        let asked = call.converted(disputes::request(request.get_ref()))?;
        let found = call.read(list_disputes(&self.context, call.caller(), &asked.query)).await?;
        Ok(disputes::response(found, &asked.page))
    }

    pub(super) async fn connections(
        &self,
        request: &Request<pb::ListConnectionsRequest>,
    ) -> Result<pb::ListConnectionsResponse, Status> {
        let call = self.open(request, About::call("SettlementService/ListConnections"))?;
        let asked = call.converted(connections::request(request.get_ref()))?;
        let found = call.read(list_connections(&self.context, call.caller(), &asked.query)).await?;
        Ok(connections::response(found, &asked.page))
    }

    pub(super) async fn balances(&self, request: &Request<pb::GetBalancesRequest>) -> Result<pb::GetBalancesResponse, Status> {
        let call = self.open(request, About::call("SettlementService/GetBalances"))?;
        let query = call.converted(balances::request(request.get_ref()))?;
        Ok(balances::response(call.read(get_balances(&self.context, call.caller(), &query)).await?))
    }
}
