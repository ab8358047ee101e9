//! Settlements in lines for people.

use jiff::Timestamp;

use crate::cli::output::{pairs, table};
use crate::grpc::pb;

/// The most legs that are shown; JSON has all.
const MAX_LEGS: usize = 50;

/// A list, newest first; a full one may lack older ones.
pub(super) fn list(settlements: &[pb::Settlement], is_full: bool) -> Vec<String> {
    if settlements.is_empty() {
        return vec!["no settlements".to_owned()];
    }
    let head = ["CREATED", "EXTERNAL ID", "STATE", "OUTCOME", "NEXT ACTION", "SENT", "REASON"];
    let row = |settlement: &pb::Settlement| {
        vec![
            instant(settlement.created_at.as_ref()),
            settlement.external_id.clone(),
            state(settlement.state),
            outcome(settlement.outcome),
            next_action(settlement.next_action),
            format!("{}x", settlement.attempts),
            settlement.reason.clone().unwrap_or_default(),
        ]
    };
    let mut lines = table(&head, &settlements.iter().map(row).collect::<Vec<_>>());
    if is_full {
        lines.push(format!("the newest {}; a greater --limit shows more", settlements.len()));
    }
    lines
}

/// One settlement: how it stands, and its amounts.
pub(super) fn whole(settlement: &pb::Settlement) -> Vec<String> {
    let mut lines = pairs(&standing(settlement));
    lines.extend(legs("posted amounts", &settlement.posted_amounts));
    lines.extend(legs("final amounts", &settlement.final_amounts));
    let short = |short: &pb::Shortfall| {
        vec![
            short.connection_id.clone().unwrap_or_else(|| "own account".to_owned()),
            short.currency.clone(),
            short.required.clone(),
            short.available.clone(),
        ]
    };
    if !settlement.shortfalls.is_empty() {
        lines.push(String::new());
        let rows: Vec<_> = settlement.shortfalls.iter().map(short).collect();
        lines.extend(table(&["SHORT OF FUNDS", "CURRENCY", "REQUIRED", "AVAILABLE"], &rows));
    }
    lines
}

fn standing(settlement: &pb::Settlement) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let venue_status = match settlement.venue_status_text.as_str() {
        "" => "it has not answered".to_owned(),
        status => status.to_owned(),
    };
    let reconciliation =
        settlement.reconciliation.as_ref().map(|found| word(found.status().as_str_name(), "RECONCILIATION_STATUS_"));
    vec![
        ("external id", settlement.external_id.clone()),
        ("enterprise", settlement.enterprise_id.clone()),
        ("settlement id", text(&settlement.settlement_id)),
        ("state", format!("{}{}", state(settlement.state), if settlement.terminal { " (final)" } else { "" })),
        ("outcome", outcome(settlement.outcome)),
        ("next action", next_action(settlement.next_action)),
        ("reason", text(&settlement.reason)),
        ("detail", text(&settlement.detail)),
        ("venue says", venue_status),
        ("venue's reason", text(&settlement.venue_reason)),
        ("sequence", settlement.sequence.to_string()),
        ("sent", format!("{} times, always the same bytes", settlement.attempts)),
        ("route", word(settlement.route().as_str_name(), "SETTLEMENT_ROUTE_").to_lowercase()),
        ("amount unit", word(settlement.amount_unit().as_str_name(), "AMOUNT_UNIT_").to_lowercase()),
        ("key", settlement.key_id.clone()),
        ("caller", settlement.caller.clone()),
        ("notes", text(&settlement.notes)),
        ("supersedes", text(&settlement.supersedes)),
        ("cutoff", instant(settlement.cutoff_at.as_ref())),
        ("created", instant(settlement.created_at.as_ref())),
        ("updated", instant(settlement.updated_at.as_ref())),
        ("finalized", instant(settlement.finalized_at.as_ref())),
        ("disputes until", instant(settlement.dispute_window_ends_at.as_ref())),
        ("fund until", instant(settlement.top_up_window_ends_at.as_ref())),
        ("reconciled", reconciliation.unwrap_or_default()),
        ("archived in", text(&settlement.archived_in)),
    ]
}

