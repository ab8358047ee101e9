//! Quotes: the requests, and a quote as it is shown.

use jiff::Timestamp;

use super::time::to_proto;
use super::violations::{InvalidRequest, Violations};
use crate::domain::amount::Amount;
use crate::domain::ids::{Currency, ExternalTxId, MerchantId, RequestId, TxId};
use crate::domain::quote::{
    Chain, Confirmation, ConfirmationResolution, Expectations, MinorUnits, Quote, QuoteRequest, WalletAddress,
};
use crate::grpc::pb;
use crate::service::ConfirmQuote;

/// Which quote is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedQuote {
    /// Whose.
    pub merchant_id: MerchantId,
    /// Which.
    pub tx_id: TxId,
    /// Whether the venue is asked first.
    pub refresh: bool,
}

/// Reads CreateQuote's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn create(request: &pb::CreateQuoteRequest) -> Result<QuoteRequest, InvalidRequest> {
    let mut violations = Violations::new();
    let request_id = violations.optional("request_id", request.request_id.as_deref(), RequestId::new);
    let source_amount = violations.within("source_amount", request.source_amount, 1, MinorUnits::MAX).and_then(MinorUnits::new);
    let source_currency = violations.required("source_currency", &request.source_currency, Currency::new);
    let destination_currency = violations.required("destination_currency", &request.destination_currency, Currency::new);
    let merchant_id = violations.required("external_merchant_id", &request.external_merchant_id, MerchantId::new);
    let chain = violations.required("chain", &request.chain, Chain::new);
    // An address means nothing without its chain.
    let wallet = chain.as_ref().and_then(|chain| {
        violations.required("wallet_address", &request.wallet_address, |address| WalletAddress::new(address, chain))
    });
    violations.finish(|| {
        Some(QuoteRequest {
            request_id: request_id?,
            merchant_id: merchant_id?,
            source_amount: source_amount?,
            source_currency: source_currency?,
            destination_currency: destination_currency?,
            chain: chain?,
            wallet: wallet?,
        })
    })
}

/// Reads GetQuote's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn get(request: &pb::GetQuoteRequest) -> Result<NamedQuote, InvalidRequest> {
    let mut violations = Violations::new();
    let merchant_id = violations.required("external_merchant_id", &request.external_merchant_id, MerchantId::new);
    let tx_id = violations.required("tx_id", &request.tx_id, TxId::new);
    violations.finish(|| Some(NamedQuote { merchant_id: merchant_id?, tx_id: tx_id?, refresh: request.refresh }))
}

/// Reads ConfirmQuote's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn confirm(request: &pb::ConfirmQuoteRequest) -> Result<ConfirmQuote, InvalidRequest> {
    let mut violations = Violations::new();
    let merchant_id = violations.required("external_merchant_id", &request.external_merchant_id, MerchantId::new);
    let tx_id = violations.required("tx_id", &request.tx_id, TxId::new);
    let external_tx_id = violations.required("external_tx_id", &request.external_tx_id, ExternalTxId::new);
    let exchange_rate = violations.optional("expected_exchange_rate", request.expected_exchange_rate.as_deref(), Amount::parse);
    let destination_amount =
        violations.optional("expected_destination_amount", request.expected_destination_amount.as_deref(), Amount::parse);
    let platform_fee = violations.optional("expected_platform_fee", request.expected_platform_fee.as_deref(), Amount::parse);
    let source_amount = request.expected_source_amount;
    let is_within =
        source_amount.is_none_or(|amount| violations.within("expected_source_amount", amount, 1, MinorUnits::MAX).is_some());
    violations.finish(|| {
        let expected = Expectations {
            exchange_rate: exchange_rate?,
            destination_amount: destination_amount?,
            platform_fee: platform_fee?,
            expected_source_amount: source_amount.filter(|_| is_within),
        };
        Some(ConfirmQuote {
            merchant_id: merchant_id?,
            tx_id: tx_id?,
            external_tx_id: external_tx_id?,
            accept_partial: request.accept_partial,
            expected,
        })
    })
}

