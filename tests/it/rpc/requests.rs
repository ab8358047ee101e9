//! Requests as callers send them, and the shapes of their answers.

use jiff::Timestamp;
use settlement_gateway::grpc::pb;
use settlement_gateway::grpc::pb::{
    GetClientSettlementRequest, GetSettlementRequest, InitiateSettlementRequest, SettlementAmount, WatchSettlementRequest,
};
use settlement_gateway::sandbox::{EXAMPLE_CONNECTIONS, EXAMPLE_SETTLEMENT_ID};

use crate::support::gateway::{MERCHANT, V2, WALLET};

/// 2026-03-18T12:00:00Z, seed 002's cutoff.
pub(super) const CUTOFF_SECONDS: i64 = 1_773_835_200;

pub(super) fn time(seconds: i64, nanos: i32) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos })
}

/// Seconds from now, in the past where negative.
pub(super) fn from_now(seconds: i64) -> Option<prost_types::Timestamp> {
    time(Timestamp::now().as_second() + seconds, 0)
}

pub(super) fn leg(connection: &str, currency: &str, amount: &str) -> SettlementAmount {
    SettlementAmount {
        connection_id: connection.to_owned(),
        counterparty_connection_id: None,
        currency: currency.to_owned(),
        amount: amount.to_owned(),
    }
}

pub(super) fn broker_leg(connection: &str, counterparty: &str, currency: &str, amount: &str) -> SettlementAmount {
    SettlementAmount { counterparty_connection_id: Some(counterparty.to_owned()), ..leg(connection, currency, amount) }
}

/// A settlement of two legs, with the cutoff that its enterprise's route wants.
pub(super) fn settle(enterprise: &str, external_id: &str) -> InitiateSettlementRequest {
    let [first, second] = EXAMPLE_CONNECTIONS;
    settle_legs(enterprise, external_id, vec![leg(first, "BTC", "1.50"), leg(second, "USD", "-99.5")])
}

/// A settlement of any legs.
pub(super) fn settle_legs(enterprise: &str, external_id: &str, legs: Vec<SettlementAmount>) -> InitiateSettlementRequest {
    InitiateSettlementRequest {
        enterprise_id: enterprise.to_owned(),
        external_id: external_id.to_owned(),
        settlement_amounts: legs,
        cutoff_at: if enterprise == V2 { time(CUTOFF_SECONDS, 0) } else { None },
        ..InitiateSettlementRequest::default()
    }
}

pub(super) fn get(enterprise: &str, external_id: &str) -> GetSettlementRequest {
    let name = Some(pb::get_settlement_request::Name::ExternalId(external_id.to_owned()));
    GetSettlementRequest { enterprise_id: enterprise.to_owned(), name }
}

pub(super) fn watch(enterprise: &str, external_id: &str) -> WatchSettlementRequest {
    let name = Some(pb::watch_settlement_request::Name::ExternalId(external_id.to_owned()));
    WatchSettlementRequest { enterprise_id: enterprise.to_owned(), name, after_sequence: 0 }
}

pub(super) fn retry(settlement: &pb::Settlement) -> pb::RetrySettlementRequest {
    pb::RetrySettlementRequest {
        enterprise_id: settlement.enterprise_id.clone(),
        external_id: settlement.external_id.clone(),
        expected_sequence: settlement.sequence,
    }
}

pub(super) fn cancel(settlement: &pb::Settlement) -> pb::CancelSettlementRequest {
    pb::CancelSettlementRequest {
        enterprise_id: settlement.enterprise_id.clone(),
        external_id: settlement.external_id.clone(),
        expected_sequence: settlement.sequence,
    }
}

/// Seed 001's settlement, read by its client.
pub(super) fn client_settlement(enterprise: &str) -> GetClientSettlementRequest {
    GetClientSettlementRequest {
        enterprise_id: enterprise.to_owned(),
        settlement_id: EXAMPLE_SETTLEMENT_ID.to_owned(),
        ..GetClientSettlementRequest::default()
    }
}

/// Seed 004's quote: 1,000.00 KES in USDT on Polygon.
pub(super) fn quote() -> pb::CreateQuoteRequest {
    pb::CreateQuoteRequest {
        request_id: None,
        source_amount: 100_000,
        source_currency: "KES".to_owned(),
        destination_currency: "USDT".to_owned(),
        external_merchant_id: MERCHANT.to_owned(),
        chain: "eip155:137".to_owned(),
        wallet_address: WALLET.to_owned(),
    }
}

pub(super) fn sign(key_id: &str, payload: impl Into<String>) -> pb::SignPayloadRequest {
    pb::SignPayloadRequest { key_id: key_id.to_owned(), payload: payload.into() }
}

/// A settlement's payload as the venue writes it.
pub(super) fn settlement_payload(external_id: &str, amount: &str, nonce: &str) -> String {
    let connection = EXAMPLE_CONNECTIONS[0];
    format!(r#"{{"externalId":"{external_id}","settlementAmounts":{{"{connection}":{{"BTC":"{amount}"}}}},"nonce":"{nonce}"}}"#)
}

/// Seed 003's payload with nonces of one's own.
pub(super) fn trade_payload(nonce: &str) -> String {
    format!(
        r#"{{"version":"1.2.0","accountId":"a1","amounts":[{{"accountId":"a1","sendSubtotal":"1","sendAmount":"1","sendCurrency":"ofctusd","receiveAmount":"1","receiveCurrency":"ofctbtc"}}],"nonceHold":"h-{nonce}","nonceSettle":"s-{nonce}"}}"#
    )
}
