//! Leases: one worker a settlement, the longest due first, and nothing is forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::settlement::Change;
use settlement_gateway::store::{Claim, NewSettlement};
use tokio::task::JoinSet;

use super::Fixture;
use super::fixture::LEASE;
use crate::support::builders::{after_start, intent, new_settlement, next_id, start};

fn prepared() -> Change {
    Change::Prepared { payload: "{}".to_owned() }
}

fn external_id(claim: Option<Claim>) -> Option<String> {
    claim.map(|claim| claim.settlement.header.external_id.to_string())
}

pub(crate) async fn the_clock_that_leases_run_on_is_told(fixture: &Fixture) {
    assert_eq!(fixture.store.clock().await.unwrap(), fixture.now());
    fixture.clock.advance(LEASE);
    assert_eq!(fixture.store.clock().await.unwrap(), fixture.now());
}

pub(crate) async fn a_new_settlement_is_due_at_once(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let claim = fixture.due().await.unwrap();
    assert_eq!((claim.lapses, claim.at, &claim.settlement), (0, fixture.now(), &settlement));
    assert_eq!(claim.lease.id, settlement.id);
}

pub(crate) async fn what_is_held_is_not_given_to_a_second(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    fixture.claim(&settlement).await;
    fixture.clock.advance(LEASE - Duration::from_nanos(1));
    assert!(fixture.due().await.is_none());
    assert!(fixture.store.claim(settlement.id, LEASE).await.unwrap().is_none());
    fixture.clock.advance(Duration::from_nanos(1));
    assert!(fixture.due().await.is_some());
}

pub(crate) async fn of_two_claimers_at_once_one_gets_it(fixture: &Fixture) {
    for round in 0..20 {
        let id = fixture.plain(&format!("e-{round}")).await.id;
        let (one, other) = tokio::join!(fixture.store.claim(id, LEASE), fixture.store.claim_due(start(), LEASE, &[]));
        assert!(one.unwrap().is_some() != other.unwrap().is_some(), "round {round}");
    }
}

pub(crate) async fn every_settlement_goes_to_exactly_one_of_many_workers(fixture: &Fixture) {
    let mut expected = BTreeSet::new();
    for n in 0..40 {
        expected.insert(fixture.plain(&format!("e-{n}")).await.id);
    }
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&fixture.store);
        workers.spawn(async move {
            let mut mine = Vec::new();
            while let Some(claim) = store.claim_due(start(), LEASE, &[]).await.unwrap() {
                mine.push(claim.lease.id);
            }
            mine
        });
    }
    let given: Vec<_> = workers.join_all().await.concat();
    assert_eq!(given.len(), expected.len(), "none twice");
    assert_eq!(given.into_iter().collect::<BTreeSet<_>>(), expected);
}

pub(crate) async fn what_has_been_due_longest_comes_first(fixture: &Fixture) {
    for (name, seconds) in [("second", 20), ("third", 30), ("first", 10)] {
        let new = NewSettlement { now: after_start(seconds), ..new_settlement(intent(name)) };
        fixture.record(new).await;
    }
    fixture.clock.advance(Duration::from_secs(60));
    for name in ["first", "second", "third"] {
        assert_eq!(external_id(fixture.due().await).as_deref(), Some(name));
    }
    assert!(fixture.due().await.is_none());
}

pub(crate) async fn what_is_not_yet_due_waits(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    let after = settlement.after(&prepared(), fixture.now()).unwrap();
    fixture.store.save(&lease, &prepared(), &after, Some(after_start(5)), None).await.unwrap();
    assert!(fixture.store.claim_due(after_start(4), LEASE, &[]).await.unwrap().is_none());
    assert_eq!(fixture.store.next_due(&[]).await.unwrap(), Some(after_start(5)));
    let claim = fixture.store.claim_due(after_start(5), LEASE, &[]).await.unwrap().unwrap();
    assert_eq!(claim.settlement, after);
}

