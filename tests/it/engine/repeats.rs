//! Repeats are reads, another meaning is refused, and neither a caller's going away nor a restart changes anything.

use std::time::Duration;

use settlement_gateway::domain::ids::{ExternalId, Nonce};
use settlement_gateway::domain::settlement::{Outcome, Reason, State};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use settlement_gateway::service::{
    ServiceError, SettlementVersion, cancel_settlement, get_settlement, initiate_settlement, retry_settlement,
};
use settlement_gateway::store::SettlementName;

use crate::support::builders::leg;
use crate::support::world::{PATIENCE, V1, V2, World, asking, caller, request, state_of};

fn fault(on: Endpoint, times: u32, behaviour: Behaviour) -> Fault {
    Fault { on, times, behaviour }
}

fn by_name(external_id: &str) -> SettlementName {
    SettlementName::External(ExternalId::new(external_id).unwrap())
}

#[tokio::test]
async fn a_repeat_is_a_read_in_any_order_and_spelling() {
    let world = World::new().await;
    let first = world.initiate(request(V1, "twice")).await.unwrap();
    let again = asking(V1, "twice", vec![leg("connection-2", "USD", "-99.50"), leg("connection-1", "BTC", "1.5")]);
    let second = world.initiate(again).await.unwrap();
    assert_eq!(first.settlement, second.settlement);
    assert_eq!(world.at_venue(V1, "twice").unwrap().posts, 1);
}

