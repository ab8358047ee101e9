//! What clients ask for, how each is asked for again, and what is made of the answers.

use std::net::SocketAddr;
use std::sync::OnceLock;

use settlement_gateway::grpc::pb;
use settlement_gateway::grpc::pb::quote_service_client::QuoteServiceClient;
use settlement_gateway::grpc::pb::settlement_service_client::SettlementServiceClient;
use settlement_gateway::grpc::pb::trade_settlement_service_client::TradeSettlementServiceClient;
use settlement_gateway::sandbox::EXAMPLE_CONNECTIONS;
use tonic::{Code, Status};

use super::oracle::{Answer, Kind, Name};
use super::plain;
use crate::process::calls::channel;
use crate::process::installation::{WALLET, trading_account_id};
use crate::support::world::{V1, V2};

/// The merchant that is paid out.
const MERCHANT: &str = "merchant_123";

/// Something that a client wants, however often it has to ask.
#[derive(Debug)]
pub(super) enum Ask {
    /// A settlement of bitcoin against ether.
    Settlement { enterprise: &'static str, id: String, pays: u32, owed: u32 },
    /// A settlement that every gateway refuses: its route wants a cutoff.
    WithoutCutoff { id: String },
    /// A trade settlement of the first enterprise with the second.
    Trade { id: String },
    /// The second enterprise's word to it.
    Affirmation { id: String, affirmation: String },
    /// A quote's confirmation; the quote is asked for first.
    Payout { id: String, tx_id: OnceLock<String> },
}

/// An answer, as the oracle takes it and otherwise.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) answer: Answer,
    /// What the venue calls it.
    pub(super) at_venue: String,
    /// What is the same in every run, whatever the run was met by.
    pub(super) plain: String,
    /// What a trade settlement still waits for.
    pub(super) affirmation: Option<String>,
}

impl Ask {
    pub(super) fn settlement(enterprise: &'static str, id: impl Into<String>) -> Self {
        Self::Settlement { enterprise, id: id.into(), pays: 1, owed: 2 }
    }

    pub(super) fn trade(number: usize) -> Self {
        Self::Trade { id: format!("0198c0a6-8c3e-7d5a-9b1f-{number:012x}") }
    }

    /// The other account's word to a trade settlement.
    pub(super) fn affirmation(trade: &str, affirmation: String) -> Self {
        Self::Affirmation { id: trade.replace("-9b1f-", "-9b20-"), affirmation }
    }

    pub(super) fn payout(id: impl Into<String>) -> Self {
        Self::Payout { id: id.into(), tx_id: OnceLock::new() }
    }

    pub(super) fn name(&self) -> Name {
        let (kind, of, id) = match self {
            Self::Settlement { enterprise, id, .. } => (Kind::Settlement, *enterprise, id),
            Self::WithoutCutoff { id } => (Kind::Settlement, V2, id),
            Self::Trade { id } => (Kind::Trade, V1, id),
            Self::Affirmation { id, .. } => (Kind::Affirmation, V2, id),
            Self::Payout { id, .. } => (Kind::Payout, MERCHANT, id),
        };
        Name { kind, of: of.to_owned(), id: id.clone() }
    }

    /// What moves where it takes effect: enterprise, account (empty for the partner's own), currency, change.
    pub(super) fn moves(&self) -> Vec<(&'static str, String, &'static str, i128)> {
        let [first, second] = EXAMPLE_CONNECTIONS;
        match self {
            Self::Settlement { enterprise, pays, owed, .. } => {
                let (pays, owed) = (i128::from(*pays), i128::from(*owed));
                let own = String::new;
                vec![
                    (enterprise, own(), "BTC", -pays),
                    (enterprise, first.to_owned(), "BTC", pays),
                    (enterprise, own(), "ETH", owed),
                    (enterprise, second.to_owned(), "ETH", -owed),
                ]
            }
            Self::Affirmation { .. } => vec![
                (V1, trading_account_id(V1), "ofcbtc", -5),
                (V1, trading_account_id(V1), "ofcusd", 700),
                (V2, trading_account_id(V2), "ofcbtc", 5),
                (V2, trading_account_id(V2), "ofcusd", -700),
            ],
            Self::WithoutCutoff { .. } | Self::Trade { .. } | Self::Payout { .. } => Vec::new(),
        }
    }

