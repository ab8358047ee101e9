//! Progress: every field of it, after every change.

use settlement_gateway::domain::ids::SettlementId;
use settlement_gateway::domain::settlement::{Change, Reason, Settlement, State, VenueStatus};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::store::{Material, SettlementName};

use super::Fixture;
use crate::support::builders::{enterprise, venue};

const PAYLOAD: &str = "{\"a\": 1.0,\n \"b\":\"\u{e9}\\u00e9\"}";
const BODY: &[u8] = b"{\"payload\":\"\\u0000\"}\0\xff";

fn prepared() -> Change {
    Change::Prepared { payload: PAYLOAD.to_owned() }
}

fn signed() -> Change {
    Change::Signed { signature: Signature::from_bytes([0xa5; 65]), body: BODY.to_vec() }
}

fn taken(external_id: &str, status: VenueStatus) -> Change {
    Change::Taken { venue: Box::new(venue(external_id, status)) }
}

/// Saves the changes one after the other and reads each back.
async fn follow(fixture: &Fixture, external_id: &str, changes: &[Change]) -> Settlement {
    let mut settlement = fixture.plain(external_id).await;
    let claim = fixture.claim(&settlement).await;
    for change in changes {
        settlement = fixture.change(&claim.lease, &settlement, change).await;
        assert_eq!(fixture.stored(&settlement).await, settlement, "after {}", change.name());
    }
    settlement
}

pub(crate) async fn every_change_reads_back(fixture: &Fixture) {
    let because = |reason| (reason, "the \u{1f4b8} detail".to_owned());
    let (reason, detail) = because(Reason::VenueRateLimited);
    let not_sent = Change::NotSent { reason, detail };
    let (reason, detail) = because(Reason::LiabilitiesExceedBalance);
    let doubted = Change::Unanswered { refusal: Some(reason), reason, detail: detail.clone() };
    let not_accepted = Change::NotAccepted { reason, detail };
    let (reason, detail) = because(Reason::VenueUnavailable);
    let delayed = Change::Delayed { reason, detail: detail.clone() };
    let silence = Change::Unanswered { refusal: None, reason, detail };
    let (reason, detail) = because(Reason::VenueConflict);
    let parked = Change::Parked { reason, detail };
    let sent = || vec![delayed.clone(), prepared(), signed(), Change::Dispatched, not_sent.clone(), Change::Dispatched];
    let then = |more: &[Change]| [sent(), more.to_vec()].concat();

    let ends = [
        (
            "e-completed",
            then(&[silence, taken("e-completed", VenueStatus::Pending), taken("e-completed", VenueStatus::Completed)]),
        ),
        ("e-retried", then(&[taken("e-retried", VenueStatus::Failed), Change::RetryAsked, Change::Dispatched])),
        ("e-refused", then(&[doubted, not_accepted])),
        ("e-rejected", then(&[taken("e-rejected", VenueStatus::Rejected)])),
        ("e-strange", then(&[taken("e-strange", VenueStatus::Unrecognised)])),
        ("e-parked", then(&[parked])),
        ("e-cancelled", vec![Change::Cancelled]),
        ("e-expired", vec![prepared(), Change::Expired]),
    ];
    let mut states = Vec::new();
    for (external_id, changes) in ends {
        states.push(follow(fixture, external_id, &changes).await.progress.state);
    }
    let expected = [
        State::Completed,
        State::Submitting,
        State::NotAccepted,
        State::Rejected,
        State::Pending,
        State::NeedsOperator,
        State::Cancelled,
        State::Expired,
    ];
    assert_eq!(states, expected);
}

pub(crate) async fn the_payload_and_the_body_read_back_byte_for_byte(fixture: &Fixture) {
    let settlement = follow(fixture, "e-1", &[prepared()]).await;
    let half = Material { payload: Some(PAYLOAD.to_owned()), body: None };
    assert_eq!(fixture.store.material(settlement.id).await.unwrap(), half);
    let settlement = follow(fixture, "e-2", &[prepared(), signed(), Change::Dispatched]).await;
    let whole = Material { payload: Some(PAYLOAD.to_owned()), body: Some(BODY.to_vec()) };
    assert_eq!(fixture.store.material(settlement.id).await.unwrap(), whole);
}

pub(crate) async fn the_venues_id_finds_the_settlement(fixture: &Fixture) {
    let sent = [prepared(), signed(), Change::Dispatched, taken("e-1", VenueStatus::Pending)];
    let settlement = follow(fixture, "e-1", &sent).await;
    follow(fixture, "e-2", &[prepared()]).await;
    let name = SettlementName::Venue(SettlementId::new("venue-e-1").unwrap());
    assert_eq!(fixture.store.settlement(&enterprise(), &name).await.unwrap(), Some(settlement));
}
