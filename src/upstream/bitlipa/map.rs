//! From Bitlipa's JSON to the domain: what must be there, and what may be missing.

use super::wire;
use crate::domain::ids::TxId;
use crate::domain::quote::{Fulfillment, QuoteStatus, VenueQuote};
use crate::upstream::json::{DecimalText, instant, weighty_instant};
use crate::upstream::unmapped::{Unmapped, required};

/// A quote. It must have an id and a status; its expiry, which decides whether it still holds, must be a date if it is there.
pub(super) fn quote(wire: wire::Quote) -> Result<VenueQuote, Unmapped> {
    let status_text = required(wire.status, "status")?;
    let fulfillment_text = wire.fulfillment.unwrap_or_default();
    Ok(VenueQuote {
        tx_id: TxId::new(required(wire.tx_id, "tx_id")?).map_err(|_| Unmapped("tx_id"))?,
        status: QuoteStatus::from_name(&status_text).unwrap_or(QuoteStatus::Unrecognised),
        status_text,
        source_currency: wire.source_currency,
        destination_currency: wire.destination_currency,
        chain: wire.chain,
        wallet_address: wire.wallet_address,
        exchange_rate: digits(wire.exchange_rate),
        destination_amount: digits(wire.destination_amount),
        platform_fee: digits(wire.platform_fee),
        fulfillment: Fulfillment::from_name(&fulfillment_text).unwrap_or(Fulfillment::Unrecognised),
        fulfillment_text,
        expected_source_amount: whole(wire.expected_source_amount)?,
        external_tx_id: said(wire.external_tx_id),
        tx_hash: said(wire.tx_hash),
        failure_reason: said(wire.failure_reason),
        created_at: instant(wire.created_at.as_deref()),
        confirmed_at: instant(wire.confirmed_at.as_deref()),
        executed_at: instant(wire.executed_at.as_deref()),
        cancelled_at: instant(wire.cancelled_at.as_deref()),
        expires_at: weighty_instant(wire.expires_at.as_deref()).map_err(|_| Unmapped("expires_at"))?,
    })
}

/// What a quote comes to have later: an empty text is none yet.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn digits(decimal: Option<DecimalText>) -> Option<String> {
    decimal.map(|decimal| decimal.0)
}

/// Minor units are whole: a point or an exponent says that something else was meant.
fn whole(decimal: Option<DecimalText>) -> Result<Option<i64>, Unmapped> {
    decimal.map(|decimal| decimal.0.parse().map_err(|_| Unmapped("expected_source_amount"))).transpose()
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