#[tokio::test]
async fn another_meaning_under_the_same_id_is_refused_and_names_what_differs() {
    let world = World::new().await;
    world.initiate(request(V1, "taken")).await.unwrap();
    let mut other = asking(V1, "taken", vec![leg("connection-1", "BTC", "1.51")]);
    other.asked.nonce = Some(Nonce::new("mine").unwrap());
    let refused = world.initiate(other).await;
    let Err(ServiceError::ExternalIdReused { fields, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(fields, ["settlement_amounts", "nonce"]);
    assert_eq!(world.at_venue(V1, "taken").unwrap().posts, 1);
}

#[tokio::test]
async fn sixty_callers_at_once_get_one_settlement() {
    let world = World::new().await;
    let calls = (0..60).map(|_| {
        let context = world.context.clone();
        tokio::spawn(async move { initiate_settlement(&context, &caller(), request(V1, "race"), PATIENCE).await })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        let settlement = call.await.unwrap().unwrap().settlement;
        assert_eq!(settlement.progress.state, State::Completed);
        answers.push(settlement.id);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    let entry = world.at_venue(V1, "race").unwrap();
    assert_eq!((entry.created, entry.posts), (1, 1));
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_nothing() {
    let world = World::new().await;
    world.sandbox.faults().push(fault(Endpoint::SettlementsSigning, 1, Behaviour::DelayBefore { ms: 300 }));
    let caller = caller();
    let call = initiate_settlement(&world.context, &caller, request(V1, "gone"), PATIENCE);
    // The caller's future is dropped as soon as the settlement is recorded.
    let recorded = async {
        while world.context.store.settlement(&request(V1, "gone").asked.enterprise_id, &by_name("gone")).await.unwrap().is_none()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = call => panic!("the venue answered before it was asked"),
        () = recorded => {}
    }
    let view = world.initiate(request(V1, "gone")).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::Completed);
    assert_eq!(world.at_venue(V1, "gone").unwrap().posts, 1);
}

#[tokio::test]
async fn impatience_gets_the_durable_state_and_the_engine_goes_on() {
    let world = World::new().await;
    world.sandbox.faults().push(fault(Endpoint::SettlementsSigning, 1, Behaviour::DelayBefore { ms: 300 }));
    let early = initiate_settlement(&world.context, &caller(), request(V1, "early"), Duration::from_millis(1)).await.unwrap();
    assert_eq!(early.settlement.progress.state, State::Received);
    assert_eq!(state_of(&world.initiate(request(V1, "early")).await), State::Completed);
}

#[tokio::test]
async fn a_restart_resumes_what_was_under_way() {
    let world = World::new().await;
    world.sandbox.faults().push(fault(
        Endpoint::SettlementsSigning,
        1,
        Behaviour::Status { status: 503, body: Body::Html, effect: false },
    ));
    let patience = Duration::from_millis(1);
    initiate_settlement(&world.context, &caller(), request(V1, "resumed"), patience).await.unwrap();
    let world = world.restart().await;
    assert_eq!(state_of(&world.initiate(request(V1, "resumed")).await), State::Completed);
    assert_eq!(world.at_venue(V1, "resumed").unwrap().created, 1);
}

#[tokio::test]
async fn a_funded_settlement_is_retried_with_the_same_bytes() {
    let world = World::new().await;
    let short = world.initiate(asking(V1, "short", vec![leg("connection-1", "BTC", "2000000")])).await.unwrap();
    assert_eq!(short.settlement.progress.state, State::AwaitingFunds);
    world.sandbox.fund(V1, None, "BTC", "5000000").await.unwrap();
    let version = SettlementVersion {
        enterprise_id: short.settlement.header.enterprise_id.clone(),
        external_id: short.settlement.header.external_id.clone(),
        expected_sequence: short.settlement.progress.sequence,
    };
    let done = retry_settlement(&world.context, &caller(), &version, PATIENCE).await.unwrap();
    assert_eq!(done.settlement.progress.state, State::Completed);
    let entry = world.at_venue(V1, "short").unwrap();
    assert_eq!((entry.created, entry.body_digests.len()), (1, 1));
    let stale = retry_settlement(&world.context, &caller(), &version, PATIENCE).await;
    assert!(matches!(stale, Err(ServiceError::StateConflict(_))), "{stale:?}");
}

#[tokio::test]
async fn what_was_never_sent_is_cancelled_and_what_was_sent_is_not() {
    let world = World::new().await;
    let down = Behaviour::Status { status: 503, body: Body::Html, effect: false };
    world.sandbox.faults().push(fault(Endpoint::SettlementsSigning, 1_000, down));
    let waiting = initiate_settlement(&world.context, &caller(), request(V1, "unsent"), Duration::from_millis(1)).await.unwrap();
    let enterprise_id = waiting.settlement.header.enterprise_id.clone();
    let external_id = waiting.settlement.header.external_id.clone();
    let cancelled = loop {
        let now = get_settlement(&world.context, &caller(), &enterprise_id, &by_name("unsent")).await.unwrap();
        let expected_sequence = now.settlement.progress.sequence;
        let version =
            SettlementVersion { enterprise_id: enterprise_id.clone(), external_id: external_id.clone(), expected_sequence };
        match cancel_settlement(&world.context, &caller(), &version).await {
            Err(ServiceError::Busy(_) | ServiceError::StateConflict(_)) => tokio::task::yield_now().await,
            other => break other.unwrap(),
        }
    };
    assert_eq!(cancelled.settlement.progress.state, State::Cancelled);
    assert_eq!(cancelled.settlement.progress.outcome(), Outcome::NotSent);
    world.sandbox.faults().clear();

    let sent = world.initiate(request(V1, "sent")).await.unwrap();
    let version = SettlementVersion {
        enterprise_id,
        external_id: sent.settlement.header.external_id.clone(),
        expected_sequence: sent.settlement.progress.sequence,
    };
    let refused = cancel_settlement(&world.context, &caller(), &version).await;
    assert!(matches!(refused, Err(ServiceError::NotCancellable(_))), "{refused:?}");
    assert!(world.at_venue(V1, "unsent").is_none());
}

#[tokio::test]
async fn what_was_never_sent_expires_at_submit_before() {
    let world = World::new().await;
    let down = Behaviour::Status { status: 503, body: Body::Html, effect: false };
    world.sandbox.faults().push(fault(Endpoint::SettlementsSigning, 1_000, down));
    let mut expiring = request(V1, "expiring");
    expiring.submit_before = Some(world.context.clock.now().checked_add(Duration::from_millis(400)).unwrap());
    let view = world.initiate(expiring).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::Expired);
    assert_eq!(view.settlement.progress.reason, Some(Reason::SubmitBeforePassed));
    assert!(world.at_venue(V1, "expiring").is_none());
}

#[tokio::test]
async fn the_largest_settlement_goes_through() {
    let world = World::new().await;
    let legs =
        (0..20_000).map(|n| leg(&format!("connection-{n:05}"), "BTC", if n % 2 == 0 { "0.25" } else { "-0.25" })).collect();
    let view = world.initiate(asking(V1, "largest", legs)).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::Completed);
    assert_eq!(view.intent.unwrap().asked.amounts.legs().len(), 20_000);
}

#[tokio::test]
async fn a_v2_settlement_is_followed_to_its_end() {
    let world = World::with(crate::support::world::quick(), |enterprise| {
        enterprise.dispute_window_ms = 100;
        enterprise.top_up_window_ms = 100;
    })
    .await;
    let pending = world.initiate(request(V2, "followed")).await.unwrap();
    assert_eq!(pending.settlement.progress.state, State::Pending);
    let mut settlement = pending.settlement;
    while !settlement.progress.state.is_terminal() {
        let changed = world.context.engine.wait_for_change(settlement.id, settlement.progress.sequence);
        settlement = tokio::time::timeout(PATIENCE, changed).await.unwrap().unwrap().unwrap();
    }
    assert_eq!(settlement.progress.state, State::Completed);
}
