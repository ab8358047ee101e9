//! What is seen, as the page's script reads it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::domain::settlement::{Settlement, TimelineEntry};
use crate::service::window::{SeenKey, SeenRefusal, SeenVenue, Sight, Timeline};

/// What there is to see.
#[derive(Serialize)]
pub(super) struct SightView {
    at: String,
    version: &'static str,
    adrift: Option<String>,
    is_cut: bool,
    settlements: Vec<SettlementView>,
    venues: Vec<VenueView>,
    keys: Vec<KeyView>,
    refusals: Vec<RefusalView>,
}

#[derive(Serialize)]
struct SettlementView {
    enterprise: String,
    external_id: String,
    settlement_id: Option<String>,
    state: &'static str,
    outcome: &'static str,
    next_action: &'static str,
    reason: Option<String>,
    detail: Option<String>,
    attempts: u32,
    sequence: u64,
    terminal: bool,
    caller: String,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct VenueView {
    name: String,
    answered_at: Option<String>,
    missed_at: Option<String>,
    skew_seconds: Option<i64>,
    is_held_back: bool,
    budget_left: Option<u32>,
}

#[derive(Serialize)]
struct KeyView {
    id: String,
    public_key: String,
    source: &'static str,
    purposes: Vec<&'static str>,
    is_enabled: bool,
}

#[derive(Serialize)]
struct RefusalView {
    at: String,
    caller: Option<String>,
    rpc: Option<String>,
    reason: Option<String>,
    name: Option<String>,
}

/// One settlement and its changes.
#[derive(Serialize)]
pub(super) struct TimelineView {
    settlement: SettlementView,
    entries: Vec<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    sequence: u64,
    at: String,
    change: String,
    state: &'static str,
    attempts: u32,
    reason: Option<String>,
    detail: Option<String>,
}

pub(super) fn sight(sight: &Sight) -> SightView {
    SightView {
        at: instant(sight.at),
        version: env!("CARGO_PKG_VERSION"),
        adrift: sight.adrift.map(|adrift| format!("{}: {adrift}", adrift.as_str())),
        is_cut: sight.is_cut,
        settlements: sight.settlements.iter().map(settlement).collect(),
        venues: sight.venues.iter().map(venue).collect(),
        keys: sight.keys.iter().map(key).collect(),
        refusals: sight.refusals.iter().map(refusal).collect(),
    }
}

pub(super) fn timeline(timeline: &Timeline) -> TimelineView {
    TimelineView { settlement: settlement(&timeline.settlement), entries: timeline.entries.iter().map(entry).collect() }
}

/// To the millisecond: the page shows times to people.
fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn settlement(settlement: &Settlement) -> SettlementView {
    let (header, progress) = (&settlement.header, &settlement.progress);
    SettlementView {
        enterprise: header.enterprise_id.to_string(),
        external_id: header.external_id.to_string(),
        settlement_id: progress.venue.as_ref().map(|venue| venue.settlement_id.clone()),
        state: progress.state.as_str(),
        outcome: progress.outcome().as_str(),
        next_action: progress.next_action(header.route).as_str(),
        reason: progress.reason.map(|reason| reason.as_str().to_owned()),
        detail: progress.detail.clone(),
        attempts: progress.attempts,
        sequence: progress.sequence,
        terminal: progress.state.is_terminal(),
        caller: header.caller.to_string(),
        created_at: instant(header.created_at),
        updated_at: instant(progress.updated_at),
    }
}

fn entry(entry: &TimelineEntry) -> EntryView {
    EntryView {
        sequence: entry.sequence,
        at: instant(entry.at),
        change: entry.change.clone(),
        state: entry.state.as_str(),
        attempts: entry.attempts,
        reason: entry.reason.map(|reason| reason.as_str().to_owned()),
        detail: entry.detail.clone(),
    }
}

fn venue(venue: &SeenVenue) -> VenueView {
    let seen = venue.seen;
    VenueView {
        name: venue.name.clone(),
        answered_at: seen.answered_at.map(instant),
        missed_at: seen.missed_at.map(instant),
        skew_seconds: seen.skew.map(|skew| skew.as_secs()),
        is_held_back: seen.is_held_back,
        budget_left: seen.budget_left,
    }
}

fn key(key: &SeenKey) -> KeyView {
    KeyView {
        id: key.id.to_string(),
        public_key: key.public_key.to_hex(),
        source: key.source.as_str(),
        purposes: key.purposes.iter().map(|purpose| purpose.as_str()).collect(),
        is_enabled: key.is_enabled,
    }
}

/// What the audit record says; several refusals in one record have no single RPC and reason.
fn refusal(refusal: &SeenRefusal) -> RefusalView {
    let content: Value = serde_json::from_str(&refusal.content).unwrap_or_default();
    let text = |name: &str| content.get(name).and_then(Value::as_str).map(str::to_owned);
    let counts = content.get("counts").and_then(Value::as_object);
    let tallied =
        counts.map(|counts| counts.iter().map(|(what, count)| format!("{what} {count}x")).collect::<Vec<_>>().join(", "));
    RefusalView {
        at: refusal.at.clone(),
        caller: text("caller"),
        rpc: text("rpc"),
        reason: text("reason").or(tallied),
        name: text("name"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content: &str) -> RefusalView {
        refusal(&SeenRefusal { at: "2026-03-18T12:00:00Z".to_owned(), content: content.to_owned() })
    }

    #[test]
    fn a_refusal_is_shown_in_parts_and_many_by_their_counts() {
        let one = shown(r#"{"caller":"desk","reason":"NOT_ALLOWED","rpc":"SigningService/SignPayload","name":"day-1"}"#);
        assert_eq!(
            (one.caller.as_deref(), one.reason.as_deref(), one.name.as_deref()),
            (Some("desk"), Some("NOT_ALLOWED"), Some("day-1"))
        );
        let many = shown(r#"{"caller":"desk","counts":{"SigningService/SignPayload NOT_ALLOWED":12}}"#);
        assert_eq!(many.reason.as_deref(), Some("SigningService/SignPayload NOT_ALLOWED 12x"));
    }

    #[test]
    fn a_record_that_cannot_be_read_shows_its_time_alone() {
        let unread = shown("not JSON");
        assert_eq!((unread.caller, unread.reason), (None, None));
    }
}
