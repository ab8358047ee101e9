//! The bodies of BitGo Trade's requests, members in a fixed order.

use jiff::Timestamp;

use crate::domain::ids::Currency;
use crate::domain::signing::Signature;
use crate::domain::trade::{BaseUnits, PAYLOAD_VERSION, PartyAmounts, Trade};
use crate::upstream::json::{object, string};
use crate::upstream::{AffirmationWord, FeeQuery};

/// Asks for a payload.
pub(super) fn payload_request(amounts: &[PartyAmounts]) -> Vec<u8> {
    let party = |party: &PartyAmounts| {
        object([
            ("accountId", string(party.account_id.as_str())),
            ("sendAmount", units(&party.send_amount)),
            ("sendCurrency", currency(&party.send_currency)),
            ("receiveAmount", units(&party.receive_amount)),
            ("receiveCurrency", currency(&party.receive_currency)),
        ])
    };
    object([("version", string(PAYLOAD_VERSION)), ("amounts", list(amounts.iter().map(party)))]).into_bytes()
}

/// Creates a settlement.
pub(super) fn creation(payload: &str, signature: &Signature, trades: &[Trade]) -> Vec<u8> {
    object([("payload", string(payload)), ("signature", string(&signature.to_hex())), ("trades", list(trades.iter().map(trade)))])
        .into_bytes()
}

/// Says an account's word.
pub(super) fn affirmation(word: AffirmationWord<'_>) -> Vec<u8> {
    let status = |status: &str| ("status", string(status));
    match word {
        AffirmationWord::Affirmed { payload, signature } => {
            object([status("affirmed"), ("payload", string(payload)), ("signature", string(&signature.to_hex()))])
        }
        AffirmationWord::Rejected => object([status("rejected")]),
        AffirmationWord::Canceled => object([status("canceled")]),
    }
    .into_bytes()
}

/// Asks for fees.
pub(super) fn fees(query: &FeeQuery) -> Vec<u8> {
    object([
        ("counterpartyAccountId", string(query.counterparty_account_id.as_str())),
        ("sendCurrency", currency(&query.send_currency)),
        ("sendAmount", units(&query.send_amount)),
        ("receiveCurrency", currency(&query.receive_currency)),
        ("receiveAmount", units(&query.receive_amount)),
    ])
    .into_bytes()
}

fn trade(trade: &Trade) -> String {
    let mut members: Vec<(&str, String)> = Vec::new();
    members.extend(trade.id.as_ref().map(|id| ("id", string(id.as_str()))));
    members.push(("baseAccountId", string(trade.base_account_id.as_str())));
    members.push(("quoteAccountId", string(trade.quote_account_id.as_str())));
    members.push(("status", string(trade.status.as_str())));
    members.push(("timestamp", string(&iso(trade.timestamp))));
    members.push(("baseAmount", units(&trade.base_amount)));
    members.push(("quoteAmount", units(&trade.quote_amount)));
    members.push(("baseCurrency", currency(&trade.base_currency)));
    members.push(("quoteCurrency", currency(&trade.quote_currency)));
    if let Some((amount, of)) = &trade.base_receive {
        members.extend([("baseReceiveAmount", units(amount)), ("baseReceiveCurrency", currency(of))]);
    }
    if let Some((amount, of)) = &trade.quote_receive {
        members.extend([("quoteReceiveAmount", units(amount)), ("quoteReceiveCurrency", currency(of))]);
    }
    members.extend(trade.cost_basis.as_ref().map(|cost| ("costBasis", string(cost.as_str()))));
    members.extend(trade.cost_basis_currency.as_ref().map(|of| ("costBasisCurrency", currency(of))));
    members.extend(trade.external_id.as_ref().map(|id| ("externalId", string(id.as_str()))));
    object(members)
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn units(amount: &BaseUnits) -> String {
    string(amount.as_str())
}

fn currency(currency: &Currency) -> String {
    string(currency.as_str())
}

/// ISO 8601 with milliseconds, as JavaScript writes it.
fn iso(at: Timestamp) -> String {
    format!("{at:.3}")
}