    /// Asks, whether for the first time or again.
    pub(super) async fn ask(&self, grpc: SocketAddr) -> Result<Told, Status> {
        match self {
            Self::Settlement { .. } | Self::WithoutCutoff { .. } => {
                let answer = SettlementServiceClient::new(channel(grpc)).initiate_settlement(self.initiation()).await?;
                Ok(plain::settlement(answer.into_inner().settlement.unwrap()))
            }
            Self::Trade { id } => {
                let answer = TradeSettlementServiceClient::new(channel(grpc)).create_trade_settlement(creation(id)).await?;
                Ok(plain::trade(answer.into_inner().trade_settlement.unwrap()))
            }
            Self::Affirmation { id, affirmation } => {
                let answer = TradeSettlementServiceClient::new(channel(grpc)).affirm(affirm(id, affirmation)).await?;
                Ok(plain::affirmation(answer.into_inner(), affirmation))
            }
            Self::Payout { id, tx_id } => {
                let tx_id = quoted(grpc, tx_id).await?;
                let answer = QuoteServiceClient::new(channel(grpc)).confirm_quote(confirmation(tx_id, id)).await?;
                Ok(plain::payout(answer.into_inner().quote.unwrap()))
            }
        }
    }

    /// Reads what is stored, where that is another call than asking again; nothing where nothing is.
    pub(super) async fn read(&self, grpc: SocketAddr) -> Result<Option<Told>, Status> {
        let read = match self {
            Self::Settlement { enterprise, id, .. } => read_settlement(grpc, enterprise, id).await,
            Self::WithoutCutoff { id } => read_settlement(grpc, V2, id).await,
            Self::Trade { id } => {
                let name = Some(pb::get_trade_settlement_request::Name::RequestId(id.clone()));
                let (enterprise_id, account_id) = (V1.to_owned(), trading_account_id(V1));
                let get = pb::GetTradeSettlementRequest { enterprise_id, account_id, name };
                let answer = TradeSettlementServiceClient::new(channel(grpc)).get_trade_settlement(get).await;
                answer.map(|answer| plain::trade(answer.into_inner().trade_settlement.unwrap()))
            }
            Self::Affirmation { .. } => self.ask(grpc).await,
            Self::Payout { tx_id, .. } => {
                let tx_id = quoted(grpc, tx_id).await?.to_owned();
                let get = pb::GetQuoteRequest { external_merchant_id: MERCHANT.to_owned(), tx_id, refresh: false };
                let answer = QuoteServiceClient::new(channel(grpc)).get_quote(get).await;
                answer.map(|answer| plain::payout(answer.into_inner().quote.unwrap()))
            }
        };
        match read {
            Ok(told) => Ok(Some(told)),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status),
        }
    }

    fn initiation(&self) -> pb::InitiateSettlementRequest {
        let (enterprise, id, pays, owed, cutoff) = match self {
            Self::Settlement { enterprise, id, pays, owed } => (*enterprise, id, *pays, *owed, *enterprise == V2),
            Self::WithoutCutoff { id } => (V2, id, 1, 2, false),
            _ => unreachable!("no settlement"),
        };
        let leg = |connection: &str, currency: &str, amount: String| pb::SettlementAmount {
            connection_id: connection.to_owned(),
            currency: currency.to_owned(),
            amount,
            ..pb::SettlementAmount::default()
        };
        let [first, second] = EXAMPLE_CONNECTIONS;
        pb::InitiateSettlementRequest {
            enterprise_id: enterprise.to_owned(),
            external_id: id.clone(),
            settlement_amounts: vec![leg(first, "BTC", pays.to_string()), leg(second, "ETH", format!("-{owed}"))],
            cutoff_at: cutoff.then_some(prost_types::Timestamp { seconds: 1_773_835_200, nanos: 0 }),
            ..pb::InitiateSettlementRequest::default()
        }
    }
}

