//! RPCs of a whole gateway, beside a health check through the same listener and layers.

use std::sync::Arc;

use settlement_gateway::grpc::pb::settlement_service_client::SettlementServiceClient;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use settlement_gateway::grpc::pb::{
    InitiateSettlementRequest, ListKeysRequest, SettlementAmount, SettlementState, SignPayloadRequest,
};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::gateway::{ENTERPRISE, Gateway, KEY};
use super::measure::{self, Case};
use super::table;

/// Callers share so many connections.
const CONNECTIONS: usize = 4;
/// More than the largest answer.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Starts a gateway, loads it with one caller and with many, and prints what came of it.
pub(super) async fn run() {
    let gateway = Gateway::start().await;
    let mut channels = Vec::new();
    for _ in 0..CONNECTIONS {
        channels.push(gateway.channel().await);
    }
    let channels = Channels(channels.into());
    for callers in [1, 32] {
        table::print(&format!("RPCs, {callers} caller(s)"), &measure::run(&cases(&channels, callers)).await);
    }
    let largest = vec![health(&channels, 1), initiate(&channels, "20,000 legs", 1, 20_000)];
    table::print("The largest settlement", &measure::run(&largest).await);
    gateway.stop().await;
}

fn cases(channels: &Channels, callers: usize) -> Vec<Case> {
    let (keys, again, new) = (channels.clone(), channels.clone(), channels.clone());
    vec![
        health(channels, callers),
        Case::new("ListKeys", callers, move |number| list_keys(keys.get(number))),
        Case::new("SignPayload again", callers, move |number| sign(again.get(number), "again".to_owned())),
        Case::new("SignPayload", callers, move |number| sign(new.get(number), format!("{callers}-{number}"))),
        initiate(channels, "2 legs", callers, 2),
    ]
}

/// Connections, taken in turn.
#[derive(Clone)]
struct Channels(Arc<[Channel]>);

impl Channels {
    fn get(&self, number: u64) -> Channel {
        let place = usize::try_from(number).unwrap() % self.0.len();
        self.0[place].clone()
    }
}

fn health(channels: &Channels, callers: usize) -> Case {
    let channels = channels.clone();
    Case::new("health check", callers, move |number| {
        let mut client = HealthClient::new(channels.get(number));
        async move {
            client.check(HealthCheckRequest { service: String::new() }).await.unwrap();
        }
    })
}

async fn list_keys(channel: Channel) {
    SigningServiceClient::new(channel).list_keys(ListKeysRequest::default()).await.unwrap();
}

/// Seed 003's payload with nonces of one's own.
async fn sign(channel: Channel, nonce: String) {
    let payload = format!(
        r#"{{"version":"1.2.0","accountId":"a1","amounts":[{{"accountId":"a1","sendSubtotal":"1","sendAmount":"1","sendCurrency":"ofctusd","receiveAmount":"1","receiveCurrency":"ofctbtc"}}],"nonceHold":"h-{nonce}","nonceSettle":"s-{nonce}"}}"#
    );
    let request = SignPayloadRequest { key_id: KEY.to_owned(), payload };
    SigningServiceClient::new(channel).sign_payload(request).await.unwrap();
}

fn initiate(channels: &Channels, size: &str, callers: usize, legs: usize) -> Case {
    let channels = channels.clone();
    let amounts: Arc<[SettlementAmount]> = (0..legs).map(leg).collect();
    Case::new(&format!("InitiateSettlement, {size}"), callers, move |number| {
        let request = InitiateSettlementRequest {
            enterprise_id: ENTERPRISE.to_owned(),
            external_id: format!("{legs}-{callers}-{number}"),
            settlement_amounts: amounts.to_vec(),
            ..InitiateSettlementRequest::default()
        };
        settle(channels.get(number), request)
    })
}

async fn settle(channel: Channel, request: InitiateSettlementRequest) {
    let mut client = SettlementServiceClient::new(channel)
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let answer = client.initiate_settlement(request).await.unwrap().into_inner();
    assert_eq!(answer.settlement.unwrap().state(), SettlementState::Completed);
}

/// Pays and takes in turn, so that no balance runs out.
fn leg(index: usize) -> SettlementAmount {
    SettlementAmount {
        connection_id: format!("09684b38-49ed-4cf6-a28e-{index:012}"),
        counterparty_connection_id: None,
        currency: "BTC".to_owned(),
        amount: if index.is_multiple_of(2) { "0.00000001" } else { "-0.00000001" }.to_owned(),
    }
}
