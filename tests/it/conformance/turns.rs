//! Whose turn it is: work before looks, and nobody of an enterprise that has had its share.

use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::domain::settlement::{Change, Settlement, VenueStatus};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::store::{Claim, NewSettlement};

use super::Fixture;
use super::fixture::LEASE;
use crate::support::builders::{after_start, enterprise, intent, new_settlement, venue};

fn other_enterprise() -> EnterpriseId {
    EnterpriseId::new("enterprise-2").unwrap()
}

async fn of_the_other(fixture: &Fixture, external_id: &str) -> Settlement {
    let mut intent = intent(external_id);
    intent.asked.enterprise_id = other_enterprise();
    fixture.record(NewSettlement { now: after_start(5), ..new_settlement(intent) }).await
}

/// A settlement that the venue has, to be looked at now.
async fn followed(fixture: &Fixture, external_id: &str, status: VenueStatus) {
    let mut settlement = fixture.plain(external_id).await;
    let lease = fixture.claim(&settlement).await.lease;
    let prepared = Change::Prepared { payload: "{}".to_owned() };
    let signed = Change::Signed { signature: Signature::from_bytes([1; 65]), body: b"{}".to_vec() };
    for change in [prepared, signed, Change::Dispatched] {
        settlement = fixture.change(&lease, &settlement, &change).await;
    }
    let taken = Change::Taken { venue: Box::new(venue(external_id, status)) };
    let after = settlement.after(&taken, fixture.now()).unwrap();
    fixture.store.save(&lease, &taken, &after, Some(fixture.now()), None).await.unwrap();
}

async fn due_without(fixture: &Fixture, pass_over: &[EnterpriseId]) -> Option<String> {
    let claim = fixture.store.claim_due(fixture.now(), LEASE, pass_over).await.unwrap();
    claim.map(|Claim { settlement, .. }| settlement.header.external_id.to_string())
}

pub(crate) async fn what_is_under_way_comes_before_what_the_venue_has(fixture: &Fixture) {
    followed(fixture, "e-followed", VenueStatus::Pending).await;
    fixture.record(NewSettlement { now: after_start(5), ..new_settlement(intent("e-new")) }).await;
    fixture.clock.advance(LEASE);
    assert_eq!(due_without(fixture, &[]).await.as_deref(), Some("e-new"), "although it is due later");
    assert_eq!(due_without(fixture, &[]).await.as_deref(), Some("e-followed"));
    assert_eq!(due_without(fixture, &[]).await, None);
}

pub(crate) async fn what_is_passed_over_stays_due(fixture: &Fixture) {
    fixture.plain("e-1").await;
    fixture.plain("e-2").await;
    of_the_other(fixture, "e-3").await;
    assert_eq!(fixture.store.next_due(&[enterprise()]).await.unwrap(), Some(after_start(5)));
    assert_eq!(fixture.store.next_due(&[enterprise(), other_enterprise()]).await.unwrap(), None);
    fixture.clock.advance(LEASE);
    assert_eq!(due_without(fixture, &[enterprise(), other_enterprise()]).await, None);
    assert_eq!(due_without(fixture, &[enterprise()]).await.as_deref(), Some("e-3"));
    assert_eq!(due_without(fixture, &[enterprise()]).await, None);
    assert_eq!(due_without(fixture, &[other_enterprise()]).await.as_deref(), Some("e-1"));
    assert_eq!(due_without(fixture, &[]).await.as_deref(), Some("e-2"));
}

pub(crate) async fn a_lapsed_lease_can_be_passed_over_too(fixture: &Fixture) {
    let held = fixture.plain("e-1").await;
    fixture.claim(&held).await;
    fixture.clock.advance(LEASE);
    assert_eq!(fixture.store.next_due(&[enterprise()]).await.unwrap(), None);
    assert_eq!(due_without(fixture, &[enterprise()]).await, None);
    assert_eq!(due_without(fixture, &[other_enterprise()]).await.as_deref(), Some("e-1"));
}