async fn read_settlement(grpc: SocketAddr, enterprise: &str, id: &str) -> Result<Told, Status> {
    let name = Some(pb::get_settlement_request::Name::ExternalId(id.to_owned()));
    let get = pb::GetSettlementRequest { enterprise_id: enterprise.to_owned(), name };
    let answer = SettlementServiceClient::new(channel(grpc)).get_settlement(get).await?;
    Ok(plain::settlement(answer.into_inner().settlement.unwrap()))
}

fn side(account: &str, send: (&str, &str), receive: (&str, &str)) -> pb::TradeAmounts {
    pb::TradeAmounts {
        account_id: account.to_owned(),
        send_amount: send.0.to_owned(),
        send_currency: send.1.to_owned(),
        receive_amount: receive.0.to_owned(),
        receive_currency: receive.1.to_owned(),
    }
}

pub(in crate::process) fn creation(id: &str) -> pb::CreateTradeSettlementRequest {
    let [base, quote] = [V1, V2].map(trading_account_id);
    let amounts = vec![side(&base, ("5", "ofcbtc"), ("700", "ofcusd")), side(&quote, ("700", "ofcusd"), ("5", "ofcbtc"))];
    let trade = pb::Trade {
        base_account_id: base.clone(),
        quote_account_id: quote,
        timestamp: Some(prost_types::Timestamp { seconds: 1_773_835_200, nanos: 0 }),
        base_amount: "5".to_owned(),
        quote_amount: "700".to_owned(),
        base_currency: "ofcbtc".to_owned(),
        quote_currency: "ofcusd".to_owned(),
        ..pb::Trade::default()
    };
    pb::CreateTradeSettlementRequest {
        request_id: id.to_owned(),
        enterprise_id: V1.to_owned(),
        account_id: base,
        trades: vec![trade],
        basis: Some(pb::create_trade_settlement_request::Basis::Amounts(pb::TradeAmountsList { amounts })),
        ..pb::CreateTradeSettlementRequest::default()
    }
}

fn affirm(id: &str, affirmation: &str) -> pb::AffirmRequest {
    let account = trading_account_id(V2);
    pb::AffirmRequest {
        request_id: id.to_owned(),
        enterprise_id: V2.to_owned(),
        amounts: vec![side(&account, ("700", "ofcusd"), ("5", "ofcbtc"))],
        account_id: account,
        affirmation_id: affirmation.to_owned(),
        ..pb::AffirmRequest::default()
    }
}

/// The quote that is confirmed. One whose answer was lost is nobody's, and lapses.
async fn quoted(grpc: SocketAddr, tx_id: &OnceLock<String>) -> Result<&str, Status> {
    if let Some(tx_id) = tx_id.get() {
        return Ok(tx_id);
    }
    let request = pb::CreateQuoteRequest {
        request_id: None,
        source_amount: 100_000,
        source_currency: "KES".to_owned(),
        destination_currency: "USDT".to_owned(),
        external_merchant_id: MERCHANT.to_owned(),
        chain: "eip155:137".to_owned(),
        wallet_address: WALLET.to_owned(),
    };
    let answer = QuoteServiceClient::new(channel(grpc)).create_quote(request).await?;
    let quote = answer.into_inner().quote.unwrap();
    Ok(tx_id.get_or_init(|| quote.tx_id))
}

fn confirmation(tx_id: &str, id: &str) -> pb::ConfirmQuoteRequest {
    pb::ConfirmQuoteRequest {
        external_merchant_id: MERCHANT.to_owned(),
        tx_id: tx_id.to_owned(),
        external_tx_id: id.to_owned(),
        ..pb::ConfirmQuoteRequest::default()
    }
}
