//! WatchSettlement: the settlement now, then each change, to its end or the gateway's.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::grpc::pb::{SettlementState, WatchSettlementRequest, WatchSettlementResponse};
use tonic::{Code, Status, Streaming};

use super::requests::{settle, watch};
use crate::support::clock::ManualClock;
use crate::support::gateway::{GatewayUnderTest, V1, V2, within};
use crate::support::told::{Told, assert_told, refused};

const WINDOW_MS: i64 = 60_000;

/// A gateway whose venue's windows run only when the clock is told to.
async fn with_windows() -> (GatewayUnderTest, Arc<ManualClock>) {
    let clock = ManualClock::at(Timestamp::now());
    let venue_clock = Arc::clone(&clock);
    let gateway = GatewayUnderTest::start_with(|setup| {
        setup.sandbox.clock = venue_clock;
        setup.enterprise(V2).dispute_window_ms = WINDOW_MS;
    })
    .await;
    let pending = gateway.settlements().await.initiate_settlement(settle(V2, "x")).await.unwrap();
    assert_eq!(pending.into_inner().settlement.unwrap().state(), SettlementState::Pending);
    (gateway, clock)
}

fn pass(clock: &ManualClock) {
    clock.advance(Duration::from_millis(WINDOW_MS.unsigned_abs() + 1));
}

async fn watching(gateway: &GatewayUnderTest, request: WatchSettlementRequest) -> Streaming<WatchSettlementResponse> {
    gateway.settlements().await.watch_settlement(request).await.unwrap().into_inner()
}

/// What a watch tells until it ends: sequences and states, and how it ended.
async fn to_the_end(mut views: Streaming<WatchSettlementResponse>) -> (Vec<(u64, SettlementState)>, Result<(), Status>) {
    let mut seen = Vec::new();
    loop {
        match within(views.message()).await {
            Ok(Some(view)) => {
                let settlement = view.settlement.unwrap();
                assert!(settlement.posted_amounts.is_empty() && !settlement.timeline.is_empty());
                seen.push((settlement.sequence, settlement.state()));
            }
            Ok(None) => return (seen, Ok(())),
            Err(status) => return (seen, Err(status)),
        }
    }
}

#[tokio::test]
async fn a_completed_settlement_is_told_until_it_is_reconciled() {
    let gateway = GatewayUnderTest::start().await;
    gateway.settlements().await.initiate_settlement(settle(V1, "x")).await.unwrap();
    let mut views = watching(&gateway, watch(V1, "x")).await;
    let mut last = None;
    while let Some(view) = within(views.message()).await.unwrap() {
        last = view.settlement;
    }
    let last = last.unwrap();
    assert_eq!(last.state(), SettlementState::Completed);
    assert!(last.reconciliation.is_some(), "a ledger that stops at COMPLETED never learns of a mismatch");
}

#[tokio::test]
async fn a_finished_settlement_is_told_once_and_only_to_who_has_not_seen_it() {
    let gateway = GatewayUnderTest::start().await;
    gateway.settlements().await.initiate_settlement(settle(V1, "x")).await.unwrap();
    let finished = gateway.until(V1, "x", |settlement| settlement.reconciliation.is_some()).await.sequence;
    for (after_sequence, expected) in [(0, 1), (finished - 1, 1), (finished, 0), (u64::MAX, 0)] {
        let (seen, end) = to_the_end(watching(&gateway, WatchSettlementRequest { after_sequence, ..watch(V1, "x") }).await).await;
        assert!(end.is_ok(), "{end:?}");
        assert_eq!(seen, vec![(finished, SettlementState::Completed); expected], "after {after_sequence}");
    }
    let told = refused(gateway.settlements().await.watch_settlement(watch(V1, "nobody")).await);
    assert_told(&told, Code::NotFound, "SETTLEMENT_NOT_FOUND");
}

#[tokio::test]
async fn many_watchers_all_see_the_end() {
    let (gateway, clock) = with_windows().await;
    let mut watches = Vec::new();
    for _ in 0..40 {
        let mut views = watching(&gateway, watch(V2, "x")).await;
        let now = within(views.message()).await.unwrap().unwrap().settlement.unwrap();
        assert_eq!(now.state(), SettlementState::Pending);
        watches.push(tokio::spawn(to_the_end(views)));
    }
    pass(&clock);
    for watch in watches {
        let (seen, end) = within(watch).await.unwrap();
        assert!(end.is_ok(), "{end:?}");
        assert_eq!(seen.last().map(|(_, state)| *state), Some(SettlementState::Completed));
    }
}

#[tokio::test]
async fn a_reader_that_reads_late_still_sees_rising_sequences_and_the_end() {
    let (gateway, clock) = with_windows().await;
    let late = watching(&gateway, watch(V2, "x")).await;
    pass(&clock);
    gateway.until(V2, "x", |settlement| settlement.terminal).await;
    let (seen, end) = to_the_end(late).await;
    assert!(end.is_ok(), "{end:?}");
    assert!(seen.is_sorted_by(|(one, _), (next, _)| one < next), "{seen:?}");
    assert_eq!(seen.last().map(|(_, state)| *state), Some(SettlementState::Completed));
}

#[tokio::test]
async fn a_watcher_that_goes_away_hinders_nobody() {
    let (gateway, clock) = with_windows().await;
    drop(watching(&gateway, watch(V2, "x")).await);
    let staying = watching(&gateway, watch(V2, "x")).await;
    pass(&clock);
    assert_eq!(to_the_end(staying).await.0.last().map(|(_, state)| *state), Some(SettlementState::Completed));
}

#[tokio::test]
async fn a_watch_ends_with_the_gateway_and_goes_on_after_its_restart() {
    let (gateway, clock) = with_windows().await;
    let mut views = watching(&gateway, watch(V2, "x")).await;
    let seen = within(views.message()).await.unwrap().unwrap().settlement.unwrap().sequence;
    let (gateway, (after, end)) = tokio::join!(within(gateway.restart()), to_the_end(views));
    assert!(after.is_empty(), "{after:?}");
    let told = Told::by(&end.unwrap_err());
    assert_told(&told, Code::Unavailable, "DRAINING");
    assert!(told.retry_after.is_some(), "{told:?}");
    let again = watching(&gateway, WatchSettlementRequest { after_sequence: seen, ..watch(V2, "x") }).await;
    pass(&clock);
    assert_eq!(to_the_end(again).await.0.last().map(|(_, state)| *state), Some(SettlementState::Completed));
}

#[tokio::test]
async fn a_caller_has_so_many_watches_at_once_and_each_counts_until_it_ends() {
    let gateway = GatewayUnderTest::start_with(|setup| {
        setup.grpc = "max_watches_per_caller = 2".to_owned();
        setup.enterprise(V2).dispute_window_ms = WINDOW_MS;
    })
    .await;
    gateway.settlements().await.initiate_settlement(settle(V2, "x")).await.unwrap();
    let first = watching(&gateway, watch(V2, "x")).await;
    let _second = watching(&gateway, watch(V2, "x")).await;
    let told = refused(gateway.settlements().await.watch_settlement(watch(V2, "x")).await);
    assert_told(&told, Code::ResourceExhausted, "QUOTA_EXCEEDED");
    assert!(told.retry_after.is_some(), "{told:?}");
    drop(first);
    // The gateway notices the end of a stream a moment later.
    within(async { while gateway.settlements().await.watch_settlement(watch(V2, "x")).await.is_err() {} }).await;
}
