//! Canaries: with the most talkative log, no secret is in any output, whatever happens.

use std::fs;

use serde_json::Value;
use settlement_gateway::grpc::pb::quote_service_client::QuoteServiceClient;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use settlement_gateway::grpc::pb::{CreateQuoteRequest, SettlementState, SignPayloadRequest};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, Sandbox, Tamper};
use tonic::{Code, Request, Status};

use super::calls::{Gateway, channel, request};
use super::installation::{Installation, WALLET, write_private};
use crate::support::collector::Collector;
use crate::support::world::{V1, V2};

/// What a caller shows, though nobody asked for it.
const CALLER_TOKEN: &str = "caller-canary-58021";
/// A key in an envelope of BitGo's, and its passphrase.
const ENVELOPES: &str = include_str!("../../golden/encrypted_prv.json");

/// Adds a key in an envelope, requests signed with the token, and the log's filter; answers what must not be shown.
fn talkative(installation: &Installation, filter: &str, collector: &Collector) -> Vec<String> {
    let envelopes: Value = serde_json::from_str(ENVELOPES).unwrap();
    let text = |name: &str| envelopes["vectors"][0][name].as_str().unwrap().to_owned();
    let (envelope, passphrase, xprv) = (text("envelope"), text("password"), text("plaintext"));
    write_private(&installation.path("desk.json"), envelope.as_bytes());
    write_private(&installation.path("desk.passphrase"), passphrase.as_bytes());
    let config = fs::read_to_string(installation.config_path()).unwrap();
    let config = config.replace("route = \"v2\"", "route = \"v2\"\nrequest_auth = \"hmac-v3\"");
    let more = format!(
        "[[keys]]\nid = \"desk\"\nencrypted_prv_file = \"desk.json\"\npassphrase_file = \"desk.passphrase\"\n\
         purposes = [\"trade\"]\n[telemetry]\nlog_filter = \"{filter}\"\n\
         traces_endpoint = \"{}\"\n",
        collector.url
    );
    fs::write(installation.config_path(), config + &more).unwrap();
    let mut secrets = installation.secrets();
    secrets.extend([passphrase, xprv, CALLER_TOKEN.to_owned()]);
    secrets
}

fn with_token<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {CALLER_TOKEN}").parse().unwrap());
    request
}

async fn settlements(gateway: &Gateway, sandbox: &Sandbox) {
    let mut client = gateway.client();
    for enterprise in [V1, V2] {
        client.initiate_settlement(with_token(request(enterprise, "canary-done"))).await.unwrap();
        gateway.finished(enterprise, "canary-done").await;
    }
    let fault = |on, behaviour| sandbox.faults().push(Fault { on, times: 1, behaviour });
    fault(Endpoint::SettlementsSigning, Behaviour::TamperPayload { tamper: Tamper::Amount });
    let refused = gateway.initiate(V1, "canary-tampered").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    fault(Endpoint::SettlementPost, Behaviour::Status { status: 401, body: Body::Error, effect: false });
    gateway.initiate(V1, "canary-refused").await.unwrap_err();
    fault(Endpoint::SettlementPost, Behaviour::Status { status: 503, body: Body::Html, effect: true });
    fault(Endpoint::SettlementList, Behaviour::CutBefore);
    gateway.initiate(V2, "canary-doubtful").await.unwrap();
    assert_eq!(gateway.finished(V2, "canary-doubtful").await.state(), SettlementState::Completed);
}

async fn signatures(gateway: &Gateway) -> Vec<Status> {
    let mut client = SigningServiceClient::new(channel(gateway.grpc));
    let mut refusals = Vec::new();
    for (key, payload) in [("desk", "anything at all"), ("key-ent-v1", r#"{"version":"1.2.0"}"#), ("nobody", "x")] {
        let sign = SignPayloadRequest { key_id: key.to_owned(), payload: payload.to_owned() };
        refusals.push(client.sign_payload(with_token(sign)).await.unwrap_err());
    }
    refusals
}

async fn quotes(gateway: &Gateway, sandbox: &Sandbox) -> Status {
    let mut client = QuoteServiceClient::new(channel(gateway.grpc));
    let quote = |name: &str| CreateQuoteRequest {
        request_id: Some(name.to_owned()),
        source_amount: 100_000,
        source_currency: "KES".to_owned(),
        destination_currency: "USDT".to_owned(),
        external_merchant_id: "merchant_123".to_owned(),
        chain: "eip155:137".to_owned(),
        wallet_address: WALLET.to_owned(),
    };
    client.create_quote(with_token(quote("canary-quote"))).await.unwrap();
    let behaviour = Behaviour::Status { status: 401, body: Body::Bitlipa, effect: false };
    sandbox.faults().push(Fault { on: Endpoint::QuoteCreate, times: 2, behaviour });
    client.create_quote(with_token(quote("canary-refused"))).await.unwrap_err()
}

async fn nothing_secret_is_shown(filter: &str) {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let collector = Collector::start().await;
    let secrets = talkative(&installation, filter, &collector);
    let gateway = installation.serve().await;
    settlements(&gateway, &sandbox).await;
    let mut refusals = signatures(&gateway).await;
    refusals.push(quotes(&gateway, &sandbox).await);
    let metrics = gateway.ops("/metrics").await;
    gateway.process.signal("TERM");
    let ended = gateway.process.ended().await.with_code(0);

    assert!(ended.complained.contains("InitiateSettlement"), "the log tells of the calls: {}", ended.complained);
    assert!(metrics.contains("InitiateSettlement"), "the metrics tell of the calls: {metrics}");
    let refusals = refusals.iter().map(|status| format!("{status:?}{}", String::from_utf8_lossy(status.details())));
    let traces = collector.everything();
    assert!(
        traces.contains("InitiateSettlement") && traces.contains("canary-tampered"),
        "the traces tell of the calls: {traces}"
    );
    let shown = [ended.output(), metrics, refusals.collect(), traces].concat();
    for secret in secrets {
        assert!(!secret.is_empty() && !shown.contains(&secret), "a secret of {} bytes is shown", secret.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debugging_log_shows_no_secret() {
    nothing_secret_is_shown("debug").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tracing_log_shows_no_secret() {
    nothing_secret_is_shown("trace,hyper=trace,reqwest=trace,sqlx=trace,h2=trace,rustls=trace").await;
}