fn legs(title: &str, legs: &[pb::SettlementAmount]) -> Vec<String> {
    if legs.is_empty() {
        return Vec::new();
    }
    let row = |leg: &pb::SettlementAmount| {
        vec![
            leg.connection_id.clone(),
            leg.counterparty_connection_id.clone().unwrap_or_default(),
            leg.currency.clone(),
            leg.amount.clone(),
        ]
    };
    let head = [title.to_uppercase(), "COUNTERPARTY".to_owned(), "CURRENCY".to_owned(), "AMOUNT".to_owned()];
    let rows: Vec<_> = legs.iter().take(MAX_LEGS).map(row).collect();
    let mut lines = vec![String::new()];
    lines.extend(table(&head.each_ref().map(String::as_str), &rows));
    if legs.len() > MAX_LEGS {
        lines.push(format!("and {} more; --output json has all", legs.len() - MAX_LEGS));
    }
    lines
}

/// Every change, oldest first.
pub(super) fn timeline(settlement: &pb::Settlement) -> Vec<String> {
    let row = |entry: &pb::TimelineEntry| {
        vec![
            entry.sequence.to_string(),
            instant(entry.at.as_ref()),
            entry.change.clone(),
            state(entry.state),
            if entry.attempt > 0 { entry.attempt.to_string() } else { String::new() },
            entry.reason.clone(),
            entry.detail.clone(),
        ]
    };
    if settlement.timeline.is_empty() {
        return vec![format!("the timeline has left for {}", settlement.archived_in.as_deref().unwrap_or("the archive"))];
    }
    let rows: Vec<_> = settlement.timeline.iter().map(row).collect();
    table(&["SEQ", "AT", "CHANGE", "STATE", "SENT", "REASON", "DETAIL"], &rows)
}

/// An instant in UTC, to the millisecond; empty where there is none.
fn instant(at: Option<&prost_types::Timestamp>) -> String {
    let at = at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok());
    at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()).unwrap_or_default()
}

fn state(number: i32) -> String {
    named(number, |state: pb::SettlementState| state.as_str_name(), "SETTLEMENT_STATE_")
}

fn outcome(number: i32) -> String {
    named(number, |outcome: pb::SettlementOutcome| outcome.as_str_name(), "SETTLEMENT_OUTCOME_")
}

fn next_action(number: i32) -> String {
    named(number, |next: pb::NextAction| next.as_str_name(), "NEXT_ACTION_")
}

/// A value's name less its enum's prefix; the number of one that only a later version knows.
fn named<T: TryFrom<i32>>(number: i32, name: impl Fn(T) -> &'static str, prefix: &str) -> String {
    T::try_from(number).map_or_else(|_| number.to_string(), |value| word(name(value), prefix))
}

fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuck() -> pb::Settlement {
        pb::Settlement {
            external_id: "day-1".to_owned(),
            state: pb::SettlementState::NeedsOperator.into(),
            outcome: pb::SettlementOutcome::Unknown.into(),
            next_action: pb::NextAction::Operator.into(),
            attempts: 2,
            sequence: 9,
            reason: Some("VENUE_ANSWERED_OTHER".to_owned()),
            created_at: Some(prost_types::Timestamp { seconds: 1_773_835_200, nanos: 5_000_000 }),
            ..pb::Settlement::default()
        }
    }

    #[test]
    fn a_list_tells_at_a_glance_what_stands_still() {
        let lines = list(&[stuck()], true);
        let told: Vec<_> = lines[1].split_whitespace().collect();
        let expected =
            ["2026-03-18T12:00:00.005Z", "day-1", "NEEDS_OPERATOR", "UNKNOWN", "OPERATOR", "2x", "VENUE_ANSWERED_OTHER"];
        assert_eq!(told, expected);
        assert_eq!(lines[2], "the newest 1; a greater --limit shows more");
        assert_eq!(list(&[], false), ["no settlements"]);
    }

    #[test]
    fn a_state_of_a_later_version_is_told_by_its_number() {
        assert_eq!(state(4_000), "4000");
        assert_eq!(state(pb::SettlementState::Pending.into()), "PENDING");
    }

    #[test]
    fn what_is_not_there_has_no_line() {
        let lines = whole(&stuck());
        assert!(lines.iter().any(|line| line.starts_with("sequence") && line.ends_with('9')), "{lines:?}");
        assert!(!lines.iter().any(|line| line.starts_with("notes") || line.contains("POSTED")), "{lines:?}");
    }

    #[test]
    fn a_settlement_of_many_legs_shows_some_and_says_so() {
        let leg = pb::SettlementAmount { currency: "BTC".to_owned(), amount: "1".to_owned(), ..Default::default() };
        let many = pb::Settlement { posted_amounts: vec![leg; MAX_LEGS + 3], ..stuck() };
        assert_eq!(whole(&many).last().unwrap(), "and 3 more; --output json has all");
    }
}
