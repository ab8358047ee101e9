//! Errands: due work that is no settlement, one worker an errand, and nothing is forgotten.

use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::origin::Origin;
use settlement_gateway::store::{ErrandClaim, ErrandKind, StoreError, TradeRecorded};
use tokio::task::JoinSet;

use super::Fixture;
use super::fixture::LEASE;
use super::trades::{creation, write};
use crate::support::builders::{after_start, start};

impl Fixture {
    /// Enlists a payout, due that long after the start.
    async fn enlist(&self, subject: &str, after: Duration) {
        self.store.enlist(ErrandKind::Quote, subject, start() + after).await.unwrap();
    }

    /// Claims what is due, if anything is.
    async fn errand(&self) -> Option<ErrandClaim> {
        self.store.claim_errand(self.now(), LEASE).await.unwrap()
    }
}

fn subject(claim: Option<ErrandClaim>) -> Option<String> {
    claim.map(|claim| claim.lease.subject)
}

const SECOND: Duration = Duration::from_secs(1);

pub(crate) async fn what_is_enlisted_is_due_when_it_was_said(fixture: &Fixture) {
    fixture.enlist("later", 2 * SECOND).await;
    fixture.enlist("sooner", SECOND).await;
    assert_eq!(subject(fixture.errand().await), None);
    fixture.clock.advance(2 * SECOND);
    assert_eq!(subject(fixture.errand().await).as_deref(), Some("sooner"));
    assert_eq!(subject(fixture.errand().await).as_deref(), Some("later"));
    assert_eq!(subject(fixture.errand().await), None);
}

pub(crate) async fn an_earlier_enlisting_wins_and_a_later_one_changes_nothing(fixture: &Fixture) {
    fixture.enlist("one", 5 * SECOND).await;
    fixture.enlist("one", SECOND).await;
    fixture.enlist("one", 9 * SECOND).await;
    assert_eq!(fixture.store.next_errand_due().await.unwrap(), Some(after_start(1)));
    fixture.clock.advance(SECOND);
    let claim = fixture.errand().await.unwrap();
    fixture.store.release_errand(&claim.lease, None).await.unwrap();
    assert_eq!(fixture.store.next_errand_due().await.unwrap(), None, "its work is done");
    fixture.enlist("one", 3 * SECOND).await;
    assert_eq!(fixture.store.next_errand_due().await.unwrap(), Some(after_start(3)), "it can be enlisted again");
}

pub(crate) async fn what_is_enlisted_while_it_is_held_is_due_again_afterwards(fixture: &Fixture) {
    fixture.enlist("one", Duration::ZERO).await;
    let claim = fixture.errand().await.unwrap();
    fixture.enlist("one", 2 * SECOND).await;
    fixture.enlist("one", SECOND).await;
    assert_eq!(fixture.store.next_errand_due().await.unwrap(), Some(after_start(LEASE.as_secs())), "it is held");
    fixture.store.release_errand(&claim.lease, None).await.unwrap();
    assert_eq!(fixture.store.next_errand_due().await.unwrap(), Some(after_start(1)));
    fixture.clock.advance(SECOND);
    let claim = fixture.errand().await.unwrap();
    fixture.store.release_errand(&claim.lease, None).await.unwrap();
    assert_eq!(fixture.store.next_errand_due().await.unwrap(), None);
}

pub(crate) async fn what_a_request_asked_for_is_known_to_come_from_it_for_ever(fixture: &Fixture) {
    let write = write("r-1", creation());
    let (first, second) = (Origin::new("request-1", None), Origin::new("request-2", None));
    fixture.store.record_trade(&write, &first).await.unwrap();
    let claim = fixture.errand().await.unwrap();
    assert_eq!(claim.origin, first);
    assert!(matches!(fixture.store.record_trade(&write, &second).await.unwrap(), TradeRecorded::Existing(_)));
    fixture.store.enlist(ErrandKind::Trade, &claim.lease.subject, fixture.now()).await.unwrap();
    fixture.store.release_errand(&claim.lease, None).await.unwrap();
    assert_eq!(fixture.errand().await.unwrap().origin, first, "a repeat, and what is due by itself, change nothing");
    fixture.enlist("payout", Duration::ZERO).await;
    assert_eq!(fixture.errand().await.unwrap().origin, Origin::default());
}

pub(crate) async fn every_errand_goes_to_exactly_one_of_many_workers(fixture: &Fixture) {
    for n in 0..40 {
        fixture.enlist(&format!("e-{n:02}"), Duration::ZERO).await;
    }
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&fixture.store);
        workers.spawn(async move {
            let mut mine = Vec::new();
            while let Some(claim) = store.claim_errand(start(), LEASE).await.unwrap() {
                mine.push(claim.lease.subject);
            }
            mine
        });
    }
    let mut all: Vec<String> = workers.join_all().await.into_iter().flatten().collect();
    all.sort();
    assert_eq!(all, (0..40).map(|n| format!("e-{n:02}")).collect::<Vec<_>>());
}

pub(crate) async fn a_lapse_is_counted_until_the_lease_is_given_back(fixture: &Fixture) {
    fixture.enlist("one", Duration::ZERO).await;
    assert_eq!(fixture.errand().await.unwrap().lapses, 0);
    fixture.clock.advance(LEASE);
    let second = fixture.errand().await.unwrap();
    assert_eq!(second.lapses, 1);
    fixture.store.release_errand(&second.lease, Some(fixture.now())).await.unwrap();
    assert_eq!(fixture.errand().await.unwrap().lapses, 0);
}

pub(crate) async fn a_token_never_falls_back_even_when_the_work_was_done(fixture: &Fixture) {
    fixture.enlist("one", Duration::ZERO).await;
    let old = fixture.errand().await.unwrap().lease;
    fixture.clock.advance(LEASE);
    let taken_over = fixture.errand().await.unwrap().lease;
    let stale = fixture.store.release_errand(&old, None).await;
    assert!(matches!(stale, Err(StoreError::Fenced)), "{stale:?}");
    fixture.store.release_errand(&taken_over, None).await.unwrap();
    let twice = fixture.store.release_errand(&taken_over, None).await;
    assert!(matches!(twice, Err(StoreError::Fenced)), "{twice:?}");
    fixture.enlist("one", Duration::ZERO).await;
    let fresh = fixture.errand().await.unwrap().lease;
    assert!(fresh.token > taken_over.token);
    let stale = fixture.store.release_errand(&taken_over, None).await;
    assert!(matches!(stale, Err(StoreError::Fenced)), "{stale:?}");
}

pub(crate) async fn the_next_due_instant_counts_held_errands_at_their_leases_end(fixture: &Fixture) {
    assert_eq!(fixture.store.next_errand_due().await.unwrap(), None);
    fixture.enlist("held", Duration::ZERO).await;
    fixture.errand().await.unwrap();
    fixture.enlist("idle", LEASE + SECOND).await;
    assert_eq!(fixture.store.next_errand_due().await.unwrap(), Some(after_start(LEASE.as_secs())));
}
