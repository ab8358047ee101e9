//! A settlement after its post: windows, disputes, funds, its end, and what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use settlement_gateway::domain::settlement::{Leg, Reason, Reconciled, Settlement, Standing, State};
use settlement_gateway::sandbox::{Behaviour, Body, DisputeClose, Disputed, Endpoint, Fault, NewDispute, SandboxEnterprise};
use settlement_gateway::service::{
    Enterprise, OnChangedAmounts, ServiceError, SettlementVersion, SettlementView, retry_settlement,
};

use crate::support::builders::leg;
use crate::support::world::{PATIENCE, V1, V2, World, asking, caller, quick, request};

const HOUR: Duration = Duration::from_secs(3_600);

/// An enterprise whose clients may dispute for an hour, and that may fund its account for half an hour more.
fn with_windows(enterprise: &mut SandboxEnterprise) {
    (enterprise.dispute_window_ms, enterprise.top_up_window_ms) = (3_600_000, 1_800_000);
}

fn needs_operator(enterprise: &mut Enterprise) {
    enterprise.settles.as_mut().unwrap().on_changed_amounts = OnChangedAmounts::NeedsOperator;
}

async fn world() -> World {
    World::with(quick(), with_windows).await
}

/// Waits until a settlement is as it is meant to be.
pub(super) async fn until(world: &World, settlement: &Settlement, is_so: impl Fn(&Settlement) -> bool) -> Settlement {
    let mut settlement = world.context.store.settlement_by_id(settlement.id).await.unwrap().unwrap();
    while !is_so(&settlement) {
        let changed = world.context.engine.wait_for_change(settlement.id, settlement.progress.sequence);
        settlement = tokio::time::timeout(PATIENCE, changed).await.unwrap().unwrap().unwrap();
    }
    settlement
}

pub(super) async fn until_reconciled(world: &World, settlement: &Settlement) -> (Settlement, Standing) {
    let settlement = until(world, settlement, |settlement| settlement.progress.reconciled.is_some()).await;
    let standing = world.context.store.standing(settlement.id).await.unwrap().unwrap();
    (settlement, standing)
}

/// Waits until a settlement's standing is as it is meant to be.
async fn until_stands(world: &World, settlement: &Settlement, is_so: impl Fn(&Standing) -> bool) -> (Settlement, Standing) {
    let mut settlement = world.context.store.settlement_by_id(settlement.id).await.unwrap().unwrap();
    loop {
        if let Some(standing) = world.context.store.standing(settlement.id).await.unwrap().filter(|standing| is_so(standing)) {
            let settlement = world.context.store.settlement_by_id(settlement.id).await.unwrap().unwrap();
            return (settlement, standing);
        }
        let changed = world.context.engine.wait_for_change(settlement.id, settlement.progress.sequence);
        settlement = tokio::time::timeout(PATIENCE, changed).await.unwrap().unwrap().unwrap();
    }
}

async fn dispute(world: &World, external_id: &str, connection: &str) -> String {
    let raised = world.sandbox.dispute(NewDispute {
        enterprise: V2.to_owned(),
        external_id: external_id.to_owned(),
        connection: connection.to_owned(),
        expected: BTreeMap::from([("BTC".to_owned(), "1".to_owned())]),
        reason: Some("too much".to_owned()),
    });
    match raised.await.unwrap() {
        Disputed::Done(id) => id,
        other => panic!("the dispute was not raised: {other:?}"),
    }
}

async fn pending(world: &World, external_id: &str) -> SettlementView {
    let view = world.initiate(request(V2, external_id)).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::Pending);
    view
}

#[tokio::test]
async fn a_v1_settlement_is_reconciled_after_its_end() {
    let world = world().await;
    let view = world.initiate(request(V1, "v1")).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::Completed);
    let (settlement, standing) = until_reconciled(&world, &view.settlement).await;
    assert_eq!(settlement.progress.reconciled, Some(Reconciled::Matched));
    assert_eq!(settlement.progress.reason, None);
    assert_eq!(standing.final_amounts, [leg("connection-1", "BTC", "1.5"), leg("connection-2", "USD", "-99.5")]);
    assert_eq!(standing.windows.dispute, None);
    assert_eq!(world.context.store.next_due(&[]).await.unwrap(), None, "it is finished");
}

