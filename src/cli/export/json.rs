//! The day as one JSON object, written piece by piece: a settlement may have 20,000 legs.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::domain::ids::ExternalId;
use crate::domain::settlement::{Leg, Reconciled, Reconciliation};
use crate::domain::time::Cutoff;
use crate::service::day_report::{Day, DaysSettlement, Totals};

/// Up to the first settlement.
pub(super) fn opening(day: &Day, date: Date) -> String {
    let (enterprise_id, date) = (Value::from(day.enterprise_id.as_str()), Value::from(date.to_string()));
    format!("{{\"format\":\"settlement-gateway day 1\",\"enterprise_id\":{enterprise_id},\"day\":{date},\"settlements\":[")
}

/// One settlement on a line.
pub(super) fn settlement(one: &DaysSettlement, is_first: bool) -> String {
    let (header, progress) = (&one.settlement.header, &one.settlement.progress);
    let venue = progress.venue.as_deref();
    let value = json!({
        "external_id": header.external_id.as_str(),
        "settlement_id": venue.map(|venue| &venue.settlement_id),
        "state": progress.state.as_str(),
        "outcome": progress.outcome().as_str(),
        "reason": progress.reason.map(|reason| reason.as_str()),
        "route": header.route.as_str(),
        "amount_unit": header.amount_unit.as_str(),
        "cutoff_at": header.cutoff.map(Cutoff::to_text),
        "supersedes": header.supersedes.as_ref().map(ExternalId::as_str),
        "created_at": header.created_at.to_string(),
        "finalized_at": venue.and_then(|venue| venue.finalized_at).map(|at| at.to_string()),
        "posted": one.posted.iter().map(leg).collect::<Vec<_>>(),
        "settled": one.settled.iter().map(leg).collect::<Vec<_>>(),
        "reconciliation": progress.reconciled.map(|status| reconciliation(status, one.reconciliation.as_ref())),
    });
    format!("{}\n{value}", if is_first { "" } else { "," })
}

fn leg(leg: &Leg) -> Value {
    json!({
        "connection_id": leg.connection_id.as_str(),
        "counterparty_connection_id": leg.counterparty_connection_id.as_ref().map(|id| id.as_str()),
        "currency": leg.currency.as_str(),
        "amount": leg.amount.as_str(),
    })
}

fn reconciliation(status: Reconciled, whole: Option<&Reconciliation>) -> Value {
    let differences = whole.map(|whole| whole.differences.as_slice()).unwrap_or_default();
    let difference = |one: &crate::domain::settlement::Difference| {
        json!({
            "connection_id": one.connection_id,
            "counterparty_connection_id": one.counterparty_connection_id,
            "currency": one.currency,
            "expected": one.expected,
            "settled": one.settled,
            "difference": one.difference(),
        })
    };
    json!({
        "status": status.as_str(),
        "difference_count": whole.map_or(0, |whole| whole.difference_count),
        "differences": differences.iter().map(difference).collect::<Vec<_>>(),
        "reconciled_at": whole.map(|whole| whole.at.to_string()),
    })
}

/// From the last settlement on: the control totals.
pub(super) fn closing(totals: &Totals) -> String {
    let total = |total: crate::service::day_report::ControlTotals| {
        json!({
            "state": total.state.as_str(),
            "currency": total.currency,
            "settlements": total.settlements,
            "posted_legs": total.posted_legs,
            "posted_sum": total.posted_sum,
            "settled_legs": total.settled_legs,
            "settled_sum": total.settled_sum,
        })
    };
    let control_totals: Value = totals.control_totals().into_iter().map(total).collect();
    format!("\n],\"settlement_count\":{},\"control_totals\":{control_totals}}}\n", totals.settlements())
}
