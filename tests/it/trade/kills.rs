//! Killed between any two steps: at most one dispatch, and the end is the same.

use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::trade::{TradeAction, TradeChange, TradeState};
use settlement_gateway::sandbox::{Behaviour, Endpoint};
use settlement_gateway::service::RunsErrands;
use settlement_gateway::service::trade::write_trade;
use settlement_gateway::store::ErrandClaim;

use super::support::{B, Desk, affirming, asked, direct};
use crate::support::world::{V2, World, caller};

/// Long enough for a lease that is never given back.
const LEASE: Duration = Duration::from_secs(3_600);

/// A desk at which nobody works, with one write recorded.
async fn recorded() -> Desk {
    let desk = Desk { world: World::new().await };
    record(&desk, direct("r-1")).await;
    desk
}

async fn record(desk: &Desk, asked: settlement_gateway::domain::trade::TradeAsked) {
    let write = write_trade(&desk.world.context, &caller(), asked, None, Duration::ZERO).await.unwrap();
    assert_eq!(write.progress.state, TradeState::Received);
}

async fn claim(desk: &Desk) -> ErrandClaim {
    desk.world.context.store.claim_errand(jiff::Timestamp::now(), LEASE).await.unwrap().unwrap()
}

/// Runs steps, each given back, and leaves the last one's lease with the dead.
async fn steps_then_kill(desk: &Desk, steps: u32) {
    for step in 0..steps {
        let claim = claim(desk).await;
        let due = desk.errands().run(&claim).await.unwrap();
        if step + 1 < steps {
            desk.world.context.store.release_errand(&claim.lease, due).await.unwrap();
        }
    }
}

/// Starts anew over the same journal and waits for the end.
async fn restarted(desk: Desk, state: TradeState) -> Desk {
    let desk = Desk { world: desk.world.restart().await };
    desk.start();
    desk.until(&direct("r-1"), state).await;
    desk
}

#[tokio::test]
async fn killed_before_the_dispatch_it_goes_out_once() {
    for steps in 0..=2 {
        let desk = recorded().await;
        steps_then_kill(&desk, steps).await;
        assert_eq!(desk.posts(), 0, "after {steps} steps");
        let desk = restarted(desk, TradeState::Pending).await;
        assert_eq!((desk.posts(), desk.at_venue().len()), (1, 1), "after {steps} steps");
    }
}

#[tokio::test]
async fn killed_after_the_attempt_is_stored_and_before_a_byte_left_it_is_never_sent() {
    let desk = recorded().await;
    steps_then_kill(&desk, 2).await;
    let desk = Desk { world: desk.world.restart().await };
    let claim = claim(&desk).await;
    let signed = desk.stored(&direct("r-1")).await;
    let submitting = signed.after(&TradeChange::Dispatched, jiff::Timestamp::now()).unwrap();
    desk.world.context.store.save_trade(Some(&claim.lease), &TradeChange::Dispatched, &submitting).await.unwrap();
    let desk = restarted(desk, TradeState::NeedsOperator).await;
    assert_eq!((desk.posts(), desk.at_venue().len()), (0, 0));
}

#[tokio::test]
async fn killed_while_the_venue_works_it_is_found_and_not_sent_again() {
    for behaviour in [Behaviour::DelayAfter { ms: 60_000 }, Behaviour::DelayBefore { ms: 100 }] {
        let desk = recorded().await;
        steps_then_kill(&desk, 2).await;
        let desk = Desk { world: desk.world.restart().await };
        desk.fault(Endpoint::TradeCreate, 1, behaviour.clone());
        let (errands, claim) = (Arc::new(desk.errands()), claim(&desk).await);
        let dying = tokio::spawn(async move { errands.run(&claim).await });
        while desk.posts() == 0 {
            tokio::task::yield_now().await;
        }
        dying.abort();
        let desk = restarted(desk, TradeState::Pending).await;
        assert_eq!((desk.posts(), desk.at_venue().len()), (1, 1), "{behaviour:?}");
    }
}

#[tokio::test]
async fn killed_after_the_answer_came_and_before_it_was_stored_it_is_found() {
    let desk = recorded().await;
    steps_then_kill(&desk, 2).await;
    let desk = Desk { world: desk.world.restart().await };
    let first = claim(&desk).await;
    // Another worker takes the errand over meanwhile, so that the first can store nothing any more.
    desk.fault(Endpoint::TradeCreate, 1, Behaviour::DelayAfter { ms: 200 });
    let errands = Arc::new(desk.errands());
    let late = tokio::spawn(async move { errands.run(&first).await });
    while desk.at_venue().is_empty() {
        tokio::task::yield_now().await;
    }
    let submitting = desk.stored(&direct("r-1")).await;
    assert_eq!(submitting.progress.state, TradeState::Submitting);
    late.abort();
    let desk = restarted(desk, TradeState::Pending).await;
    assert_eq!((desk.posts(), desk.at_venue().len()), (1, 1));
}

#[tokio::test]
async fn a_worker_of_long_ago_stores_nothing() {
    let desk = recorded().await;
    let old = claim(&desk).await;
    desk.world.context.store.release_errand(&old.lease, Some(jiff::Timestamp::now())).await.unwrap();
    let _new = claim(&desk).await;
    assert!(desk.errands().run(&old).await.is_err());
    assert_eq!(desk.stored(&direct("r-1")).await.progress.state, TradeState::Received);
}

#[tokio::test]
async fn a_write_in_which_workers_stop_again_and_again_needs_a_person() {
    let mut desk = recorded().await;
    for _ in 0..3 {
        claim(&desk).await;
        desk = Desk { world: desk.world.restart().await };
    }
    let desk = restarted(desk, TradeState::NeedsOperator).await;
    assert_eq!(desk.posts(), 0);
}

#[tokio::test]
async fn an_affirmation_is_signed_and_sent_once_wherever_it_is_killed() {
    for steps in 0..=2 {
        let desk = Desk::new().await;
        desk.write(direct("c")).await.unwrap();
        let id = desk.affirmation(B);
        // Nobody works from here on.
        desk.world.context.errands.drain().await;
        let desk = Desk { world: desk.world.restart().await };
        record(&desk, affirming("r-1", id)).await;
        steps_then_kill(&desk, steps).await;
        assert_eq!(desk.words(), 0);
        let desk = Desk { world: desk.world.restart().await };
        desk.start();
        desk.until(&affirmed(), TradeState::Done).await;
        assert_eq!(desk.words(), 1, "after {steps} steps");
    }
}

/// The names under which the affirmation above is stored; what it says does not matter to a look.
fn affirmed() -> settlement_gateway::domain::trade::TradeAsked {
    let any = settlement_gateway::domain::ids::AffirmationId::new("any").unwrap();
    asked(V2, B, "r-1", TradeAction::Reject(any))
}