#[tokio::test]
async fn a_v2_settlement_is_followed_through_its_windows_to_its_end() {
    let world = world().await;
    let view = pending(&world, "v2").await;
    let (settlement, standing) = until_stands(&world, &view.settlement, |standing| standing.windows.dispute.is_some()).await;
    let created_at = settlement.progress.venue.as_ref().unwrap().created_at.unwrap();
    assert_eq!(standing.windows.dispute, created_at.checked_add(HOUR).ok());
    assert_eq!(standing.windows.top_up, created_at.checked_add(HOUR + HOUR / 2).ok());
    assert_eq!(standing.final_amounts.len(), 2, "what is about to be settled");

    world.sandbox.advance(HOUR * 2).await.unwrap();
    let (settlement, standing) = until_reconciled(&world, &view.settlement).await;
    assert_eq!((settlement.progress.state, settlement.progress.reconciled), (State::Completed, Some(Reconciled::Matched)));
    assert_eq!(standing.reconciliation.unwrap().difference_count, 0);
}

#[tokio::test]
async fn disputes_that_were_closed_before_are_settled_with_it_and_adjust_it() {
    let world = world().await;
    let first = pending(&world, "first").await;
    let dispute_id = dispute(&world, "first", "connection-1").await;
    world.sandbox.advance(HOUR * 2).await.unwrap();
    let (settlement, _) = until_reconciled(&world, &first.settlement).await;
    assert_eq!(settlement.progress.reconciled, Some(Reconciled::Adjusted), "the dispute holds a leg back");
    let adjusted = Some(BTreeMap::from([("BTC".to_owned(), "1.25".to_owned())]));
    let closed = world.sandbox.close_dispute(DisputeClose { dispute_id: dispute_id.clone(), adjusted, notes: None }).await;
    assert_eq!(closed.unwrap(), Disputed::Done(dispute_id.clone()));

    let second = pending(&world, "second").await;
    let (_, standing) = until_stands(&world, &second.settlement, |standing| !standing.settling_disputes.is_empty()).await;
    assert_eq!(standing.settling_disputes[0].id, dispute_id);
    let expected = [leg("connection-1", "BTC", "2.75"), leg("connection-2", "USD", "-99.5")];
    assert_eq!(standing.final_amounts, expected, "what was posted and what was agreed");
    world.sandbox.advance(HOUR * 2).await.unwrap();
    let (settlement, standing) = until_reconciled(&world, &second.settlement).await;
    assert_eq!((settlement.progress.reconciled, settlement.progress.reason), (Some(Reconciled::Adjusted), None));
    assert_eq!(standing.final_amounts, expected);
}

#[tokio::test]
async fn a_dispute_inside_the_window_shows_and_changes_what_is_settled() {
    let world = world().await;
    let view = pending(&world, "disputed").await;
    until_stands(&world, &view.settlement, |standing| standing.final_amounts.len() == 2).await;
    dispute(&world, "disputed", "connection-1").await;
    let (settlement, standing) =
        until_stands(&world, &view.settlement, |standing| !standing.settlement_disputes.is_empty()).await;
    assert_eq!((settlement.progress.state, settlement.progress.reason), (State::Pending, Some(Reason::FinalAmountsChanged)));
    assert_eq!(standing.final_amounts, [leg("connection-2", "USD", "-99.5")]);
    assert_eq!(settlement.progress.venue.unwrap().disputed, Some(true));
}

#[tokio::test]
async fn where_the_policy_says_so_changed_amounts_wait_for_a_person() {
    let world = world().await.changed(needs_operator).await;
    let view = pending(&world, "parked").await;
    until_stands(&world, &view.settlement, |standing| standing.final_amounts.len() == 2).await;
    dispute(&world, "parked", "connection-1").await;
    let settlement = until(&world, &view.settlement, |settlement| settlement.progress.state == State::NeedsOperator).await;
    assert_eq!(settlement.progress.reason, Some(Reason::FinalAmountsChanged));
    let standing = world.context.store.standing(settlement.id).await.unwrap().unwrap();
    assert_eq!(standing.settlement_disputes.len(), 1, "it is recorded all the same");
}

