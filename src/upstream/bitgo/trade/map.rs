//! From BitGo Trade's JSON to domain values. Empty texts are absent ones.

use jiff::Timestamp;
use serde_json::Value;

use super::wire;
use crate::domain::trade::{Affirmation, Lock, SettlementFees, ShownTrade, VenueTradeSettlement};
use crate::upstream::json::{DecimalText, instant};

/// A settlement.
pub(super) fn settlement(wire: wire::Settlement) -> VenueTradeSettlement {
    VenueTradeSettlement {
        id: said(wire.id),
        requester_account_id: said(wire.requester_account_id),
        requester_account_name: said(wire.requester_account_name),
        status_text: said(wire.status),
        type_text: said(wire.settlement_type),
        affirmations: wire.affirmations.unwrap_or_default().into_iter().map(affirmation).collect(),
        expire_at: at(wire.expire_at.as_ref()),
        finalized_at: at(wire.finalized_at.as_ref()).or_else(|| at(wire.settled_at.as_ref())),
        created_at: at(wire.created_at.as_ref()),
        trades: wire.trades.unwrap_or_default().into_iter().map(trade).collect(),
    }
}

/// An affirmation.
pub(super) fn affirmation(wire: wire::Affirmation) -> Affirmation {
    Affirmation {
        id: said(wire.id),
        party_account_id: said(wire.party_account_id),
        counterparty_account_id: said(wire.counterparty_account_id),
        counterparty_name: said(wire.counterparty_name),
        status_text: said(wire.status),
        settlement_id: wire.settlement.as_ref().and_then(id_of),
        lock: wire.lock.as_ref().and_then(lock),
        payload: said(wire.payload),
        signature: said(wire.signature),
        created_at: at(wire.created_at.as_ref()),
        expire_at: at(wire.expire_at.as_ref()),
    }
}

/// The fees.
pub(super) fn fees(wire: wire::Fees) -> SettlementFees {
    SettlementFees { fee_rate: digits(wire.fee_rate), fee_amount: digits(wire.fee_amount), fee_currency: said(wire.fee_currency) }
}

fn trade(wire: wire::Trade) -> ShownTrade {
    ShownTrade {
        id: said(wire.id),
        base_account_id: said(wire.base_account_id),
        quote_account_id: said(wire.quote_account_id),
        status_text: said(wire.status),
        timestamp: at(wire.timestamp.as_ref()),
        base_amount: digits(wire.base_amount),
        quote_amount: digits(wire.quote_amount),
        base_currency: said(wire.base_currency),
        quote_currency: said(wire.quote_currency),
        base_receive_amount: digits(wire.base_receive_amount),
        quote_receive_amount: digits(wire.quote_receive_amount),
        base_receive_currency: said(wire.base_receive_currency),
        quote_receive_currency: said(wire.quote_receive_currency),
        cost_basis: digits(wire.cost_basis),
        cost_basis_currency: said(wire.cost_basis_currency),
        external_id: said(wire.external_id),
    }
}

/// A lock: an object, or nothing but its id.
fn lock(value: &Value) -> Option<Lock> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    match value {
        Value::Object(_) => Some(Lock {
            id: text("id"),
            account_id: text("accountId"),
            status: text("status"),
            amount: text("amount").or_else(|| value.get("amount").filter(|amount| amount.is_number()).map(Value::to_string)),
            currency: text("currency"),
            created_at: at(value.get("createdAt")),
        }),
        _ => id_of(value).map(|id| Lock { id: Some(id), ..Lock::default() }),
    }
}

/// An id, or the id of the object that stands in its place.
fn id_of(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("id")?.as_str())?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn digits(decimal: Option<DecimalText>) -> Option<String> {
    said(decimal.map(|decimal| decimal.0))
}

/// An instant; `{}` and what else is no text is none.
fn at(value: Option<&Value>) -> Option<Timestamp> {
    instant(value?.as_str())
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
