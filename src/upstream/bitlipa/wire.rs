//! Bitlipa's JSON (seed 004): every member may be missing or null.

use serde::Deserialize;

use crate::domain::ids::{ExternalTxId, TxId};
use crate::domain::quote::QuoteRequest;
use crate::upstream::json::{DecimalText, object, string};

/// A quote, as created or as read.
#[derive(Deserialize)]
pub(super) struct Quote {
    pub(super) tx_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) source_currency: Option<String>,
    pub(super) destination_currency: Option<String>,
    pub(super) chain: Option<String>,
    pub(super) wallet_address: Option<String>,
    pub(super) exchange_rate: Option<DecimalText>,
    pub(super) destination_amount: Option<DecimalText>,
    pub(super) platform_fee: Option<DecimalText>,
    pub(super) fulfillment: Option<String>,
    pub(super) expected_source_amount: Option<DecimalText>,
    pub(super) external_tx_id: Option<String>,
    pub(super) tx_hash: Option<String>,
    pub(super) failure_reason: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) confirmed_at: Option<String>,
    pub(super) executed_at: Option<String>,
    pub(super) cancelled_at: Option<String>,
    pub(super) expires_at: Option<String>,
}

/// The body that asks for a quote, in the order of the venue's own sample.
pub(super) fn create(request: &QuoteRequest) -> Vec<u8> {
    object([
        ("source_amount", request.source_amount.get().to_string()),
        ("source_currency", string(request.source_currency.as_str())),
        ("destination_currency", string(request.destination_currency.as_str())),
        ("external_merchant_id", string(request.merchant_id.as_str())),
        ("chain", string(request.chain.as_str())),
        ("wallet_address", string(request.wallet.as_str())),
    ])
    .into_bytes()
}

/// The body that confirms a quote.
pub(super) fn confirm(tx_id: &TxId, external_tx_id: &ExternalTxId, callback_url: &str) -> Vec<u8> {
    object([
        ("tx_id", string(tx_id.as_str())),
        ("external_tx_id", string(external_tx_id.as_str())),
        ("callback_url", string(callback_url)),
    ])
    .into_bytes()
}

/// The body that cancels a quote.
pub(super) fn cancel(tx_id: &TxId) -> Vec<u8> {
    object([("tx_id", string(tx_id.as_str()))]).into_bytes()
}
