//! The inbox: one row a delivery, acted on by whoever holds its lane, and the settlements that it makes due.

use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::ids::{EnterpriseId, MerchantId, TxId};
use settlement_gateway::domain::settlement::{Change, Settlement, VenueStatus};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::store::{About, Delivery, DeliveryOutcome, ErrandClaim, ErrandKind, Hastened, Received, StoreError};
use tokio::task::JoinSet;

use super::Fixture;
use super::fixture::LEASE;
use crate::support::builders::{after_start, enterprise, intent, new_settlement, next_id, start, venue};

const LANE: &str = "bitgo /finalize";

/// A delivery of a key, with something in every field.
fn delivery(key: u8) -> Delivery {
    Delivery {
        id: next_id(),
        lane: LANE.to_owned(),
        key: [key; 32],
        about: About::Settlements { enterprises: vec![enterprise()], names: vec!["e-1 \u{2014} \"so\"".to_owned()] },
        body: vec![0, 255, b'{', key],
        received_at: start(),
    }
}

impl Fixture {
    async fn receive(&self, delivery: &Delivery) -> Received {
        self.store.receive(delivery).await.unwrap()
    }

    async fn waiting(&self) -> Vec<Delivery> {
        self.store.waiting_deliveries(LANE, 100).await.unwrap()
    }

    async fn lane(&self) -> Option<ErrandClaim> {
        let claim = self.store.claim_errand(self.now(), LEASE).await.unwrap()?;
        assert_eq!((claim.lease.kind, claim.lease.subject.as_str()), (ErrandKind::Delivery, LANE));
        Some(claim)
    }

    /// A settlement that the venue has, and that is due again in a minute.
    async fn followed(&self, external_id: &str) -> Settlement {
        let settlement = self.record(new_settlement(intent(external_id))).await;
        let claim = self.claim(&settlement).await;
        let signature = Signature::from_bytes([1; 65]);
        let mut settlement = claim.settlement;
        for change in [
            Change::Prepared { payload: "{}".to_owned() },
            Change::Signed { signature, body: vec![1] },
            Change::Dispatched,
            Change::Taken { venue: Box::new(venue(external_id, VenueStatus::Pending)) },
        ] {
            settlement = self.change(&claim.lease, &settlement, &change).await;
        }
        self.store.release(&claim.lease, Some(after_start(60))).await.unwrap();
        settlement
    }

    async fn hasten(&self, name: &str) -> Hastened {
        self.store.hasten_named(&enterprise(), name, self.now()).await.unwrap()
    }
}

pub(crate) async fn a_delivery_reads_back_and_its_lane_is_due(fixture: &Fixture) {
    let first = delivery(1);
    let quote = About::Quote { merchant_id: MerchantId::new("m-1").unwrap(), tx_id: TxId::new("tx-1").unwrap() };
    let second = Delivery { about: quote, body: Vec::new(), ..delivery(2) };
    for new in [&first, &second] {
        assert_eq!(fixture.receive(new).await, Received::New);
    }
    assert_eq!(fixture.waiting().await, [first, second]);
    assert!(fixture.lane().await.is_some());
    assert!(fixture.lane().await.is_none(), "both are one errand");
}

pub(crate) async fn a_repeat_is_told_from_another_body_and_neither_writes(fixture: &Fixture) {
    let first = delivery(1);
    fixture.receive(&first).await;
    let claim = fixture.lane().await.unwrap();
    fixture.store.release_errand(&claim.lease, None).await.unwrap();
    assert_eq!(
        fixture.receive(&Delivery { id: next_id(), received_at: after_start(9), ..first.clone() }).await,
        Received::Repeat
    );
    let mut body = first.body.clone();
    body[3] ^= 1;
    assert_eq!(fixture.receive(&Delivery { id: next_id(), body, ..first.clone() }).await, Received::OtherBody);
    assert_eq!(fixture.waiting().await, std::slice::from_ref(&first));
    assert!(fixture.lane().await.is_none());
    let elsewhere = Delivery { id: next_id(), lane: "another".to_owned(), ..first };
    assert_eq!(fixture.receive(&elsewhere).await, Received::New, "a key is its lane's");
}

