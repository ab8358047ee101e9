//! How a settlement stands at the venue.

use super::dispute::dispute;
use super::preview::shortfall;
use super::settlement::leg;
use super::time::to_proto;
use crate::domain::settlement::{Difference, Reconciled, Reconciliation, Standing};
use crate::grpc::pb;

/// A settlement with how it stands, on top of the rest. The final amounts are shown where the posted ones are.
pub(super) fn standing(rest: pb::Settlement, standing: Standing, with_amounts: bool) -> pb::Settlement {
    let amounts = if with_amounts { standing.final_amounts.iter().map(leg).collect() } else { Vec::new() };
    pb::Settlement {
        final_amounts: amounts,
        settling_disputes: standing.settling_disputes.into_iter().map(dispute).collect(),
        settlement_disputes: standing.settlement_disputes.into_iter().map(dispute).collect(),
        dispute_window_ends_at: standing.windows.dispute.map(to_proto),
        top_up_window_ends_at: standing.windows.top_up.map(to_proto),
        shortfalls: standing.shortfalls.into_iter().map(shortfall).collect(),
        reconciliation: standing.reconciliation.map(reconciliation),
        ..rest
    }
}

/// What a list shows of a reconciliation: what came of it.
pub(super) fn reconciled(status: Reconciled) -> pb::Reconciliation {
    pb::Reconciliation { status: pb::ReconciliationStatus::from(status).into(), ..pb::Reconciliation::default() }
}

fn reconciliation(reconciliation: Reconciliation) -> pb::Reconciliation {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    pb::Reconciliation {
        difference_count: count(reconciliation.difference_count),
        open_transfers: count(reconciliation.open_transfers),
        differences: reconciliation.differences.into_iter().map(difference).collect(),
        reconciled_at: Some(to_proto(reconciliation.at)),
        ..reconciled(reconciliation.status)
    }
}

fn difference(difference: Difference) -> pb::AmountDifference {
    pb::AmountDifference {
        difference: difference.difference(),
        connection_id: difference.connection_id,
        counterparty_connection_id: difference.counterparty_connection_id,
        currency: difference.currency,
        expected: difference.expected,
        settled: difference.settled,
    }
}

impl From<Reconciled> for pb::ReconciliationStatus {
    fn from(status: Reconciled) -> Self {
        match status {
            Reconciled::Matched => Self::Matched,
            Reconciled::Adjusted => Self::Adjusted,
            Reconciled::Mismatch => Self::Mismatch,
        }
    }
}
