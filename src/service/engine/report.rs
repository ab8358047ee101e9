//! What the engine tells its operators: one place for its log lines and metrics.

use metrics::counter;
use tracing::{error, info, warn};

use crate::causes::with_causes;
use crate::domain::settlement::{Change, Settlement, State};
use crate::store::StoreError;

/// The journal failed; the chain of causes is for the log alone.
pub(super) fn store_failed(error: &StoreError) {
    counter!("settlement_gateway_store_failures_total").increment(1);
    warn!(error = with_causes(error), "the journal did not answer the engine");
}

/// A settlement changed.
pub(super) fn changed(change: &Change, after: &Settlement) {
    let progress = &after.progress;
    counter!("settlement_gateway_settlement_changes_total", "change" => change.name()).increment(1);
    let reason = progress.reason.map_or("", |reason| reason.as_str());
    let (enterprise, external_id) = (after.header.enterprise_id.as_str(), after.header.external_id.as_str());
    let (state, sequence) = (progress.state.as_str(), progress.sequence);
    match progress.state {
        State::NeedsOperator => error!(enterprise, external_id, state, sequence, reason, "a settlement needs an operator"),
        State::NotAccepted => warn!(enterprise, external_id, state, sequence, reason, "a settlement was not accepted"),
        _ => info!(enterprise, external_id, state, sequence, reason, change = change.name(), "a settlement changed"),
    }
}

/// The venue's signing payload was not what was asked for: a sign of an attack or of a changed contract.
pub(super) fn payload_mismatch(settlement: &Settlement, path: &str) {
    counter!("settlement_gateway_payload_mismatches_total").increment(1);
    let external_id = settlement.header.external_id.as_str();
    error!(external_id, path, "the venue's signing payload is not what was asked for; it was not signed");
}
