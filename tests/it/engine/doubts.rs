//! What may have moved money is never called unsent, unmade or replaceable.

use std::time::Duration;

use settlement_gateway::domain::settlement::{NextAction, Outcome, Route, Settlement, State};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, RetryAfter};
use settlement_gateway::service::engine::EngineSettings;
use settlement_gateway::service::{ServiceError, SettlementVersion, cancel_settlement, initiate_settlement, retry_settlement};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::support::builders::external;
use crate::support::world::{PATIENCE, V1, World, caller, quick, request};

fn fault(on: Endpoint, times: u32, behaviour: Behaviour) -> Fault {
    Fault { on, times, behaviour }
}

fn status(status: u16) -> Behaviour {
    Behaviour::Status { status, body: Body::Error, effect: false }
}

fn version(settlement: &Settlement) -> SettlementVersion {
    SettlementVersion {
        enterprise_id: settlement.header.enterprise_id.clone(),
        external_id: settlement.header.external_id.clone(),
        expected_sequence: settlement.progress.sequence,
    }
}

/// A settlement that the venue refused with 403: it may be sent again.
async fn refused(world: &World, external_id: &str) -> Settlement {
    world.sandbox.faults().push(fault(Endpoint::SettlementPost, 1, status(403)));
    match world.initiate(request(V1, external_id)).await {
        Err(ServiceError::NotAccepted(settlement)) => *settlement,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_posted_and_parked_is_unknown_and_never_unsent() {
    let world = World::new().await;
    for (name, behaviour) in [("another", Behaviour::AnotherSettlement), ("conflict", status(409))] {
        world.sandbox.faults().push(fault(Endpoint::SettlementPost, 1, behaviour));
        let view = world.initiate(request(V1, name)).await.unwrap();
        assert_eq!(view.settlement.progress.state, State::NeedsOperator, "{name}");
        assert_eq!(view.settlement.progress.outcome(), Outcome::Unknown, "{name}");
    }
}

#[tokio::test]
async fn a_superseded_settlement_can_never_be_sent_again_and_has_one_successor() {
    let world = World::new().await;
    let old = refused(&world, "old").await;
    let superseding = |id: &str| {
        let mut request = request(V1, id);
        request.asked.supersedes = Some(external("old"));
        request
    };
    assert_eq!(world.initiate(superseding("new")).await.unwrap().settlement.progress.state, State::Completed);
    let second = world.initiate(superseding("another")).await;
    assert!(matches!(second, Err(ServiceError::SupersedesRefused(_))), "{second:?}");
    let now = world.context.store.settlement_by_id(old.id).await.unwrap().unwrap();
    let retried = retry_settlement(&world.context, &caller(), &version(&now), PATIENCE).await;
    assert!(matches!(retried, Err(ServiceError::NotRetryable(_))), "{retried:?}");
    assert_eq!(world.at_venue(V1, "old").map_or(0, |entry| entry.created), 0);
    assert_eq!(world.at_venue(V1, "new").unwrap().created, 1);
}

#[tokio::test]
async fn a_refused_repeat_does_not_settle_what_became_of_a_silent_post() {
    let settings = EngineSettings { silence_window: Duration::from_secs(3_600), ..quick() };
    let world = World::with(settings, |_| ()).await;
    world.sandbox.faults().push(fault(Endpoint::SettlementPost, 1, status(503)));
    world.sandbox.faults().push(fault(Endpoint::SettlementPost, 1_000, status(401)));
    let patience = Duration::from_millis(600);
    let view = initiate_settlement(&world.context, &caller(), request(V1, "silent"), patience).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::OutcomeUnknown);
    assert!(view.settlement.progress.attempts >= 2, "the repeat was refused: {:?}", view.settlement.progress);
}

#[tokio::test]
async fn one_row_that_cannot_be_read_does_not_stop_the_others() {
    let world = World::new().await;
    let down = Behaviour::Status { status: 503, body: Body::Html, effect: false };
    world.sandbox.faults().push(fault(Endpoint::SettlementsSigning, 1, down));
    let patience = Duration::from_millis(1);
    initiate_settlement(&world.context, &caller(), request(V1, "poison"), patience).await.unwrap();
    let journal = SqliteConnectOptions::new().filename(world.folder.path().join("journal.db"));
    let spoil = "UPDATE settlement SET reason = 'OF_A_LATER_VERSION', due_at = created_at, lease_until = NULL, terminal = 0";
    sqlx::query(spoil).execute(&mut journal.connect().await.unwrap()).await.unwrap();
    let other = world.initiate(request(V1, "healthy")).await.unwrap();
    assert_eq!(other.settlement.progress.state, State::Completed);
}

#[tokio::test]
async fn what_was_posted_is_not_cancelled_although_it_was_refused() {
    let world = World::new().await;
    let old = refused(&world, "posted").await;
    let throttled = Behaviour::TooManyRequests { retry_after: RetryAfter::Seconds(60) };
    world.sandbox.faults().push(fault(Endpoint::SettlementPost, 1_000, throttled));
    let patience = Duration::from_millis(300);
    let view = retry_settlement(&world.context, &caller(), &version(&old), patience).await.unwrap();
    let cancelled = cancel_settlement(&world.context, &caller(), &version(&view.settlement)).await;
    assert!(matches!(cancelled, Err(ServiceError::NotCancellable(_))), "{cancelled:?}");
}

#[tokio::test]
async fn what_is_never_answered_conclusively_reaches_an_operator() {
    let world = World::with(EngineSettings { max_attempts: 4, ..quick() }, |_| ()).await;
    world.sandbox.faults().push(fault(Endpoint::SettlementPost, 1_000, status(404)));
    let view = world.initiate(request(V1, "endless")).await.unwrap();
    let progress = &view.settlement.progress;
    assert_eq!((progress.state, progress.attempts, progress.outcome()), (State::NeedsOperator, 4, Outcome::Unknown));
}

#[tokio::test]
async fn an_incomplete_v1_settlement_may_be_sent_again() {
    let world = World::new().await;
    let incomplete = Behaviour::Status { status: 500, body: Body::Settlement, effect: true };
    world.sandbox.faults().push(fault(Endpoint::SettlementPost, 1, incomplete));
    let view = world.initiate(request(V1, "incomplete")).await.unwrap();
    let progress = &view.settlement.progress;
    assert_eq!(progress.state, State::Pending);
    assert!(progress.may_retry(Route::V1) && !progress.may_retry(Route::V2));
    assert_eq!(progress.next_action(Route::V1), NextAction::RetrySame);
}

#[tokio::test]
async fn a_proxys_403_is_read_back_before_it_is_believed() {
    let world = World::new().await;
    let proxy = Behaviour::Status { status: 403, body: Body::Html, effect: true };
    world.sandbox.faults().push(fault(Endpoint::SettlementPost, 1, proxy));
    let view = world.initiate(request(V1, "behind-a-proxy")).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::Completed);
}
