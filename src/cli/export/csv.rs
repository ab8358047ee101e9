//! The day as tables (RFC 4180): one line for each accounts and currency of each settlement, and the control totals.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::settlement::Reconciled;
use crate::domain::time::Cutoff;
use crate::service::day_report::{Day, DaysSettlement, Totals};

/// The first line of the settlements.
pub(super) const HEADER: &str = "enterprise_id,external_id,settlement_id,state,outcome,reconciliation,route,amount_unit,\
                                 cutoff_at,created_at,finalized_at,connection_id,counterparty_connection_id,currency,posted,settled\r\n";

/// A settlement's lines.
pub(super) fn lines(one: &DaysSettlement) -> String {
    let (header, progress) = (&one.settlement.header, &one.settlement.progress);
    let venue = progress.venue.as_deref();
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let common = [
        header.enterprise_id.as_str().to_owned(),
        header.external_id.as_str().to_owned(),
        venue.map(|venue| venue.settlement_id.clone()).unwrap_or_default(),
        progress.state.as_str().to_owned(),
        progress.outcome().as_str().to_owned(),
        progress.reconciled.map_or("", Reconciled::as_str).to_owned(),
        header.route.as_str().to_owned(),
        header.amount_unit.as_str().to_owned(),
        header.cutoff.map(Cutoff::to_text).unwrap_or_default(),
        header.created_at.to_string(),
        at(venue.and_then(|venue| venue.finalized_at)),
    ];
    let mut text = String::new();
    for line in one.lines() {
        let key = &line.key;
        let own = [key.connection_id, key.counterparty_connection_id, key.currency];
        let amounts = [line.posted.unwrap_or_default(), line.settled.unwrap_or_default()];
        text.push_str(&row(common.iter().map(String::as_str).chain(own).chain(amounts)));
    }
    text
}

/// The control totals.
pub(super) fn totals(day: &Day, date: Date, totals: &Totals) -> String {
    let mut text = "enterprise_id,day,state,currency,settlements,posted_legs,posted_sum,settled_legs,settled_sum\r\n".to_owned();
    let date = date.to_string();
    for total in totals.control_totals() {
        let counts = [total.settlements, total.posted_legs, total.settled_legs].map(|count| count.to_string());
        let [settlements, posted_legs, settled_legs] = &counts;
        let cells = [
            day.enterprise_id.as_str(),
            &date,
            total.state.as_str(),
            &total.currency,
            settlements,
            posted_legs,
            &total.posted_sum,
            settled_legs,
            &total.settled_sum,
        ];
        text.push_str(&row(cells));
    }
    text
}

fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell, quoted where it must be.
fn cell(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_a_reader_would_split_or_trim_them() {
        assert_eq!(
            row(["plain", "a,b", "say \"so\"", "two\nlines", " edge", ""]),
            "plain,\"a,b\",\"say \"\"so\"\"\",\"two\nlines\",\" edge\",\r\n"
        );
    }
}