#[tokio::test]
async fn what_lacks_funds_says_how_much_and_is_completed_once_they_are_there() {
    let world = world().await;
    // The simulated venue tells only of accounts that something was ever put into.
    world.sandbox.fund(V2, None, "BTC", "1000000").await.unwrap();
    let view = world.initiate(asking(V2, "short", vec![leg("connection-1", "BTC", "1000001.5")])).await.unwrap();
    world.sandbox.advance(HOUR * 2).await.unwrap();
    let (settlement, standing) = until_stands(&world, &view.settlement, |standing| !standing.shortfalls.is_empty()).await;
    assert_eq!((settlement.progress.state, settlement.progress.reason), (State::AwaitingFunds, Some(Reason::InsufficientFunds)));
    let short = &standing.shortfalls[0];
    assert_eq!((&short.connection_id, short.currency.as_str()), (&None, "BTC"));
    assert_eq!((short.required.as_str(), short.available.as_str()), ("1000001.5", "1000000"));

    world.sandbox.fund(V2, None, "BTC", "2000000").await.unwrap();
    let (settlement, standing) = until_reconciled(&world, &view.settlement).await;
    assert_eq!((settlement.progress.state, settlement.progress.reconciled), (State::Completed, Some(Reconciled::Matched)));
    assert_eq!((standing.shortfalls, settlement.progress.reason), (Vec::new(), None));
}

#[tokio::test]
async fn balances_that_cannot_be_read_do_not_hide_that_funds_are_short() {
    let world = world().await;
    world.sandbox.fund(V2, None, "BTC", "1000000").await.unwrap();
    let view = world.initiate(asking(V2, "dark", vec![leg("connection-1", "BTC", "1000001.5")])).await.unwrap();
    until_stands(&world, &view.settlement, |standing| standing.windows.dispute.is_some()).await;
    let refused = Behaviour::Status { status: 403, body: Body::Error, effect: false };
    world.sandbox.faults().push(Fault { on: Endpoint::PartnerReads, times: 1_000_000, behaviour: refused });
    world.sandbox.advance(HOUR * 2).await.unwrap();
    until(&world, &view.settlement, |settlement| settlement.progress.state == State::AwaitingFunds).await;
    until(&world, &view.settlement, |settlement| settlement.progress.reason == Some(Reason::VenueForbidden)).await;
}

#[tokio::test]
async fn what_was_only_observed_since_does_not_stand_against_a_retry() {
    let world = world().await;
    world.sandbox.fund(V1, None, "BTC", "1000000").await.unwrap();
    let view = world.initiate(asking(V1, "observed", vec![leg("connection-1", "BTC", "1000001.5")])).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::AwaitingFunds);
    until_stands(&world, &view.settlement, |standing| !standing.shortfalls.is_empty()).await;
    world.sandbox.fund(V1, None, "BTC", "2000000").await.unwrap();
    let header = &view.settlement.header;
    let version = SettlementVersion {
        enterprise_id: header.enterprise_id.clone(),
        external_id: header.external_id.clone(),
        expected_sequence: view.settlement.progress.sequence,
    };
    let done = retry_settlement(&world.context, &caller(), &version, PATIENCE).await.unwrap();
    assert_eq!(done.settlement.progress.state, State::Completed);
    let again = retry_settlement(&world.context, &caller(), &version, PATIENCE).await;
    assert!(matches!(again, Err(ServiceError::StateConflict(_))), "{again:?}");
}

#[tokio::test]
async fn a_brokers_settlement_is_reconciled_pair_by_pair() {
    let world = world().await;
    let pays = |party: &str, counterparty: &str, amount: &str| Leg {
        counterparty_connection_id: Some(counterparty.parse().unwrap()),
        ..leg(party, "BTC", amount)
    };
    let legs = vec![pays("party-b", "client-a", "2"), pays("party-b", "client-c", "-0.5")];
    for enterprise in [V1, V2] {
        let view = world.initiate(asking(enterprise, "broker", legs.clone())).await.unwrap();
        world.sandbox.advance(HOUR * 2).await.unwrap();
        let (settlement, standing) = until_reconciled(&world, &view.settlement).await;
        assert_eq!(settlement.progress.reconciled, Some(Reconciled::Matched), "{standing:?}");
        assert_eq!(standing.final_amounts, legs);
    }
}

#[tokio::test]
async fn a_restart_follows_and_reconciles_what_was_left() {
    let world = world().await;
    let view = pending(&world, "restarted").await;
    let world = world.restart().await;
    world.sandbox.advance(HOUR * 2).await.unwrap();
    let (settlement, _) = until_reconciled(&world, &view.settlement).await;
    assert_eq!(settlement.progress.reconciled, Some(Reconciled::Matched));
}
