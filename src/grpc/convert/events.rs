//! ListSettlementEvents and WatchSettlementEvents: their requests, and changes as they are told.

use super::list::states;
use super::time::to_proto;
use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::SettlementEvent;
use crate::grpc::pb;
use crate::service::EventNews;
use crate::store::{EventQuery, EventStretch};

/// Reads a request for a stretch of changes; `after_sequence` may be any number.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn list(request: &pb::ListSettlementEventsRequest) -> Result<EventQuery, InvalidRequest> {
    let mut violations = Violations::new();
    let limit = violations.page_size("page_size", request.page_size);
    let pb::ListSettlementEventsRequest { enterprise_id, after_sequence, states, external_id, .. } = request;
    query(violations, enterprise_id, external_id.as_deref(), states, *after_sequence, limit)
}

/// Reads a request to watch changes.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn watch(request: &pb::WatchSettlementEventsRequest) -> Result<EventQuery, InvalidRequest> {
    let pb::WatchSettlementEventsRequest { enterprise_id, after_sequence, states, external_id } = request;
    query(Violations::new(), enterprise_id, external_id.as_deref(), states, *after_sequence, Some(1))
}

fn query(
    mut violations: Violations,
    enterprise_id: &str,
    external_id: Option<&str>,
    numbers: &[i32],
    after: u64,
    limit: Option<u32>,
) -> Result<EventQuery, InvalidRequest> {
    let enterprise_id = violations.required("enterprise_id", enterprise_id, EnterpriseId::new);
    let states = states(&mut violations, numbers);
    let external_id = violations.optional("external_id", external_id, ExternalId::new);
    violations.finish(|| {
        Some(EventQuery { enterprise_id: enterprise_id?, external_id: external_id?, states: states?, after, limit: limit? })
    })
}

/// The answer: a stretch of changes.
#[must_use]
pub fn stretch(stretch: &EventStretch) -> pb::ListSettlementEventsResponse {
    pb::ListSettlementEventsResponse {
        events: stretch.events.iter().map(event).collect(),
        read_to_sequence: stretch.read_to,
        newest_sequence: stretch.newest,
    }
}

/// A change, or a mark, of a stream.
#[must_use]
pub fn news(news: &EventNews) -> pb::WatchSettlementEventsResponse {
    pb::WatchSettlementEventsResponse { event: news.event.as_deref().map(event), read_to_sequence: news.read_to }
}

fn event(event: &SettlementEvent) -> pb::SettlementEvent {
    let (entry, meaning) = (&event.entry, &event.meaning);
    let told = pb::SettlementEvent {
        event_id: format!("{}-{}", event.settlement, entry.sequence),
        event_sequence: event.place,
        enterprise_id: event.enterprise_id.as_str().to_owned(),
        external_id: event.external_id.as_str().to_owned(),
        sequence: entry.sequence,
        at: Some(to_proto(entry.at)),
        change: entry.change.clone(),
        state: pb::SettlementState::from(entry.state).into(),
        terminal: entry.state.is_terminal(),
        outcome: pb::SettlementOutcome::from(meaning.outcome).into(),
        next_action: pb::NextAction::from(meaning.next_action).into(),
        reason: entry.reason.map(|reason| reason.as_str().to_owned()),
        detail: entry.detail.clone(),
        attempts: entry.attempts,
        ..pb::SettlementEvent::default()
    };
    let Some(venue) = &meaning.venue else { return told };
    pb::SettlementEvent {
        settlement_id: (!venue.settlement_id.is_empty()).then(|| venue.settlement_id.clone()),
        venue_status: pb::VenueSettlementStatus::from(venue.status).into(),
        venue_status_text: venue.status_text.clone(),
        ..told
    }
}
