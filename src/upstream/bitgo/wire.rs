//! BitGo's JSON (seeds 000, 001 and 002), as loosely as its samples need.
//!
//! Every member may be missing or null, whatever the schema says; unknown
//! members are ignored; enums stay text. [`super::map`] decides what is needed.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::upstream::json::{DecimalText, Pairs};

/// The answer of settlements-signing.
#[derive(Deserialize)]
pub(super) struct SigningPayload {
    pub(super) payload: Option<String>,
}

/// The answer of a post. The settlement is read apart, so that a strange one is told from a garbled body.
#[derive(Deserialize)]
pub(super) struct PostAnswer {
    pub(super) settlement: Option<Box<RawValue>>,
}

/// The answer of the partner's list.
#[derive(Deserialize)]
pub(super) struct SettlementList {
    pub(super) settlements: Option<Vec<Settlement>>,
}

/// One settlement with a page of its transfers, as its partner or a client reads it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SettlementDetail {
    pub(super) settlement: Option<Settlement>,
    pub(super) settlement_transfers: Option<Vec<Transfer>>,
    pub(super) settling_disputes: Option<Vec<Dispute>>,
    pub(super) settlement_disputes: Option<Vec<Dispute>>,
}

/// A settlement in any of its four variants.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settlement {
    pub(super) id: Option<String>,
    pub(super) partner_id: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) settlement_type: Option<String>,
    pub(super) reconciled: Option<bool>,
    pub(super) disputed: Option<bool>,
    pub(super) initiated_by: Option<String>,
    pub(super) notes: Option<String>,
    pub(super) rt_id: Option<String>,
    #[serde(rename = "lossSLAAlertSent")]
    pub(super) loss_sla_alert_sent: Option<bool>,
    #[serde(rename = "gainSLAAlertSent")]
    pub(super) gain_sla_alert_sent: Option<bool>,
    pub(super) reason: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) finalized_at: Option<String>,
    pub(super) cutoff_at: Option<String>,
}

/// A transfer, masked where it is another party's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transfer {
    pub(super) id: Option<String>,
    pub(super) settlement_id: Option<String>,
    pub(super) source_trading_account_id: Option<String>,
    pub(super) source_network_account_id: Option<String>,
    pub(super) source_client_name: Option<String>,
    pub(super) source_connection_name: Option<String>,
    pub(super) destination_trading_account_id: Option<String>,
    pub(super) destination_network_account_id: Option<String>,
    pub(super) destination_client_name: Option<String>,
    pub(super) destination_connection_name: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) quantity: Option<DecimalText>,
    pub(super) tx_ids: Option<Vec<String>>,
    pub(super) status: Option<String>,
    pub(super) usd_value: Option<DecimalText>,
    pub(super) dispute_closure_id: Option<String>,
    pub(super) settlement_status: Option<String>,
    pub(super) settlement_notes: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
}

/// A dispute, open or closed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dispute {
    pub(super) id: Option<String>,
    pub(super) connection_id: Option<String>,
    pub(super) disputed_settlement_id: Option<String>,
    pub(super) settled_in_settlement_id: Option<String>,
    pub(super) dispute_closure_id: Option<String>,
    pub(super) dispute_closure: Option<DisputeClosure>,
    pub(super) user_id: Option<String>,
    pub(super) expected_transfers: Option<Pairs<DecimalText>>,
    pub(super) retracted: Option<bool>,
    pub(super) reason: Option<String>,
    pub(super) retracted_by: Option<String>,
    pub(super) retracted_at: Option<String>,
    pub(super) retracted_reason: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
}

/// How a dispute was closed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DisputeClosure {
    pub(super) id: Option<String>,
    pub(super) closed_by: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) notes: Option<String>,
    pub(super) adjusted_settlement_transfers: Option<Vec<Transfer>>,
    pub(super) adjusted_transfers: Option<Pairs<DecimalText>>,
    pub(super) status: Option<String>,
    pub(super) reviewed_by: Option<String>,
    pub(super) review_notes: Option<String>,
    pub(super) created_at: Option<String>,
}

/// One page of the partner's balances: of connections, by their ids, and the partner's own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Balances {
    pub(super) network_balances: Option<Pairs<ConnectionBalances>>,
    pub(super) balances: Option<Pairs<Balance>>,
}

/// What one connection has, by currency.
#[derive(Deserialize)]
pub(super) struct ConnectionBalances {
    pub(super) balances: Option<Pairs<Balance>>,
}

/// What one connection has of one currency.
#[derive(Deserialize)]
pub(super) struct Balance {
    pub(super) available: Option<DecimalText>,
    pub(super) held: Option<DecimalText>,
}
