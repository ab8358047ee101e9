//! Settlements at the venue that nobody here asked for.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use settlement_gateway::domain::ids::{EnterpriseId, KeyId};
use settlement_gateway::domain::settlement::{ForeignOrigin, ForeignSettlement};
use settlement_gateway::sandbox::{self, Behaviour, Endpoint, Fault};
use settlement_gateway::service::{Patrol, RunsErrands, sign_payload};
use settlement_gateway::store::{ErrandClaim, ErrandKind, ForeignQuery, StoreError};

use crate::support::bent::Bent;
use crate::support::world::{V1, V2, World, caller, request};

/// A patrol that is run by hand, so that nothing else looks.
struct ByHand {
    world: World,
    patrol: Patrol,
}

fn patrol(world: &World) -> Patrol {
    Patrol::new(&world.context, Duration::from_secs(600))
}

impl ByHand {
    async fn new() -> Self {
        let world = World::new().await;
        Self { patrol: patrol(&world), world }
    }

    async fn claim(&self) -> ErrandClaim {
        let store = &self.world.context.store;
        store.enlist(ErrandKind::Patrol, V2, self.world.context.clock.now()).await.unwrap();
        store.claim_errand(self.world.context.clock.now(), Duration::from_secs(30)).await.unwrap().unwrap()
    }

    /// One look; whether it is to look again.
    async fn look(&self) -> bool {
        let claim = self.claim().await;
        let due_at = self.patrol.run(&claim).await.unwrap();
        self.world.context.store.release_errand(&claim.lease, None).await.unwrap();
        due_at.is_some()
    }

    /// Two findings, as a caller lists them: before a time.
    async fn found_before(&self, before: Option<Timestamp>) -> Vec<ForeignSettlement> {
        let after = before.map(|at| (at, String::new()));
        let query = ForeignQuery { enterprise_id: EnterpriseId::new(V2).unwrap(), after, limit: 2 };
        self.world.context.store.foreign_settlements(&query).await.unwrap()
    }

    async fn found(&self) -> Vec<ForeignSettlement> {
        let query = ForeignQuery { enterprise_id: EnterpriseId::new(V2).unwrap(), after: None, limit: 10 };
        self.world.context.store.foreign_settlements(&query).await.unwrap()
    }

    /// Makes a settlement at the venue with the enterprise's own key and token, as a thief would.
    async fn steal(&self, external_id: &str) {
        let amounts = json!({ "connection-1": { "BTC": "1" } });
        let foreign = sandbox::ForeignSettlement { enterprise: V2.to_owned(), external_id: external_id.to_owned(), amounts };
        self.world.sandbox.foreign(foreign).await.unwrap().unwrap();
    }

    /// Signs a settlement's payload for a caller who posts it without this gateway.
    async fn sign(&self, external_id: &str) {
        let amounts = json!({ "connection-1": { "BTC": "1" } });
        let payload = json!({ "externalId": external_id, "settlementAmounts": amounts, "nonce": "n" }).to_string();
        let key = KeyId::new(format!("key-{V2}")).unwrap();
        sign_payload(&self.world.context, &caller(), &key, payload).await.unwrap();
    }

    async fn origins(&self) -> Vec<(String, ForeignOrigin)> {
        self.found().await.into_iter().map(|found| (found.venue.external_id, found.origin)).collect()
    }

    async fn external_ids(&self) -> Vec<String> {
        self.found().await.into_iter().map(|found| found.venue.external_id).collect()
    }
}

#[tokio::test]
async fn what_nobody_here_asked_for_is_found_once_and_kept() {
    let by_hand = ByHand::new().await;
    assert!(by_hand.look().await, "it looks again");
    by_hand.steal("stolen").await;
    for _ in 0..3 {
        assert!(by_hand.look().await);
    }
    let found = by_hand.found().await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].venue.external_id.as_str(), found[0].enterprise_id.as_str()), ("stolen", V2));
    by_hand.steal("stolen again").await;
    by_hand.look().await;
    assert_eq!(by_hand.external_ids().await, ["stolen again", "stolen"], "the newest found comes first");
}

#[tokio::test]
async fn what_this_gateway_made_is_its_own() {
    let by_hand = ByHand::new().await;
    by_hand.look().await;
    by_hand.world.initiate(request(V2, "own")).await.unwrap();
    by_hand.look().await;
    assert_eq!(by_hand.external_ids().await, [""; 0]);
}

