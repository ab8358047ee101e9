//! Followed settlements: several at once, how each stands, and until when.

use std::time::Duration;

use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::domain::settlement::{Change, Intent, Reconciled, Settlement, Standing, VenueStatus};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::store::{Claim, DetailsMark, Lease, StoreError};

use super::Fixture;
use super::fixture::LEASE;
use crate::support::builders::{after_start, enterprise, intent, new_settlement, venue};
use crate::support::standings::{observed, standing};

/// Takes a settlement to where the venue has it; it is still held.
async fn taken(fixture: &Fixture, intent: Intent, status: VenueStatus) -> (Lease, Settlement) {
    let external_id = intent.asked.external_id.as_str().to_owned();
    let mut settlement = fixture.record(new_settlement(intent)).await;
    let lease = fixture.claim(&settlement).await.lease;
    let signature = Signature::from_bytes([1; 65]);
    for change in [
        Change::Prepared { payload: "{}".to_owned() },
        Change::Signed { signature, body: vec![1] },
        Change::Dispatched,
        Change::Taken { venue: Box::new(venue(&external_id, status)) },
    ] {
        settlement = fixture.change(&lease, &settlement, &change).await;
    }
    (lease, settlement)
}

/// The same, given back and due some seconds after the start.
async fn followed(fixture: &Fixture, external_id: &str, due_seconds: u64) -> Settlement {
    let (lease, settlement) = taken(fixture, intent(external_id), VenueStatus::Pending).await;
    fixture.store.release(&lease, Some(after_start(due_seconds))).await.unwrap();
    settlement
}

async fn claimed(fixture: &Fixture, due_seconds: u64, limit: u32) -> Vec<String> {
    let due_by = after_start(due_seconds);
    let claims = fixture.store.claim_followed(&enterprise(), due_by, LEASE, limit).await.unwrap();
    let mut names: Vec<String> = claims.iter().map(|claim| claim.settlement.header.external_id.as_str().to_owned()).collect();
    names.sort();
    names
}

pub(crate) async fn followed_settlements_are_claimed_together_the_longest_due_first(fixture: &Fixture) {
    for (external_id, due_seconds) in [("e-1", 30), ("e-2", 10), ("e-3", 20), ("e-4", 50)] {
        followed(fixture, external_id, due_seconds).await;
    }
    fixture.plain("e-under-way").await;
    assert_eq!(claimed(fixture, 40, 2).await, ["e-2", "e-3"]);
    assert_eq!(claimed(fixture, 40, 2).await, ["e-1"], "what is held stays, and so does what falls due later");
    assert_eq!(claimed(fixture, 40, 2).await, Vec::<String>::new());
}

pub(crate) async fn a_claim_of_many_may_save_each_of_them(fixture: &Fixture) {
    let settlement = followed(fixture, "e-1", 0).await;
    let mut claims = fixture.store.claim_followed(&enterprise(), fixture.now(), LEASE, 9).await.unwrap();
    let Claim { lease, settlement: claimed, lapses, at } = claims.remove(0);
    assert_eq!((&claimed, lapses, at), (&settlement, 0, fixture.now()));
    let change = observed("e-1", VenueStatus::Failed, Standing::default());
    let after = fixture.change(&lease, &claimed, &change).await;
    assert_eq!(fixture.stored(&settlement).await, after);
}

pub(crate) async fn what_another_enterprise_has_or_a_worker_stopped_in_is_not_claimed_with_others(fixture: &Fixture) {
    let mut other = intent("e-other");
    other.asked.enterprise_id = EnterpriseId::new("enterprise-2").unwrap();
    let (lease, _) = taken(fixture, other, VenueStatus::Pending).await;
    fixture.store.release(&lease, Some(fixture.now())).await.unwrap();
    let stopped = followed(fixture, "e-stopped", 0).await;
    fixture.claim(&stopped).await;
    fixture.clock.advance(LEASE);
    assert_eq!(claimed(fixture, 1_000, 9).await, Vec::<String>::new(), "its lease has only lapsed");
    let again = fixture.claim(&stopped).await;
    assert_eq!(again.lapses, 1);
    fixture.store.release(&again.lease, Some(fixture.now())).await.unwrap();
    assert_eq!(claimed(fixture, 1_000, 9).await, ["e-stopped"], "given back in order");
}

pub(crate) async fn a_prolonged_lease_outlasts_its_first_end(fixture: &Fixture) {
    let settlement = followed(fixture, "e-1", 0).await;
    let lease = fixture.claim(&settlement).await.lease;
    fixture.clock.advance(LEASE - Duration::from_secs(1));
    fixture.store.prolong(&lease, LEASE).await.unwrap();
    fixture.clock.advance(LEASE - Duration::from_secs(1));
    assert!(fixture.store.claim(settlement.id, LEASE).await.unwrap().is_none());
    fixture.clock.advance(Duration::from_secs(1));
    fixture.claim(&settlement).await;
    assert!(matches!(fixture.store.prolong(&lease, LEASE).await, Err(StoreError::Fenced)), "it is another's");
}