pub(crate) async fn of_32_at_once_exactly_one_is_stored(fixture: &Fixture) {
    let mut calls = JoinSet::new();
    for _ in 0..32 {
        let (store, delivery) = (Arc::clone(&fixture.store), delivery(1));
        calls.spawn(async move { store.receive(&delivery).await.unwrap() });
    }
    let received = calls.join_all().await;
    assert_eq!(received.iter().filter(|received| **received == Received::New).count(), 1);
    assert!(!received.contains(&Received::OtherBody));
    assert_eq!(fixture.waiting().await.len(), 1);
}

pub(crate) async fn what_was_acted_on_waits_no_longer_and_is_forgotten_in_time(fixture: &Fixture) {
    let deliveries = [delivery(1), delivery(2), delivery(3)];
    for delivery in &deliveries {
        fixture.receive(delivery).await;
    }
    let claim = fixture.lane().await.unwrap();
    for (delivery, at) in deliveries.iter().zip([after_start(10), after_start(20)]) {
        fixture.store.close_delivery(&claim.lease, delivery.id, DeliveryOutcome::Named, at).await.unwrap();
    }
    assert_eq!(fixture.waiting().await, [deliveries[2].clone()]);
    assert_eq!(fixture.store.forget_deliveries(after_start(20)).await.unwrap(), 1);
    assert_eq!(fixture.receive(&deliveries[1]).await, Received::Repeat, "what is kept is known");
    assert_eq!(fixture.store.forget_deliveries(after_start(99)).await.unwrap(), 1, "what waits is never forgotten");
}

pub(crate) async fn a_lane_that_another_has_taken_over_closes_nothing(fixture: &Fixture) {
    let delivery = delivery(1);
    fixture.receive(&delivery).await;
    let late = fixture.lane().await.unwrap();
    fixture.clock.advance(LEASE);
    assert_eq!(fixture.lane().await.unwrap().lapses, 1);
    let closed = fixture.store.close_delivery(&late.lease, delivery.id, DeliveryOutcome::Named, fixture.now()).await;
    assert!(matches!(closed, Err(StoreError::Fenced)), "{closed:?}");
    assert_eq!(fixture.waiting().await.len(), 1);
}

pub(crate) async fn a_named_settlement_is_due_at_once_by_either_name(fixture: &Fixture) {
    for (external_id, name) in [("e-1", "e-1"), ("e-2", "venue-e-2")] {
        let settlement = fixture.followed(external_id).await;
        assert!(fixture.due().await.is_none());
        assert_eq!(fixture.hasten(name).await, Hastened { known: 1, due: 1, held: 0 });
        let claim = fixture.due().await.unwrap();
        assert_eq!(claim.settlement.id, settlement.id);
        assert_eq!(fixture.hasten(name).await, Hastened { known: 1, due: 0, held: 1 });
        fixture.store.release(&claim.lease, Some(after_start(60))).await.unwrap();
    }
    assert_eq!(fixture.hasten("nobody").await, Hastened::default());
    let other = EnterpriseId::new("another").unwrap();
    assert_eq!(fixture.store.hasten_named(&other, "e-1", start()).await.unwrap(), Hastened::default());
    assert!(fixture.due().await.is_none());
}

pub(crate) async fn what_the_venue_cannot_have_keeps_its_pace(fixture: &Fixture) {
    let unsent = fixture.plain("unsent").await;
    let claim = fixture.claim(&unsent).await;
    fixture.store.release(&claim.lease, Some(after_start(60))).await.unwrap();
    assert_eq!(fixture.hasten("unsent").await, Hastened { known: 1, due: 0, held: 0 });
    assert_eq!(fixture.store.hasten_all(&enterprise(), start()).await.unwrap(), 0);
    assert!(fixture.due().await.is_none());
}

pub(crate) async fn everything_that_the_venue_may_have_is_due_at_once(fixture: &Fixture) {
    fixture.followed("e-1").await;
    let held = fixture.followed("e-2").await;
    fixture.followed("e-3").await;
    let held = fixture.claim(&held).await;
    assert_eq!(fixture.store.hasten_all(&EnterpriseId::new("another").unwrap(), start()).await.unwrap(), 0);
    assert_eq!(fixture.store.hasten_all(&enterprise(), start()).await.unwrap(), 2);
    assert!(fixture.due().await.is_some() && fixture.due().await.is_some() && fixture.due().await.is_none());
    fixture.store.release(&held.lease, Some(after_start(60))).await.unwrap();
    fixture.clock.advance(Duration::from_secs(59));
    assert_eq!(fixture.store.hasten_all(&enterprise(), fixture.now()).await.unwrap(), 1);
}
