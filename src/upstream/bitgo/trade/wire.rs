//! BitGo Trade's JSON (seed 003): every member may be missing or null, and none is believed to have the documented shape.

use serde::Deserialize;
use serde_json::Value;

use crate::upstream::json::DecimalText;

/// The answer of `payload`.
#[derive(Deserialize)]
pub(super) struct Payload {
    pub(super) payload: Option<String>,
}

/// The list of settlements.
#[derive(Deserialize)]
pub(super) struct SettlementList {
    pub(super) settlements: Option<Vec<Settlement>>,
}

/// The list of affirmations.
#[derive(Deserialize)]
pub(super) struct AffirmationList {
    pub(super) affirmations: Option<Vec<Affirmation>>,
}

/// A settlement. Instants are read apart, since the venue's own sample shows `{}` for one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settlement {
    pub(super) id: Option<String>,
    pub(super) requester_account_id: Option<String>,
    pub(super) requester_account_name: Option<String>,
    pub(super) status: Option<String>,
    #[serde(rename = "type")]
    pub(super) settlement_type: Option<String>,
    pub(super) affirmations: Option<Vec<Affirmation>>,
    pub(super) expire_at: Option<Value>,
    pub(super) finalized_at: Option<Value>,
    pub(super) settled_at: Option<Value>,
    pub(super) created_at: Option<Value>,
    pub(super) trades: Option<Vec<Trade>>,
}

/// An affirmation. Its lock may be an object or, where it is not expanded, an id.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Affirmation {
    pub(super) id: Option<String>,
    pub(super) party_account_id: Option<String>,
    pub(super) counterparty_account_id: Option<String>,
    pub(super) counterparty_name: Option<String>,
    pub(super) status: Option<String>,
    pub(super) settlement: Option<Value>,
    pub(super) lock: Option<Value>,
    pub(super) payload: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) created_at: Option<Value>,
    pub(super) expire_at: Option<Value>,
}

/// A trade.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trade {
    pub(super) id: Option<String>,
    pub(super) base_account_id: Option<String>,
    pub(super) quote_account_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) timestamp: Option<Value>,
    pub(super) base_amount: Option<DecimalText>,
    pub(super) quote_amount: Option<DecimalText>,
    pub(super) base_currency: Option<String>,
    pub(super) quote_currency: Option<String>,
    pub(super) base_receive_amount: Option<DecimalText>,
    pub(super) quote_receive_amount: Option<DecimalText>,
    pub(super) base_receive_currency: Option<String>,
    pub(super) quote_receive_currency: Option<String>,
    pub(super) cost_basis: Option<DecimalText>,
    pub(super) cost_basis_currency: Option<String>,
    pub(super) external_id: Option<String>,
}

/// The answer of `calculatefees`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fees {
    pub(super) fee_rate: Option<DecimalText>,
    pub(super) fee_amount: Option<DecimalText>,
    pub(super) fee_currency: Option<String>,
}