pub(crate) async fn a_standing_with_something_in_every_field_reads_back(fixture: &Fixture) {
    let (lease, settlement) = taken(fixture, intent("e-1"), VenueStatus::Completed).await;
    assert_eq!(fixture.store.standing(settlement.id).await.unwrap(), None);
    assert_eq!(fixture.store.details_mark(settlement.id).await.unwrap(), None);
    let after = fixture.change(&lease, &settlement, &observed("e-1", VenueStatus::Completed, standing())).await;
    assert_eq!(after.progress.reconciled, Some(Reconciled::Mismatch));
    assert_eq!(fixture.stored(&settlement).await, after);
    assert_eq!(fixture.store.standing(settlement.id).await.unwrap(), Some(standing()));
    let mark = DetailsMark { sequence: after.progress.sequence, due_at: after_start(1_000) };
    assert_eq!(fixture.store.details_mark(settlement.id).await.unwrap(), Some(mark));
}

pub(crate) async fn the_next_standing_replaces_the_last(fixture: &Fixture) {
    let (lease, settlement) = taken(fixture, intent("e-1"), VenueStatus::Pending).await;
    let first = Standing { reconciliation: None, ..standing() };
    let settlement = fixture.change(&lease, &settlement, &observed("e-1", VenueStatus::Pending, first)).await;
    let settlement = fixture.change(&lease, &settlement, &observed("e-1", VenueStatus::Failed, Standing::default())).await;
    assert_eq!(fixture.store.standing(settlement.id).await.unwrap(), Some(Standing::default()));
}

pub(crate) async fn a_look_that_found_nothing_new_is_noted_without_a_change(fixture: &Fixture) {
    let (lease, settlement) = taken(fixture, intent("e-1"), VenueStatus::Pending).await;
    let settlement = fixture.change(&lease, &settlement, &observed("e-1", VenueStatus::Pending, Standing::default())).await;
    let mark = DetailsMark { sequence: settlement.progress.sequence, due_at: after_start(2_000) };
    fixture.store.release_looked(&lease, after_start(500), mark).await.unwrap();
    assert_eq!(fixture.stored(&settlement).await, settlement);
    assert_eq!(fixture.store.details_mark(settlement.id).await.unwrap(), Some(mark));
    assert_eq!(fixture.store.next_due(&[]).await.unwrap(), Some(after_start(500)));
    let late = fixture.store.release_looked(&lease, after_start(1), mark).await;
    assert!(matches!(late, Err(StoreError::Fenced)), "it was given back");
}

pub(crate) async fn an_observation_by_another_than_the_holder_leaves_the_standing_as_it_was(fixture: &Fixture) {
    let (old, settlement) = taken(fixture, intent("e-1"), VenueStatus::Pending).await;
    fixture.clock.advance(LEASE);
    fixture.claim(&settlement).await;
    let change = observed("e-1", VenueStatus::Pending, Standing::default());
    let after = settlement.after(&change, fixture.now()).unwrap();
    assert!(matches!(fixture.store.save(&old, &change, &after, None, None).await, Err(StoreError::Fenced)));
    assert_eq!(fixture.store.standing(settlement.id).await.unwrap(), None);
}

pub(crate) async fn a_completed_settlement_is_due_until_it_is_reconciled(fixture: &Fixture) {
    let (lease, settlement) = taken(fixture, intent("e-1"), VenueStatus::Completed).await;
    fixture.store.release(&lease, Some(fixture.now())).await.unwrap();
    let claim = fixture.due().await.unwrap();
    fixture.change(&claim.lease, &settlement, &observed("e-1", VenueStatus::Completed, standing())).await;
    assert_eq!(fixture.store.next_due(&[]).await.unwrap(), None);
    fixture.clock.advance(LEASE * 2);
    assert!(fixture.due().await.is_none(), "it is finished");
}

pub(crate) async fn what_a_venue_calls_about_has_its_details_read_again(fixture: &Fixture) {
    for (external_id, by_name) in [("e-1", true), ("e-2", false)] {
        let (lease, settlement) = taken(fixture, intent(external_id), VenueStatus::Pending).await;
        let change = observed(external_id, VenueStatus::Pending, Standing::default());
        let settlement = fixture.change(&lease, &settlement, &change).await;
        fixture.store.release(&lease, Some(after_start(500))).await.unwrap();
        if by_name {
            fixture.store.hasten_named(&enterprise(), external_id, fixture.now()).await.unwrap();
        } else {
            fixture.store.hasten_all(&enterprise(), fixture.now()).await.unwrap();
        }
        let mark = fixture.store.details_mark(settlement.id).await.unwrap().unwrap();
        assert_eq!(mark.due_at, fixture.now(), "{external_id}");
    }
}