#[tokio::test]
async fn what_was_signed_here_and_posted_elsewhere_is_told_apart_from_what_nobody_here_signed() {
    let by_hand = ByHand::new().await;
    by_hand.look().await;
    by_hand.sign("posted by its caller").await;
    by_hand.steal("posted by its caller").await;
    by_hand.look().await;
    by_hand.steal("stolen").await;
    by_hand.look().await;
    let signed = ("posted by its caller".to_owned(), ForeignOrigin::SignedHere);
    assert_eq!(by_hand.origins().await, [("stolen".to_owned(), ForeignOrigin::Unexplained), signed]);
}

#[tokio::test]
async fn one_signature_does_not_account_for_two_settlements() {
    let by_hand = ByHand::new().await;
    by_hand.look().await;
    by_hand.sign("twice").await;
    by_hand.steal("twice").await;
    let changed = by_hand.world.changed(|enterprise| {
        let bent = Bent::around(enterprise.reads.clone());
        bent.bend_lists(|mut list| {
            let twins: Vec<_> = list.to_vec();
            list.extend(twins.into_iter().map(|mut twin| {
                twin.settlement_id = "a second one".to_owned();
                twin
            }));
            Ok(list)
        });
        enterprise.reads = Arc::new(bent);
    });
    let world = changed.await;
    let by_hand = ByHand { patrol: patrol(&world), world };
    by_hand.look().await;
    let unexplained = || ("twice".to_owned(), ForeignOrigin::Unexplained);
    assert_eq!(by_hand.origins().await, [unexplained(), unexplained()]);
}

#[tokio::test]
async fn findings_of_one_look_are_listed_after_each_other() {
    let by_hand = ByHand::new().await;
    by_hand.look().await;
    for number in 0..5 {
        by_hand.steal(&format!("stolen-{number}")).await;
    }
    by_hand.look().await;
    let mut found = by_hand.found_before(None).await;
    while let Some(next) =
        Some(by_hand.found_before(found.last().map(|last| last.found_at)).await).filter(|page| !page.is_empty())
    {
        found.extend(next);
    }
    assert_eq!(found.len(), 5, "{found:?}");
}

#[tokio::test]
async fn what_the_venue_had_before_the_first_look_is_taken_as_known() {
    let by_hand = ByHand::new().await;
    by_hand.steal("before").await;
    by_hand.look().await;
    by_hand.look().await;
    assert_eq!(by_hand.external_ids().await, [""; 0]);
}

#[tokio::test]
async fn a_look_that_fails_is_made_up_for_by_the_next() {
    let by_hand = ByHand::new().await;
    by_hand.look().await;
    by_hand.steal("meanwhile").await;
    let silent = Fault { on: Endpoint::SettlementList, times: 1, behaviour: Behaviour::CutBefore };
    by_hand.world.sandbox.faults().push(silent);
    assert!(by_hand.look().await, "it looks again");
    assert_eq!(by_hand.external_ids().await, [""; 0]);
    by_hand.look().await;
    assert_eq!(by_hand.external_ids().await, ["meanwhile"]);
}

#[tokio::test]
async fn a_look_whose_errand_is_anothers_by_now_keeps_nothing() {
    let by_hand = ByHand::new().await;
    by_hand.look().await;
    by_hand.steal("stolen").await;
    let old = by_hand.claim().await;
    by_hand.world.context.store.release_errand(&old.lease, None).await.unwrap();
    assert!(matches!(by_hand.patrol.run(&old).await, Err(StoreError::Fenced)));
    assert_eq!(by_hand.external_ids().await, [""; 0]);
    by_hand.look().await;
    assert_eq!(by_hand.external_ids().await, ["stolen"]);
}

#[tokio::test]
async fn every_enterprise_that_settles_is_looked_after() {
    let by_hand = ByHand::new().await;
    by_hand.patrol.enlist().await.unwrap();
    let store = &by_hand.world.context.store;
    let mut subjects = Vec::new();
    while let Some(claim) = store.claim_errand(by_hand.world.context.clock.now(), Duration::from_secs(30)).await.unwrap() {
        subjects.push(claim.lease.subject);
    }
    subjects.sort();
    assert_eq!(subjects, [V1, V2]);
}
