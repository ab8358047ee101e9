//! A gateway that serves, and the calls that are made to it.

use std::net::SocketAddr;

use prost_types::Timestamp;
use settlement_gateway::grpc::pb::settlement_service_client::SettlementServiceClient;
use settlement_gateway::grpc::pb::{
    GetSettlementRequest, InitiateSettlementRequest, Settlement, SettlementAmount, SettlementState, WatchSettlementRequest,
    get_settlement_request, watch_settlement_request,
};
use settlement_gateway::sandbox::EXAMPLE_CONNECTIONS;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use super::support::{PATIENCE, Process, until};
use crate::support::world::V2;

/// A process that serves.
pub(super) struct Gateway {
    pub(super) process: Process,
    pub(super) grpc: SocketAddr,
    pub(super) ops: SocketAddr,
}

impl Gateway {
    /// Waits until the process tells its addresses.
    pub(super) async fn of(mut process: Process, grpc: &str, ops: &str) -> Self {
        let grpc = process.address_after(grpc).await;
        let ops = process.word_after(ops).await;
        let ops = ops.trim_start_matches("http://").parse().unwrap();
        Self { process, grpc, ops }
    }

    /// The same of a process that may die before it tells them.
    pub(super) async fn of_unless_dead(mut process: Process, grpc: &str, ops: &str) -> Option<Self> {
        let grpc = process.word_after_unless_ended(grpc).await?.parse().unwrap();
        let ops = process.word_after_unless_ended(ops).await?;
        let ops = ops.trim_start_matches("http://").parse().unwrap();
        Some(Self { process, grpc, ops })
    }

    pub(super) fn client(&self) -> SettlementServiceClient<Channel> {
        SettlementServiceClient::new(channel(self.grpc))
    }

    pub(super) async fn initiate(&self, enterprise: &str, external_id: &str) -> Result<Settlement, Status> {
        initiate(self.grpc, enterprise, external_id).await
    }

    /// Asks for a settlement and does not wait for the answer, which may never come.
    pub(super) fn initiate_and_go(&self, enterprise: &str, external_id: &str) {
        let (mut client, request) = (self.client(), request(enterprise, external_id));
        tokio::spawn(async move { client.initiate_settlement(request).await });
    }

    /// The settlement as it is stored, if it is.
    pub(super) async fn stored(&self, enterprise: &str, external_id: &str) -> Option<Settlement> {
        let name = Some(get_settlement_request::Name::ExternalId(external_id.to_owned()));
        let get = GetSettlementRequest { enterprise_id: enterprise.to_owned(), name };
        match self.client().get_settlement(get).await {
            Ok(answer) => Some(answer.into_inner().settlement.unwrap()),
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => panic!("{status:?}"),
        }
    }

    /// Waits for the settlement's end.
    pub(super) async fn finished(&self, enterprise: &str, external_id: &str) -> Settlement {
        until("the settlement is at its end", async || {
            self.stored(enterprise, external_id).await.filter(|settlement| settlement.terminal)
        })
        .await
    }

    /// Waits until nothing more is to be done for the settlement; what waits for a person would be waited for in vain.
    pub(super) async fn reconciled(&self, enterprise: &str, external_id: &str) -> Settlement {
        until("the settlement is reconciled", async || {
            let stored = self.stored(enterprise, external_id).await?;
            assert_ne!(stored.state(), SettlementState::NeedsOperator, "{stored:?}");
            stored.reconciliation.is_some().then_some(stored)
        })
        .await
    }

    /// Watches a settlement from its beginning.
    pub(super) async fn watch(
        &self,
        enterprise: &str,
        external_id: &str,
    ) -> tonic::Streaming<settlement_gateway::grpc::pb::WatchSettlementResponse> {
        let name = Some(watch_settlement_request::Name::ExternalId(external_id.to_owned()));
        let watch = WatchSettlementRequest { enterprise_id: enterprise.to_owned(), name, after_sequence: 0 };
        self.client().watch_settlement(watch).await.unwrap().into_inner()
    }

    /// What a path of the ops listener answers.
    pub(super) async fn ops(&self, path: &str) -> String {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("http://{}{path}", self.ops)).send().await.unwrap().text().await.unwrap()
    }
}

/// A connection that is made at the first call.
pub(super) fn channel(grpc: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{grpc}")).unwrap().timeout(PATIENCE).connect_lazy()
}

pub(super) async fn initiate(grpc: SocketAddr, enterprise: &str, external_id: &str) -> Result<Settlement, Status> {
    let mut client = SettlementServiceClient::new(channel(grpc));
    let answer = client.initiate_settlement(request(enterprise, external_id)).await?;
    Ok(answer.into_inner().settlement.unwrap())
}

/// The partner pays 1 BTC and is owed 2 ETH; the same every time for the same names.
pub(super) fn request(enterprise: &str, external_id: &str) -> InitiateSettlementRequest {
    let leg = |(connection, currency, amount): (&str, &str, &str)| SettlementAmount {
        connection_id: connection.to_owned(),
        currency: currency.to_owned(),
        amount: amount.to_owned(),
        ..SettlementAmount::default()
    };
    let [first, second] = EXAMPLE_CONNECTIONS;
    InitiateSettlementRequest {
        enterprise_id: enterprise.to_owned(),
        external_id: external_id.to_owned(),
        settlement_amounts: [(first, "BTC", "1"), (second, "ETH", "-2")].map(leg).to_vec(),
        cutoff_at: (enterprise == V2).then_some(Timestamp { seconds: 1_773_835_200, nanos: 0 }),
        ..InitiateSettlementRequest::default()
    }
}
