//! What the engine tells its operators: one place for its log lines and metrics.

use metrics::counter;
use tracing::{error, info, warn};

use crate::domain::settlement::{Change, Reconciled, Reconciliation, Settlement, State};

/// A settlement changed.
pub(super) fn changed(change: &Change, after: &Settlement) {
    let progress = &after.progress;
    counter!("settlement_gateway_settlement_changes_total", "change" => change.name()).increment(1);
    let reason = progress.reason.map_or("", |reason| reason.as_str());
    let (enterprise, external_id) = (after.header.enterprise_id.as_str(), after.header.external_id.as_str());
    let (state, sequence) = (progress.state.as_str(), progress.sequence);
    if let Change::Observed { standing, concern, .. } = change {
        concern.iter().filter(|concern| concern.is_new).for_each(|concern| amounts_changed(after, &concern.detail));
        standing.reconciliation.iter().for_each(|reconciliation| reconciled(after, reconciliation));
    }
    match progress.state {
        State::NeedsOperator => error!(enterprise, external_id, state, sequence, reason, "a settlement needs an operator"),
        State::NotAccepted => warn!(enterprise, external_id, state, sequence, reason, "a settlement was not accepted"),
        _ => info!(enterprise, external_id, state, sequence, reason, change = change.name(), "a settlement changed"),
    }
}

/// The venue is about to settle something else than was posted.
fn amounts_changed(settlement: &Settlement, detail: &str) {
    counter!("settlement_gateway_final_amounts_changed_total").increment(1);
    let external_id = settlement.header.external_id.as_str();
    error!(external_id, detail, "the venue's final amounts are not what was posted with the disputes that it settles");
}

/// A completed settlement was compared with what was asked.
fn reconciled(settlement: &Settlement, reconciliation: &Reconciliation) {
    let status = reconciliation.status.as_str();
    counter!("settlement_gateway_reconciliations_total", "status" => status).increment(1);
    let external_id = settlement.header.external_id.as_str();
    if reconciliation.status != Reconciled::Mismatch {
        return info!(external_id, status, "a completed settlement is reconciled");
    }
    let differences = reconciliation.to_string();
    error!(external_id, differences, "a completed settlement is not what was posted with the disputes that it settled");
    for difference in &reconciliation.differences {
        error!(external_id, difference = %difference, "the venue settled something else");
    }
}

/// The venue says of a settlement what cannot be, and the settlement is at its end.
pub(super) fn contradicted(settlement: &Settlement, detail: &str) {
    counter!("settlement_gateway_contradictions_total").increment(1);
    error!(external_id = settlement.header.external_id.as_str(), detail, "a finished settlement is contradicted");
}

/// Another worker has the settlement by now.
pub(super) fn taken_over() {
    warn!("another worker has taken the settlement over");
}

/// The venue's signing payload was not what was asked for: a sign of an attack or of a changed contract.
pub(super) fn payload_mismatch(settlement: &Settlement, path: &str) {
    counter!("settlement_gateway_payload_mismatches_total").increment(1);
    let external_id = settlement.header.external_id.as_str();
    error!(external_id, path, "the venue's signing payload is not what was asked for; it was not signed");
}
