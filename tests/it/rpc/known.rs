//! Callers that prove themselves, and every RPC by its name.

use settlement_gateway::config::KNOWN_RPCS;
use settlement_gateway::grpc::pb;
use settlement_gateway::grpc::pb::admin_service_client::AdminServiceClient;
use settlement_gateway::grpc::pb::trade_settlement_service_client::TradeSettlementServiceClient;
use sha2::{Digest, Sha256};
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::known_reads::{call_reads, is_read};
use super::requests::{client_settlement, get, quote, settle, sign, trade_payload, watch};
use crate::support::gateway::{GatewayUnderTest, trading_account};

/// One of `[[callers]]` with these further lines; its token is [`token`] of its name.
pub(super) fn caller(name: &str, lines: &str) -> String {
    let hash = base16ct::lower::encode_string(&Sha256::digest(token(name)));
    format!("[[callers]]\nid = \"{name}\"\ntoken_sha256 = [\"{hash}\"]\n{lines}\n")
}

/// A caller's bearer token.
pub(super) fn token(name: &str) -> String {
    format!("canary-token-{}", name.repeat(8))
}

/// A request with a caller's token.
pub(super) fn of<T>(name: &str, message: T) -> Request<T> {
    with_header(Some(&format!("Bearer {}", token(name))), message)
}

/// A request with an authorization header, or without.
pub(super) fn with_header<T>(authorization: Option<&str>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(text) = authorization {
        request.metadata_mut().insert("authorization", text.parse().unwrap());
    }
    request
}

/// What a call names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resources {
    pub(super) enterprise: &'static str,
    pub(super) merchant: &'static str,
    pub(super) key: &'static str,
}

/// Calls an RPC about resources; what it answers matters not.
pub(super) async fn call(
    gateway: &GatewayUnderTest,
    rpc: &str,
    authorization: Option<&str>,
    named: Resources,
) -> Result<(), Status> {
    let (service, _) = rpc.split_once('/').unwrap();
    match service {
        "SettlementService" if is_read(rpc) => call_reads(gateway, rpc, authorization, named.enterprise).await,
        "SettlementService" => call_settlements(gateway, rpc, authorization, named.enterprise).await,
        "TradeSettlementService" | "AdminService" => call_trades(gateway, rpc, authorization, named.enterprise).await,
        "SigningService" => call_signing(gateway, rpc, authorization, named.key).await,
        _ => call_quotes(gateway, rpc, authorization, named.merchant).await,
    }
}