/// Reads CancelQuote's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn cancel(request: &pb::CancelQuoteRequest) -> Result<(MerchantId, TxId), InvalidRequest> {
    named(&request.external_merchant_id, &request.tx_id)
}

/// Reads WatchQuote's request, less `after_sequence`, which may be any number.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn watch(request: &pb::WatchQuoteRequest) -> Result<(MerchantId, TxId), InvalidRequest> {
    named(&request.external_merchant_id, &request.tx_id)
}

fn named(merchant_id: &str, tx_id: &str) -> Result<(MerchantId, TxId), InvalidRequest> {
    let mut violations = Violations::new();
    let merchant_id = violations.required("external_merchant_id", merchant_id, MerchantId::new);
    let tx_id = violations.required("tx_id", tx_id, TxId::new);
    violations.finish(|| Some((merchant_id?, tx_id?)))
}

fn confirmation(confirmation: Confirmation) -> pb::QuoteConfirmation {
    pb::QuoteConfirmation {
        external_tx_id: confirmation.external_tx_id.as_str().to_owned(),
        accept_partial: confirmation.accept_partial,
        state: pb::ConfirmationState::from(confirmation.state).into(),
        reason: confirmation.reason.map(|reason| reason.as_str().to_owned()),
        detail: confirmation.detail,
        attempts: confirmation.attempts,
        caller: confirmation.caller.as_str().to_owned(),
        recorded_at: Some(to_proto(confirmation.recorded_at)),
        updated_at: Some(to_proto(confirmation.updated_at)),
        resolution: confirmation.resolution.map(resolution),
    }
}

fn resolution(resolution: ConfirmationResolution) -> pb::ConfirmationResolution {
    pb::ConfirmationResolution {
        was_confirmed: resolution.was_confirmed,
        decided_by: resolution.by.as_str().to_owned(),
        why: resolution.why,
        decided_at: Some(to_proto(resolution.at)),
    }
}

/// A quote as it is shown at an instant, which decides whether it has expired.
#[must_use]
pub fn quote(quote: Quote, now: Timestamp) -> pb::Quote {
    let (expired, arithmetic_consistent) = (quote.is_expired(now), quote.arithmetic_is_consistent());
    let terminal = quote.is_terminal(now);
    let Quote { request, venue, requested_at, read_at, sequence, confirmation, .. } = quote;
    pb::Quote {
        tx_id: venue.tx_id.as_str().to_owned(),
        request_id: request.request_id.map(|id| id.as_str().to_owned()),
        external_merchant_id: request.merchant_id.as_str().to_owned(),
        status: pb::QuoteStatus::from(venue.status).into(),
        status_text: venue.status_text,
        source_amount: request.source_amount.get(),
        source_currency: request.source_currency.as_str().to_owned(),
        expected_source_amount: venue.expected_source_amount,
        exchange_rate: venue.exchange_rate,
        destination_amount: venue.destination_amount,
        platform_fee: venue.platform_fee,
        destination_currency: request.destination_currency.as_str().to_owned(),
        fulfillment: pb::Fulfillment::from(venue.fulfillment).into(),
        fulfillment_text: venue.fulfillment_text,
        chain: request.chain.as_str().to_owned(),
        wallet_address: request.wallet.as_str().to_owned(),
        created_at: Some(to_proto(venue.created_at.unwrap_or(requested_at))),
        expires_at: venue.expires_at.map(to_proto),
        confirmed_at: venue.confirmed_at.map(to_proto),
        executed_at: venue.executed_at.map(to_proto),
        external_tx_id: venue.external_tx_id,
        tx_hash: venue.tx_hash,
        failure_reason: venue.failure_reason,
        expired,
        arithmetic_consistent,
        read_at: Some(to_proto(read_at)),
        cancelled_at: venue.cancelled_at.map(to_proto),
        sequence,
        terminal,
        confirmation: confirmation.map(self::confirmation),
    }
}
