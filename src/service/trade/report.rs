//! What operators learn of a change: a line in the log, and a count.

use metrics::counter;
use tracing::{error, info};

use crate::domain::trade::{TradeChange, TradeReason, TradeState, TradeWrite};

/// Writes a change down. What needs a person, and a payload that says something else, is an error.
pub(super) fn changed(change: &TradeChange, after: &TradeWrite) {
    let (asked, progress) = (&after.header.asked, &after.progress);
    let state = progress.state.as_str();
    let reason = progress.reason.map(TradeReason::as_str).unwrap_or_default();
    counter!("settlement_gateway_trade_changes_total", "change" => change.name()).increment(1);
    if progress.reason == Some(TradeReason::PayloadMismatch) {
        counter!("settlement_gateway_payload_mismatches_total").increment(1);
    }
    let (request_id, account_id) = (asked.request_id.as_str(), asked.account_id.as_str());
    let alarms = progress.state == TradeState::NeedsOperator || progress.reason == Some(TradeReason::PayloadMismatch);
    if alarms {
        let detail = progress.detail.as_deref().unwrap_or_default();
        error!(request_id, account_id, action = asked.action.name(), state, reason, detail, "a trade write needs a person");
    } else {
        info!(
            request_id,
            account_id,
            action = asked.action.name(),
            change = change.name(),
            state,
            reason,
            "a trade write changed"
        );
    }
}