async fn call_settlements(
    gateway: &GatewayUnderTest,
    rpc: &str,
    authorization: Option<&str>,
    enterprise: &str,
) -> Result<(), Status> {
    let mut client = gateway.settlements().await;
    let (enterprise_id, external_id) = (enterprise.to_owned(), "x".to_owned());
    match rpc {
        "SettlementService/InitiateSettlement" => {
            client.initiate_settlement(with_header(authorization, settle(enterprise, "x"))).await.map(drop)
        }
        "SettlementService/PreviewSettlement" => {
            let pb::InitiateSettlementRequest { settlement_amounts, cutoff_at, .. } = settle(enterprise, "x");
            let request =
                pb::PreviewSettlementRequest { enterprise_id, external_id, settlement_amounts, cutoff_at, ..Default::default() };
            client.preview_settlement(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/GetSettlement" => {
            client.get_settlement(with_header(authorization, get(enterprise, "x"))).await.map(drop)
        }
        "SettlementService/ListSettlements" => {
            let request = pb::ListSettlementsRequest { enterprise_id, ..Default::default() };
            client.list_settlements(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/RetrySettlement" => {
            let request = pb::RetrySettlementRequest { enterprise_id, external_id, expected_sequence: 1 };
            client.retry_settlement(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/CancelSettlement" => {
            let request = pb::CancelSettlementRequest { enterprise_id, external_id, expected_sequence: 1 };
            client.cancel_settlement(with_header(authorization, request)).await.map(drop)
        }
        "SettlementService/WatchSettlement" => {
            client.watch_settlement(with_header(authorization, watch(enterprise, "x"))).await.map(drop)
        }
        "SettlementService/GetClientSettlement" => {
            client.get_client_settlement(with_header(authorization, client_settlement(enterprise))).await.map(drop)
        }
        other => panic!("{other} is not among {KNOWN_RPCS:?}"),
    }
}

async fn call_signing(gateway: &GatewayUnderTest, rpc: &str, authorization: Option<&str>, key: &str) -> Result<(), Status> {
    let mut client = gateway.signing().await;
    match rpc {
        "SigningService/SignPayload" => {
            client.sign_payload(with_header(authorization, sign(key, trade_payload("1")))).await.map(drop)
        }
        "SigningService/VerifyPayload" => {
            let signer = Some(pb::verify_payload_request::Signer::KeyId(key.to_owned()));
            let request = pb::VerifyPayloadRequest { payload: "x".to_owned(), signature: "1f".repeat(65), signer };
            client.verify_payload(with_header(authorization, request)).await.map(drop)
        }
        "SigningService/ListKeys" => client.list_keys(with_header(authorization, pb::ListKeysRequest {})).await.map(drop),
        other => panic!("{other} is not among {KNOWN_RPCS:?}"),
    }
}

/// Writes that come to nothing at once: of no affirmation that there is, and with amounts that are not the trades'.
async fn call_trades(gateway: &GatewayUnderTest, rpc: &str, authorization: Option<&str>, enterprise: &str) -> Result<(), Status> {
    let channel = gateway.channel().await;
    let mut client = TradeSettlementServiceClient::new(channel.clone());
    let (enterprise_id, account_id) = (enterprise.to_owned(), trading_account(enterprise));
    let (request_id, affirmation_id) = (uuid::Uuid::now_v7().to_string(), "f".to_owned());
    match rpc {
        "TradeSettlementService/CreateTradeSettlement" => {
            client.create_trade_settlement(with_header(authorization, trade(enterprise, &request_id))).await.map(drop)
        }
        "TradeSettlementService/GetTradeSettlement" => {
            let name = Some(pb::get_trade_settlement_request::Name::RequestId(request_id));
            let request = pb::GetTradeSettlementRequest { enterprise_id, account_id, name };
            client.get_trade_settlement(with_header(authorization, request)).await.map(drop)
        }
        "TradeSettlementService/ListTradeSettlements" => {
            let request = pb::ListTradeSettlementsRequest { enterprise_id, account_id, ..Default::default() };
            client.list_trade_settlements(with_header(authorization, request)).await.map(drop)
        }
        "TradeSettlementService/ListTradeSettlementEvents" => {
            let request = pb::ListTradeSettlementEventsRequest { enterprise_id, account_id, request_id, ..Default::default() };
            client.list_trade_settlement_events(with_header(authorization, request)).await.map(drop)
        }
        "TradeSettlementService/ListAffirmations" => {
            let request = pb::ListAffirmationsRequest { enterprise_id, account_id, ..Default::default() };
            client.list_affirmations(with_header(authorization, request)).await.map(drop)
        }
        "TradeSettlementService/Affirm" => {
            let trades = trade(enterprise, &request_id).trades;
            let request =
                pb::AffirmRequest { request_id, enterprise_id, account_id, affirmation_id, trades, ..Default::default() };
            client.affirm(with_header(authorization, request)).await.map(drop)
        }
        "TradeSettlementService/Reject" => {
            let request = pb::RejectRequest { request_id, enterprise_id, account_id, affirmation_id };
            client.reject(with_header(authorization, request)).await.map(drop)
        }
        "TradeSettlementService/Cancel" => {
            let request = pb::CancelRequest { request_id, enterprise_id, account_id, affirmation_id };
            client.cancel(with_header(authorization, request)).await.map(drop)
        }
        "TradeSettlementService/CalculateFees" => {
            let request = pb::CalculateFeesRequest {
                enterprise_id,
                account_id,
                counterparty_account_id: "b".to_owned(),
                send_amount: "1".to_owned(),
                send_currency: "ofcbtc".to_owned(),
                receive_amount: "1".to_owned(),
                receive_currency: "ofcusd".to_owned(),
            };
            client.calculate_fees(with_header(authorization, request)).await.map(drop)
        }
        admin => call_admin(channel, admin, authorization, enterprise_id, request_id).await,
    }
}

/// A person's decisions about what there is not.
async fn call_admin(
    channel: Channel,
    rpc: &str,
    authorization: Option<&str>,
    enterprise_id: String,
    request_id: String,
) -> Result<(), Status> {
    let (mut client, why) = (AdminServiceClient::new(channel), "because".to_owned());
    match rpc {
        "AdminService/ResolveTradeSettlement" => {
            let decision = Some(pb::resolve_trade_settlement_request::Decision::NotCreated(true));
            let request = pb::ResolveTradeSettlementRequest { enterprise_id, request_id, decision, why };
            client.resolve_trade_settlement(with_header(authorization, request)).await.map(drop)
        }
        "AdminService/ResolveSettlement" => {
            let external_id = "x".to_owned();
            let decision = Some(pb::resolve_settlement_request::Decision::GoOn(true));
            let request = pb::ResolveSettlementRequest { enterprise_id, external_id, expected_sequence: 1, decision, why };
            client.resolve_settlement(with_header(authorization, request)).await.map(drop)
        }
        "AdminService/ResolveQuoteConfirmation" => {
            let decision = Some(pb::resolve_quote_confirmation_request::Decision::Confirmed(true));
            let (external_merchant_id, tx_id) = ("m".to_owned(), "tx_1".to_owned());
            let request = pb::ResolveQuoteConfirmationRequest { external_merchant_id, tx_id, decision, why };
            client.resolve_quote_confirmation(with_header(authorization, request)).await.map(drop)
        }
        "AdminService/ListForeignSettlements" => {
            let request = pb::ListForeignSettlementsRequest { enterprise_id, ..Default::default() };
            client.list_foreign_settlements(with_header(authorization, request)).await.map(drop)
        }
        other => panic!("{other} is not among {KNOWN_RPCS:?}"),
    }
}

/// A creation whose payload is none.
fn trade(enterprise: &str, request_id: &str) -> pb::CreateTradeSettlementRequest {
    let trade = pb::Trade {
        base_account_id: trading_account(enterprise),
        quote_account_id: "b".to_owned(),
        timestamp: Some(prost_types::Timestamp::default()),
        base_amount: "1".to_owned(),
        quote_amount: "2".to_owned(),
        base_currency: "ofcbtc".to_owned(),
        quote_currency: "ofcusd".to_owned(),
        ..Default::default()
    };
    pb::CreateTradeSettlementRequest {
        request_id: request_id.to_owned(),
        enterprise_id: enterprise.to_owned(),
        account_id: trading_account(enterprise),
        trades: vec![trade],
        basis: Some(pb::create_trade_settlement_request::Basis::Payload("{}".to_owned())),
        ..Default::default()
    }
}

async fn call_quotes(gateway: &GatewayUnderTest, rpc: &str, authorization: Option<&str>, merchant: &str) -> Result<(), Status> {
    let mut client = gateway.quotes().await;
    let external_merchant_id = merchant.to_owned();
    match rpc {
        "QuoteService/CreateQuote" => {
            let request = pb::CreateQuoteRequest { external_merchant_id, ..quote() };
            client.create_quote(with_header(authorization, request)).await.map(drop)
        }
        "QuoteService/GetQuote" => {
            let request = pb::GetQuoteRequest { external_merchant_id, tx_id: "tx_1".to_owned(), refresh: true };
            client.get_quote(with_header(authorization, request)).await.map(drop)
        }
        "QuoteService/ConfirmQuote" => {
            let (tx_id, external_tx_id) = ("tx_1".to_owned(), "payout-1".to_owned());
            let request = pb::ConfirmQuoteRequest { external_merchant_id, tx_id, external_tx_id, ..Default::default() };
            client.confirm_quote(with_header(authorization, request)).await.map(drop)
        }
        "QuoteService/CancelQuote" => {
            let request = pb::CancelQuoteRequest { external_merchant_id, tx_id: "tx_1".to_owned() };
            client.cancel_quote(with_header(authorization, request)).await.map(drop)
        }
        "QuoteService/WatchQuote" => {
            let request = pb::WatchQuoteRequest { external_merchant_id, tx_id: "tx_1".to_owned(), after_sequence: 0 };
            client.watch_quote(with_header(authorization, request)).await.map(drop)
        }
        other => panic!("{other} is not among {KNOWN_RPCS:?}"),
    }
}
