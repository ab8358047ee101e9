//! Fencing: who no longer holds a settlement changes nothing of it.

use std::time::Duration;

use settlement_gateway::domain::settlement::{Change, Settlement};
use settlement_gateway::store::{Lease, Material, StoreError};

use super::Fixture;
use super::fixture::LEASE;

fn prepared() -> Change {
    Change::Prepared { payload: "{}".to_owned() }
}

/// Tries to save a change that the settlement's state allows.
async fn try_save(fixture: &Fixture, lease: &Lease, settlement: &Settlement) -> Result<(), StoreError> {
    let after = settlement.after(&prepared(), fixture.now()).unwrap();
    fixture.store.save(lease, &prepared(), &after, None, None).await
}

async fn refused(fixture: &Fixture, lease: &Lease, settlement: &Settlement) {
    assert!(matches!(try_save(fixture, lease, settlement).await, Err(StoreError::Fenced)));
    assert!(matches!(fixture.store.release(lease, None).await, Err(StoreError::Fenced)));
}

pub(crate) async fn an_older_token_is_refused(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let old = fixture.claim(&settlement).await.lease;
    fixture.clock.advance(LEASE);
    let new = fixture.claim(&settlement).await.lease;
    assert!(new.token > old.token);
    refused(fixture, &old, &settlement).await;
    try_save(fixture, &new, &settlement).await.unwrap();
}

pub(crate) async fn a_lease_that_was_given_back_is_refused(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    fixture.store.release(&lease, Some(fixture.now())).await.unwrap();
    refused(fixture, &lease, &settlement).await;
}

pub(crate) async fn a_lapsed_lease_that_nobody_took_may_still_save(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    fixture.clock.advance(LEASE + Duration::from_secs(3600));
    try_save(fixture, &lease, &settlement).await.unwrap();
}

pub(crate) async fn a_change_on_top_of_another_sequence_is_refused(fixture: &Fixture) {
    let received = fixture.plain("e-1").await;
    let lease = fixture.claim(&received).await.lease;
    let prepared = fixture.change(&lease, &received, &prepared()).await;
    assert!(matches!(try_save(fixture, &lease, &received).await, Err(StoreError::Fenced)), "saved already");
    let mut ahead = prepared.after(&Change::Cancelled, fixture.now()).unwrap();
    ahead.progress.sequence += 1;
    let skipped = fixture.store.save(&lease, &Change::Cancelled, &ahead, None, None).await;
    assert!(matches!(skipped, Err(StoreError::Fenced)), "one change was skipped");
}

pub(crate) async fn a_change_of_another_settlement_is_refused(fixture: &Fixture) {
    let mine = fixture.plain("e-1").await;
    let other = fixture.plain("e-2").await;
    let lease = fixture.claim(&mine).await.lease;
    assert!(matches!(try_save(fixture, &lease, &other).await, Err(StoreError::Fenced)));
    assert_eq!(fixture.stored(&other).await, other);
    assert_eq!(fixture.stored(&mine).await, mine);
}

pub(crate) async fn a_refused_change_leaves_no_trace(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let old = fixture.claim(&settlement).await.lease;
    fixture.clock.advance(LEASE);
    fixture.claim(&settlement).await;
    refused(fixture, &old, &settlement).await;
    assert_eq!(fixture.stored(&settlement).await, settlement);
    assert_eq!(fixture.store.material(settlement.id).await.unwrap(), Material::default());
    assert_eq!(fixture.store.timeline(settlement.id, 10).await.unwrap().len(), 1);
}
