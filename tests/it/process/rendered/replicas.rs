//! Two replicas of the production configuration over one PostgreSQL: what one was asked, the other answers.

use std::path::Path;
use std::sync::Arc;

use prost_types::Timestamp;
use settlement_gateway::grpc::pb::quote_service_client::QuoteServiceClient;
use settlement_gateway::grpc::pb::settlement_service_client::SettlementServiceClient;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use settlement_gateway::grpc::pb::{
    CreateQuoteRequest, GetClientSettlementRequest, GetQuoteRequest, GetSettlementRequest, InitiateSettlementRequest,
    ListKeysRequest, ListSettlementsRequest, Settlement, SettlementOutcome, SettlementState, SignPayloadRequest,
    VerifyPayloadRequest, get_settlement_request, verify_payload_request,
};
use settlement_gateway::sandbox::{ClientSettlement, EXAMPLE_SETTLEMENT_ID, Sandbox, SandboxConfig, SandboxEnterprise};
use settlement_gateway::secret::Secret;
use tonic::Code;
use tonic::transport::Channel;

use super::home::Home;
use crate::chart::manifests::configurations;
use crate::chart::tools::Helm;
use crate::process::calls::{Gateway, request};
use crate::process::installation::{BITLIPA_KEY, BITLIPA_SECRET, WALLET, token};
use crate::process::support::Process;
use crate::support::authority::{connect, uri};
use crate::support::postgres::Schema;
use crate::support::world::RealClock;

const DESKS: [&str; 2] = ["desk-a", "desk-b"];
const TREASURY: &str = "spiffe://example.org/ns/treasury/sa/treasury";
const PAYOUTS: &str = "spiffe://example.org/ns/payouts/sa/payouts";
const TRADE: &str = r#"{"version":"1.2.0","accountId":"59cd72485007a239fb00282ed480da1f","amounts":[{"accountId":"59cd72485007a239fb00282ed480da1f","sendSubtotal":"1","sendAmount":"1","sendCurrency":"ofctusd","receiveAmount":"1","receiveCurrency":"ofctbtc"}],"nonceHold":"h-1","nonceSettle":"s-1"}"#;

/// The venues as the rendered configuration's keys and tokens know them.
async fn venues(home: &Home) -> Sandbox {
    let desk = |id: &str| {
        let key = home.public_key(&format!("keys/{id}.xprv"));
        let desk = SandboxEnterprise::new(id, Secret::from_text(token(id)), *key.as_bytes()).with_example_accounts(None);
        SandboxEnterprise { disputes: id == DESKS[1], client_settlements: vec![ClientSettlement::example()], ..desk }
    };
    let config = SandboxConfig {
        enterprises: DESKS.map(desk).into(),
        bitlipa_api_key: BITLIPA_KEY.to_owned(),
        bitlipa_secret: Secret::from_text(BITLIPA_SECRET.to_owned()),
        ..SandboxConfig::loopback(Arc::new(RealClock))
    };
    Sandbox::start(config).await.unwrap()
}

/// Turns to this machine what leads out of it: where the pod listens, where the venues are, and the proxy in between.
fn stay_here(home: &mut Home, venues: &Sandbox) {
    let config = &mut home.config;
    for listener in ["grpc", "ops", "callbacks"] {
        config[listener]["listen"] = "127.0.0.1:0".into();
    }
    assert!(config["venues"].as_table_mut().unwrap().remove("proxy_url").is_some());
    for enterprise in config["enterprises"].as_array_mut().unwrap() {
        enterprise["base_url"] = venues.bitgo_url().into();
    }
    config["bitlipa"]["base_url"] = venues.bitlipa_url().into();
    home.write_config();
}

/// A replica, and the connections of those who may call.
struct Replica {
    gateway: Gateway,
    treasury: Channel,
    payouts: Channel,
}

impl Replica {
    async fn start(home: &Home) -> Self {
        let path = home.config_path();
        let process = Process::start([Path::new("serve"), Path::new("--config"), &path]);
        let gateway = Gateway::of(process, "grpc ", "ops ").await;
        let channel = async |name| connect(gateway.grpc, &home.authority, Some(home.authority.client(uri(name)))).await.unwrap();
        let (treasury, payouts) = (channel(TREASURY).await, channel(PAYOUTS).await);
        Self { gateway, treasury, payouts }
    }

    fn settlements(&self) -> SettlementServiceClient<Channel> {
        SettlementServiceClient::new(self.treasury.clone())
    }

    async fn initiate(&self, request: &InitiateSettlementRequest) -> Settlement {
        self.settlements().initiate_settlement(request.clone()).await.unwrap().into_inner().settlement.unwrap()
    }

    async fn get(&self, request: &InitiateSettlementRequest) -> Settlement {
        let name = Some(get_settlement_request::Name::ExternalId(request.external_id.clone()));
        let get = GetSettlementRequest { enterprise_id: request.enterprise_id.clone(), name };
        self.settlements().get_settlement(get).await.unwrap().into_inner().settlement.unwrap()
    }
}

