//! What confirming tells its operators: one place for its log lines and metrics.

use metrics::counter;
use tracing::{error, info, warn};

use crate::domain::quote::{ConfirmationReason, ConfirmationState, Quote};

/// A confirmation changed. Its callback's token is nowhere near.
pub(in crate::service) fn changed(quote: &Quote) {
    let Some(confirmation) = &quote.confirmation else { return };
    let (merchant, tx_id) = (quote.request.merchant_id.as_str(), quote.venue.tx_id.as_str());
    let (external_tx_id, state) = (confirmation.external_tx_id.as_str(), confirmation.state.as_str());
    let reason = confirmation.reason.map_or("", |reason| reason.as_str());
    counter!("settlement_gateway_quote_confirmation_changes_total", "state" => state).increment(1);
    match (confirmation.state, confirmation.reason) {
        (ConfirmationState::NeedsOperator, _) => {
            error!(merchant, tx_id, external_tx_id, state, reason, "a quote's confirmation needs an operator");
        }
        (_, Some(ConfirmationReason::ConfirmedByAnother)) => {
            error!(merchant, tx_id, external_tx_id, state, reason, "somebody else confirmed a quote with this credential");
        }
        (ConfirmationState::Refused, _) => {
            warn!(merchant, tx_id, external_tx_id, state, reason, "a quote was not confirmed");
        }
        _ => info!(merchant, tx_id, external_tx_id, state, reason, "a quote's confirmation changed"),
    }
}

/// A payout that we had confirmed shows as another's: two ledgers may count it.
pub(super) fn claimed_by_another(quote: &Quote) {
    let (merchant, tx_id) = (quote.request.merchant_id.as_str(), quote.venue.tx_id.as_str());
    counter!("settlement_gateway_quote_payouts_claimed_total").increment(1);
    error!(merchant, tx_id, "the venue shows a quote that this gateway confirmed under another external_tx_id");
}

/// What became of a payout.
pub(super) fn ended(quote: &Quote) {
    let (merchant, tx_id) = (quote.request.merchant_id.as_str(), quote.venue.tx_id.as_str());
    let status = quote.venue.status.as_str();
    counter!("settlement_gateway_quote_payouts_total", "status" => status).increment(1);
    info!(merchant, tx_id, status, "a payout ended");
}
