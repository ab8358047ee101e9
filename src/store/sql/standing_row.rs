//! A standing as JSON in one column: this version's own format, not the venue's.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dispute_row::DisputeRow;
use super::text::{instant, read_instant, read_instant_if_any as at};
use crate::domain::amount::Amount;
use crate::domain::settlement::{Difference, Leg, Reconciled, Reconciliation, Shortfall, Standing, WindowEnds};

#[derive(Serialize, Deserialize)]
struct StandingRow {
    /// Connection, counterparty, currency, amount.
    final_amounts: Vec<(String, Option<String>, String, String)>,
    settling_disputes: Vec<DisputeRow>,
    settlement_disputes: Vec<DisputeRow>,
    dispute_window_ends_at: Option<String>,
    top_up_window_ends_at: Option<String>,
    /// Connection, currency, required, available.
    shortfalls: Vec<(Option<String>, String, String, String)>,
    reconciliation: Option<ReconciliationRow>,
}

#[derive(Serialize, Deserialize)]
struct ReconciliationRow {
    status: String,
    /// Connection, counterparty, currency, expected, settled.
    differences: Vec<(String, Option<String>, String, String, String)>,
    difference_count: usize,
    open_transfers: usize,
    at: String,
}

/// Writes the column.
pub(super) fn write(standing: &Standing) -> Result<String, serde_json::Error> {
    let at = |at: Option<Timestamp>| at.map(instant);
    serde_json::to_string(&StandingRow {
        final_amounts: standing.final_amounts.iter().map(leg_row).collect(),
        settling_disputes: standing.settling_disputes.iter().cloned().map(DisputeRow::of).collect(),
        settlement_disputes: standing.settlement_disputes.iter().cloned().map(DisputeRow::of).collect(),
        dispute_window_ends_at: at(standing.windows.dispute),
        top_up_window_ends_at: at(standing.windows.top_up),
        shortfalls: standing.shortfalls.iter().cloned().map(shortfall_row).collect(),
        reconciliation: standing.reconciliation.as_ref().map(reconciliation_row),
    })
}

fn leg_row(leg: &Leg) -> (String, Option<String>, String, String) {
    let counterparty = leg.counterparty_connection_id.as_ref().map(|id| id.as_str().to_owned());
    (leg.connection_id.as_str().to_owned(), counterparty, leg.currency.as_str().to_owned(), leg.amount.as_str().to_owned())
}

fn shortfall_row(short: Shortfall) -> (Option<String>, String, String, String) {
    (short.connection_id, short.currency, short.required, short.available)
}

fn reconciliation_row(reconciliation: &Reconciliation) -> ReconciliationRow {
    let row = |one: Difference| (one.connection_id, one.counterparty_connection_id, one.currency, one.expected, one.settled);
    ReconciliationRow {
        status: reconciliation.status.as_str().to_owned(),
        differences: reconciliation.differences.iter().cloned().map(row).collect(),
        difference_count: reconciliation.difference_count,
        open_transfers: reconciliation.open_transfers,
        at: instant(reconciliation.at),
    }
}

/// Reads the column; `None` when it is none that [`write`] wrote.
pub(super) fn read(text: &str) -> Option<Standing> {
    let row: StandingRow = serde_json::from_str(text).ok()?;
    let disputes = |rows: Vec<DisputeRow>| rows.into_iter().map(DisputeRow::read).collect::<Option<Vec<_>>>();
    Some(Standing {
        final_amounts: row.final_amounts.into_iter().map(leg).collect::<Option<_>>()?,
        settling_disputes: disputes(row.settling_disputes)?,
        settlement_disputes: disputes(row.settlement_disputes)?,
        windows: WindowEnds { dispute: at(row.dispute_window_ends_at)?, top_up: at(row.top_up_window_ends_at)? },
        shortfalls: row.shortfalls.into_iter().map(shortfall).collect(),
        reconciliation: match row.reconciliation {
            Some(row) => Some(reconciliation(row)?),
            None => None,
        },
    })
}

fn leg((connection, counterparty, currency, amount): (String, Option<String>, String, String)) -> Option<Leg> {
    let counterparty_connection_id = match counterparty {
        Some(id) => Some(id.parse().ok()?),
        None => None,
    };
    Some(Leg {
        connection_id: connection.parse().ok()?,
        counterparty_connection_id,
        currency: currency.parse().ok()?,
        amount: Amount::parse(&amount).ok()?,
    })
}

fn shortfall((connection_id, currency, required, available): (Option<String>, String, String, String)) -> Shortfall {
    Shortfall { connection_id, currency, required, available }
}

fn reconciliation(row: ReconciliationRow) -> Option<Reconciliation> {
    let difference = |(connection_id, counterparty_connection_id, currency, expected, settled)| Difference {
        connection_id,
        counterparty_connection_id,
        currency,
        expected,
        settled,
    };
    Some(Reconciliation {
        status: Reconciled::from_name(&row.status)?,
        differences: row.differences.into_iter().map(difference).collect(),
        difference_count: row.difference_count,
        open_transfers: row.open_transfers,
        at: read_instant(&row.at)?,
    })
}