/// What is settled through one is there in the other, and is not settled again.
async fn settle(first: &Replica, second: &Replica) {
    let [synchronous, disputed] = DESKS.map(|desk| InitiateSettlementRequest {
        cutoff_at: (desk == DESKS[1]).then_some(Timestamp { seconds: 1_773_835_200, nanos: 0 }),
        ..request(desk, "day-1")
    });
    let settled = first.initiate(&synchronous).await;
    assert_eq!(settled.state(), SettlementState::Completed, "{settled:?}");
    let again = second.initiate(&synchronous).await;
    assert_eq!((again.settlement_id, again.signature), (settled.settlement_id, settled.signature));
    let settled = second.initiate(&disputed).await;
    assert_eq!(settled.outcome(), SettlementOutcome::Created, "{settled:?}");
    assert_eq!(first.get(&disputed).await.settlement_id, settled.settlement_id);
    for (replica, desk) in [(first, DESKS[1]), (second, DESKS[0])] {
        let list = ListSettlementsRequest { enterprise_id: desk.to_owned(), ..ListSettlementsRequest::default() };
        let listed = replica.settlements().list_settlements(list).await.unwrap().into_inner().settlements;
        assert_eq!(listed.iter().map(|one| one.external_id.as_str()).collect::<Vec<_>>(), ["day-1"]);
    }
}

/// What one signed, the other does not sign again: it has the signature.
async fn sign(first: &Replica, second: &Replica) {
    let sign = SignPayloadRequest { key_id: DESKS[0].to_owned(), payload: TRADE.to_owned() };
    let [mut here, mut there] = [first, second].map(|replica| SigningServiceClient::new(replica.treasury.clone()));
    let signed = here.sign_payload(sign.clone()).await.unwrap().into_inner();
    assert_eq!(there.sign_payload(sign).await.unwrap().into_inner(), signed);
    let signer = Some(verify_payload_request::Signer::PublicKey(signed.public_key));
    let verify = VerifyPayloadRequest { payload: TRADE.to_owned(), signature: signed.signature, signer };
    assert!(there.verify_payload(verify).await.unwrap().into_inner().valid);
    let keys = there.list_keys(ListKeysRequest {}).await.unwrap().into_inner().keys;
    assert_eq!(keys.iter().map(|key| key.key_id.as_str()).collect::<Vec<_>>(), [DESKS[0]]);
}

async fn quote_and_read(first: &Replica, second: &Replica) {
    let create = CreateQuoteRequest {
        request_id: Some("quote-1".to_owned()),
        source_amount: 100_000,
        source_currency: "KES".to_owned(),
        destination_currency: "USDT".to_owned(),
        external_merchant_id: "merchant_123".to_owned(),
        chain: "eip155:137".to_owned(),
        wallet_address: WALLET.to_owned(),
    };
    let [mut here, mut there] = [first, second].map(|replica| QuoteServiceClient::new(replica.payouts.clone()));
    let quote = here.create_quote(create).await.unwrap().into_inner().quote.unwrap();
    let get = GetQuoteRequest { external_merchant_id: "merchant_123".to_owned(), tx_id: quote.tx_id.clone(), refresh: true };
    assert_eq!(there.get_quote(get).await.unwrap().into_inner().quote.unwrap().destination_amount, quote.destination_amount);
    let read = GetClientSettlementRequest {
        enterprise_id: DESKS[0].to_owned(),
        settlement_id: EXAMPLE_SETTLEMENT_ID.to_owned(),
        ..GetClientSettlementRequest::default()
    };
    assert!(second.settlements().get_client_settlement(read).await.is_ok());
}

/// The configuration's grants hold: each by its certificate, and nobody without one.
async fn refuse(home: &Home, replica: &Replica) {
    let ask = async |channel: Channel| {
        SettlementServiceClient::new(channel).initiate_settlement(request(DESKS[0], "day-2")).await.unwrap_err().code()
    };
    assert_eq!(ask(replica.payouts.clone()).await, Code::PermissionDenied);
    let unknown = connect(replica.gateway.grpc, &home.authority, None).await.unwrap();
    assert_eq!(ask(unknown).await, Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_of_the_production_configuration_serve_as_one() {
    let Some(helm) = Helm::find() else { return };
    let (Some(journal), Some(anchor)) = (Schema::fresh().await, Schema::fresh().await) else { return };
    let rendered = configurations(&helm.rendered("production"));
    let mut home = Home::on(&rendered[0], [journal.url(), anchor.url()]);
    let venues = venues(&home).await;
    stay_here(&mut home, &venues);
    let path = home.config_path();
    Process::run([Path::new("migrate"), Path::new("up"), Path::new("--config"), &path]).await.with_code(0);
    let (first, second) = (Replica::start(&home).await, Replica::start(&home).await);
    settle(&first, &second).await;
    sign(&first, &second).await;
    quote_and_read(&first, &second).await;
    refuse(&home, &second).await;
    let ledger = venues.ledger();
    for desk in DESKS {
        assert_eq!(ledger.settlement(desk, "day-1").unwrap().created, 1);
    }
    for replica in [first, second] {
        Process::run(["healthcheck", "--ops", &replica.gateway.ops.to_string()]).await.with_code(0);
        replica.gateway.process.signal("TERM");
        let ended = replica.gateway.process.ended().await.with_code(0);
        assert!(!ended.output().contains("v2x"), "{}", ended.output());
    }
}
