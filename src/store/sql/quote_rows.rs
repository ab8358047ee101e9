//! Requests for quotes and the venue's quotes as JSON columns: this version's own format.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::{instant, read_instant_if_any as at};
use crate::domain::ids::{Currency, MerchantId, RequestId, TxId};
use crate::domain::quote::{Chain, Fulfillment, MinorUnits, QuoteRequest, QuoteStatus, VenueQuote, WalletAddress};

#[derive(Serialize, Deserialize)]
struct RequestRow {
    request_id: Option<String>,
    merchant_id: String,
    source_amount: i64,
    source_currency: String,
    destination_currency: String,
    chain: String,
    wallet: String,
}

/// Writes a request.
pub(super) fn write_request(request: &QuoteRequest) -> Result<String, serde_json::Error> {
    serde_json::to_string(&RequestRow {
        request_id: request.request_id.as_ref().map(ToString::to_string),
        merchant_id: request.merchant_id.to_string(),
        source_amount: request.source_amount.get(),
        source_currency: request.source_currency.to_string(),
        destination_currency: request.destination_currency.to_string(),
        chain: request.chain.to_string(),
        wallet: request.wallet.as_str().to_owned(),
    })
}

/// Reads a request; `None` when it is none that [`write_request`] wrote.
pub(super) fn read_request(text: &str) -> Option<QuoteRequest> {
    let row: RequestRow = serde_json::from_str(text).ok()?;
    let chain = Chain::new(&row.chain).ok()?;
    Some(QuoteRequest {
        request_id: row.request_id.map(RequestId::new).transpose().ok()?,
        merchant_id: MerchantId::new(row.merchant_id).ok()?,
        source_amount: MinorUnits::new(row.source_amount)?,
        source_currency: Currency::new(row.source_currency).ok()?,
        destination_currency: Currency::new(row.destination_currency).ok()?,
        wallet: WalletAddress::new(&row.wallet, &chain).ok()?,
        chain,
    })
}

#[derive(Serialize, Deserialize)]
struct QuoteRow {
    tx_id: String,
    status: String,
    status_text: String,
    source_currency: Option<String>,
    destination_currency: Option<String>,
    chain: Option<String>,
    wallet_address: Option<String>,
    exchange_rate: Option<String>,
    destination_amount: Option<String>,
    platform_fee: Option<String>,
    fulfillment: String,
    fulfillment_text: String,
    expected_source_amount: Option<i64>,
    external_tx_id: Option<String>,
    tx_hash: Option<String>,
    failure_reason: Option<String>,
    created_at: Option<String>,
    confirmed_at: Option<String>,
    executed_at: Option<String>,
    cancelled_at: Option<String>,
    expires_at: Option<String>,
}

/// Writes a venue's quote.
pub(super) fn write_quote(venue: &VenueQuote) -> Result<String, serde_json::Error> {
    let at = |at: Option<Timestamp>| at.map(instant);
    let venue = venue.clone();
    serde_json::to_string(&QuoteRow {
        tx_id: venue.tx_id.to_string(),
        status: venue.status.as_str().to_owned(),
        status_text: venue.status_text,
        source_currency: venue.source_currency,
        destination_currency: venue.destination_currency,
        chain: venue.chain,
        wallet_address: venue.wallet_address,
        exchange_rate: venue.exchange_rate,
        destination_amount: venue.destination_amount,
        platform_fee: venue.platform_fee,
        fulfillment: venue.fulfillment.as_str().to_owned(),
        fulfillment_text: venue.fulfillment_text,
        expected_source_amount: venue.expected_source_amount,
        external_tx_id: venue.external_tx_id,
        tx_hash: venue.tx_hash,
        failure_reason: venue.failure_reason,
        created_at: at(venue.created_at),
        confirmed_at: at(venue.confirmed_at),
        executed_at: at(venue.executed_at),
        cancelled_at: at(venue.cancelled_at),
        expires_at: at(venue.expires_at),
    })
}

/// Reads a venue's quote; `None` when it is none that [`write_quote`] wrote.
pub(super) fn read_quote(text: &str) -> Option<VenueQuote> {
    let row: QuoteRow = serde_json::from_str(text).ok()?;
    Some(VenueQuote {
        tx_id: TxId::new(row.tx_id).ok()?,
        status: QuoteStatus::from_name(&row.status)?,
        status_text: row.status_text,
        source_currency: row.source_currency,
        destination_currency: row.destination_currency,
        chain: row.chain,
        wallet_address: row.wallet_address,
        exchange_rate: row.exchange_rate,
        destination_amount: row.destination_amount,
        platform_fee: row.platform_fee,
        fulfillment: Fulfillment::from_name(&row.fulfillment)?,
        fulfillment_text: row.fulfillment_text,
        expected_source_amount: row.expected_source_amount,
        external_tx_id: row.external_tx_id,
        tx_hash: row.tx_hash,
        failure_reason: row.failure_reason,
        created_at: at(row.created_at)?,
        confirmed_at: at(row.confirmed_at)?,
        executed_at: at(row.executed_at)?,
        cancelled_at: at(row.cancelled_at)?,
        expires_at: at(row.expires_at)?,
    })
}