pub(crate) async fn a_kept_lease_is_prolonged_and_another_is_given_back(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    fixture.clock.advance(LEASE - Duration::from_secs(1));
    let kept = fixture.change(&lease, &settlement, &prepared()).await;
    fixture.clock.advance(LEASE - Duration::from_secs(1));
    assert!(fixture.due().await.is_none(), "held for as long again");
    let after = kept.after(&Change::Cancelled, fixture.now()).unwrap();
    fixture.store.save(&lease, &Change::Cancelled, &after, None, None).await.unwrap();
    assert!(fixture.store.claim(settlement.id, LEASE).await.unwrap().is_some(), "given back");
}

pub(crate) async fn a_released_settlement_is_due_when_it_was_said(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    fixture.store.release(&lease, Some(after_start(7))).await.unwrap();
    assert!(fixture.store.claim_due(after_start(6), LEASE, &[]).await.unwrap().is_none());
    let again = fixture.store.claim_due(after_start(7), LEASE, &[]).await.unwrap().unwrap();
    assert_eq!((again.lapses, &again.settlement), (0, &settlement));
    fixture.store.release(&again.lease, None).await.unwrap();
    assert!(fixture.store.claim_due(after_start(1_000_000), LEASE, &[]).await.unwrap().is_none(), "never");
    assert_eq!(fixture.store.next_due(&[]).await.unwrap(), None);
}

pub(crate) async fn lapses_are_counted_until_the_lease_is_given_back(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let mut lapses = Vec::new();
    for _ in 0..3 {
        lapses.push(fixture.due().await.unwrap().lapses);
        fixture.clock.advance(LEASE);
    }
    let claim = fixture.due().await.unwrap();
    lapses.push(claim.lapses);
    assert_eq!(lapses, [0, 1, 2, 3]);
    fixture.change(&claim.lease, &settlement, &prepared()).await;
    fixture.clock.advance(LEASE);
    let claim = fixture.due().await.unwrap();
    assert_eq!(claim.lapses, 4, "a change alone is no orderly end");
    fixture.store.release(&claim.lease, Some(fixture.now())).await.unwrap();
    assert_eq!(fixture.due().await.unwrap().lapses, 0, "given back");
}

pub(crate) async fn a_lapsed_lease_is_due_whatever_was_said_before(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    let after = settlement.after(&prepared(), fixture.now()).unwrap();
    fixture.store.save(&lease, &prepared(), &after, None, Some(LEASE)).await.unwrap();
    assert!(fixture.due().await.is_none());
    fixture.clock.advance(LEASE);
    let claim = fixture.due().await.unwrap();
    assert_eq!((claim.lapses, claim.settlement), (1, after));
}

pub(crate) async fn a_terminal_settlement_is_never_due(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    fixture.change(&lease, &settlement, &Change::Cancelled).await;
    assert_eq!(fixture.store.next_due(&[]).await.unwrap(), None);
    fixture.clock.advance(LEASE * 2);
    assert!(fixture.due().await.is_none(), "nor by its lease");
    let claim = fixture.claim(&settlement).await;
    fixture.store.release(&claim.lease, Some(fixture.now())).await.unwrap();
    assert!(fixture.due().await.is_none(), "nor by a release");
}

pub(crate) async fn one_settlement_can_be_claimed_before_it_is_due(fixture: &Fixture) {
    let later = NewSettlement { now: after_start(1_000), ..new_settlement(intent("e-1")) };
    let settlement = fixture.record(later).await;
    assert!(fixture.due().await.is_none());
    assert_eq!(fixture.claim(&settlement).await.settlement, settlement);
    assert!(fixture.store.claim(next_id(), LEASE).await.unwrap().is_none(), "there is none of that id");
}

pub(crate) async fn the_next_due_instant_counts_held_settlements_at_their_leases_end(fixture: &Fixture) {
    assert_eq!(fixture.store.next_due(&[]).await.unwrap(), None);
    let held = fixture.plain("e-1").await;
    assert_eq!(fixture.store.next_due(&[]).await.unwrap(), Some(start()));
    fixture.claim(&held).await;
    let lapse = start().checked_add(LEASE).unwrap();
    assert_eq!(fixture.store.next_due(&[]).await.unwrap(), Some(lapse));
    fixture.record(NewSettlement { now: after_start(3), ..new_settlement(intent("e-2")) }).await;
    assert_eq!(fixture.store.next_due(&[]).await.unwrap(), Some(after_start(3)));
}
