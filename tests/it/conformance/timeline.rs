//! The timeline: what happened, in its order.

use std::time::Duration;

use settlement_gateway::domain::settlement::{Change, Reason, State, TimelineEntry};
use settlement_gateway::domain::signing::Signature;
use uuid::Uuid;

use super::Fixture;
use crate::support::builders::start;

/// Carries a settlement to its second dispatch, a second a change.
async fn history(fixture: &Fixture) -> (Uuid, Vec<TimelineEntry>) {
    let mut settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    let changes = [
        Change::Prepared { payload: "{}".to_owned() },
        Change::Signed { signature: Signature::from_bytes([1; 65]), body: vec![1] },
        Change::Dispatched,
        Change::NotSent { reason: Reason::VenueUnavailable, detail: "refused".to_owned() },
        Change::Dispatched,
    ];
    for change in changes {
        fixture.clock.advance(Duration::from_secs(1));
        settlement = fixture.change(&lease, &settlement, &change).await;
    }
    (settlement.id, fixture.store.timeline(settlement.id, 100).await.unwrap())
}

pub(crate) async fn changes_are_told_in_their_order(fixture: &Fixture) {
    let (_, told) = history(fixture).await;
    let lines: Vec<_> = told.iter().map(|line| (line.sequence, line.change.as_str(), line.state, line.attempts)).collect();
    let expected = [
        (1, "RECEIVED", State::Received, 0),
        (2, "PREPARED", State::Prepared, 0),
        (3, "SIGNED", State::Signed, 0),
        (4, "DISPATCHED", State::Submitting, 1),
        (5, "NOT_SENT", State::Signed, 1),
        (6, "DISPATCHED", State::Submitting, 2),
    ];
    assert_eq!(lines, expected);
    assert_eq!((told[4].reason, told[4].detail.as_deref()), (Some(Reason::VenueUnavailable), Some("refused")));
    assert_eq!(told[0].at, start());
    assert!(told.windows(2).all(|pair| pair[0].at < pair[1].at));
}

pub(crate) async fn a_short_timeline_holds_the_newest(fixture: &Fixture) {
    let (id, all) = history(fixture).await;
    assert_eq!(fixture.store.timeline(id, 2).await.unwrap(), all[4..]);
}
