//! ListSettlementEvents and WatchSettlementEvents: every change in one order, from any cursor, through restarts.

use settlement_gateway::grpc::pb::{
    ListSettlementEventsRequest, ListSettlementEventsResponse, NextAction, SettlementEvent, SettlementOutcome, SettlementState,
    VenueSettlementStatus, WatchSettlementEventsRequest, WatchSettlementEventsResponse,
};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use tonic::{Code, Streaming};

use super::requests::settle;
use crate::support::gateway::{GatewayUnderTest, V1, V2, within};
use crate::support::told::{Told, assert_told, refused};

fn list(enterprise: &str) -> ListSettlementEventsRequest {
    ListSettlementEventsRequest { enterprise_id: enterprise.to_owned(), page_size: 200, ..Default::default() }
}

fn watch_after(enterprise: &str, after_sequence: u64) -> WatchSettlementEventsRequest {
    WatchSettlementEventsRequest { enterprise_id: enterprise.to_owned(), after_sequence, ..Default::default() }
}

/// A gateway that looks at a completed settlement again only long after the test, so that what it makes of it comes not between.
async fn unhurried() -> GatewayUnderTest {
    GatewayUnderTest::start_with(|setup| {
        let waits = setup.engine.replace("shortest_wait_ms = 10\n", "shortest_wait_ms = 60000\n");
        setup.engine = waits.replace("longest_wait_ms = 100\n", "longest_wait_ms = 60000\n");
        assert!(setup.engine.contains("shortest_wait_ms = 60000\nlongest_wait_ms = 60000\n"), "{}", setup.engine);
    })
    .await
}

async fn settled(gateway: &GatewayUnderTest, enterprise: &str, external_id: &str) {
    gateway.settlements().await.initiate_settlement(settle(enterprise, external_id)).await.unwrap();
    gateway.until(enterprise, external_id, |settlement| settlement.terminal).await;
}

async fn listed(gateway: &GatewayUnderTest, request: ListSettlementEventsRequest) -> ListSettlementEventsResponse {
    gateway.settlements().await.list_settlement_events(request).await.unwrap().into_inner()
}

async fn watching(gateway: &GatewayUnderTest, request: WatchSettlementEventsRequest) -> Streaming<WatchSettlementEventsResponse> {
    gateway.settlements().await.watch_settlement_events(request).await.unwrap().into_inner()
}

/// What a stream tells up to its next mark: the events, and how far it has come.
async fn to_the_mark(stream: &mut Streaming<WatchSettlementEventsResponse>) -> (Vec<SettlementEvent>, u64) {
    let mut events = Vec::new();
    loop {
        let news = within(stream.message()).await.unwrap().expect("the stream has no good end");
        match news.event {
            Some(event) => {
                assert_eq!(news.read_to_sequence, event.event_sequence);
                events.push(event);
            }
            None => return (events, news.read_to_sequence),
        }
    }
}

/// So many events of a stream, passing over its marks.
async fn take(stream: &mut Streaming<WatchSettlementEventsResponse>, count: usize) -> Vec<SettlementEvent> {
    let mut events = Vec::new();
    while events.len() < count {
        events.extend(within(stream.message()).await.unwrap().expect("the stream has no good end").event);
    }
    events
}

fn words(events: &[SettlementEvent]) -> Vec<(&str, u64, &str)> {
    events.iter().map(|event| (event.external_id.as_str(), event.sequence, event.change.as_str())).collect()
}

#[tokio::test]
async fn every_change_is_listed_with_what_the_settlement_meant_then() {
    let gateway = unhurried().await;
    settled(&gateway, V1, "x").await;
    let behaviour = Behaviour::Status { status: 400, body: Body::Error, effect: false };
    gateway.disturb(Fault { on: Endpoint::SettlementPost, times: 1, behaviour });
    gateway.settlements().await.initiate_settlement(settle(V1, "y")).await.unwrap_err();
    let answer = listed(&gateway, list(V1)).await;
    let expected = [("x", 1, "RECEIVED"), ("x", 2, "PREPARED"), ("x", 3, "SIGNED"), ("x", 4, "DISPATCHED"), ("x", 5, "TAKEN")];
    assert_eq!(words(&answer.events)[..5], expected);
    assert_eq!(words(&answer.events)[5], ("y", 1, "RECEIVED"));
    let count = answer.events.len() as u64;
    assert!(answer.events.iter().map(|event| event.event_sequence).eq(1..=count), "without a gap");
    assert_eq!((answer.read_to_sequence, answer.newest_sequence), (count, count));

    let (sent, taken) = (&answer.events[3], &answer.events[4]);
    assert_eq!((sent.state(), sent.terminal, sent.attempts), (SettlementState::Submitting, false, 1));
    assert_eq!((sent.outcome(), sent.next_action()), (SettlementOutcome::Unknown, NextAction::Wait));
    assert_eq!((sent.settlement_id.as_ref(), sent.venue_status_text.as_str()), (None, ""));
    let stored = gateway.stored(V1, "x").await;
    assert_eq!((taken.state(), taken.terminal, taken.outcome()), (stored.state(), true, SettlementOutcome::Created));
    assert_eq!((taken.next_action(), &taken.settlement_id), (NextAction::None, &stored.settlement_id));
    assert_eq!((taken.venue_status(), taken.venue_status_text.as_str()), (VenueSettlementStatus::Completed, "completed"));
    assert_eq!(taken.at, stored.updated_at);
    let refusal = answer.events.last().unwrap();
    assert_eq!((refusal.state(), refusal.outcome()), (SettlementState::NotAccepted, SettlementOutcome::NotCreated));
    assert_eq!((refusal.reason.as_deref(), refusal.next_action()), (Some("VENUE_REJECTED_REQUEST"), NextAction::FixWithNewId));
    assert!(refusal.detail.is_some(), "{refusal:?}");
}

#[tokio::test]
async fn pages_and_filters_go_on_from_any_cursor() {
    let gateway = unhurried().await;
    for id in ["x", "y"] {
        settled(&gateway, V1, id).await;
    }
    let whole = listed(&gateway, list(V1)).await.events;
    let (mut request, mut pages) = (ListSettlementEventsRequest { page_size: 3, ..list(V1) }, Vec::new());
    loop {
        let page = listed(&gateway, request.clone()).await;
        request.after_sequence = page.read_to_sequence;
        pages.extend(page.events);
        if page.read_to_sequence == page.newest_sequence {
            break;
        }
    }
    assert_eq!(pages, whole);
    let of_y = listed(&gateway, ListSettlementEventsRequest { external_id: Some("y".to_owned()), ..list(V1) }).await.events;
    assert_eq!(of_y, whole[5..]);
    let states = vec![SettlementState::Completed.into()];
    let ends = listed(&gateway, ListSettlementEventsRequest { states, ..list(V1) }).await;
    assert_eq!(words(&ends.events), [("x", 5, "TAKEN"), ("y", 5, "TAKEN")]);
    assert_eq!(ends.read_to_sequence, 10);
    assert_eq!(listed(&gateway, list(V2)).await, ListSettlementEventsResponse::default(), "another enterprise's");
}

#[tokio::test]
async fn a_watch_tells_what_was_and_then_what_comes_and_so_do_many() {
    let gateway = unhurried().await;
    settled(&gateway, V1, "x").await;
    let mut streams = Vec::new();
    for after in 0..20 {
        let mut stream = watching(&gateway, watch_after(V1, after % 6)).await;
        let (was, read_to) = to_the_mark(&mut stream).await;
        assert_eq!((was.len() as u64, read_to), (5 - after % 6, 5));
        streams.push(stream);
    }
    settled(&gateway, V1, "y").await;
    let whole = listed(&gateway, list(V1)).await.events;
    for mut stream in streams {
        assert_eq!(take(&mut stream, 5).await, whole[5..]);
    }
}

#[tokio::test]
async fn a_filtered_watch_hears_only_what_passes() {
    let gateway = unhurried().await;
    settled(&gateway, V1, "x").await;
    let request = WatchSettlementEventsRequest {
        states: vec![SettlementState::Completed.into()],
        external_id: Some("y".to_owned()),
        ..watch_after(V1, 0)
    };
    let mut stream = watching(&gateway, request).await;
    assert_eq!(to_the_mark(&mut stream).await, (Vec::new(), 5), "the mark moves the cursor past what was held back");
    settled(&gateway, V1, "z").await;
    settled(&gateway, V1, "y").await;
    assert_eq!(words(&take(&mut stream, 1).await), [("y", 5, "TAKEN")]);
}

#[tokio::test]
async fn a_stream_ends_with_the_gateway_and_goes_on_after_its_restart_without_a_gap_or_a_repeat() {
    let gateway = unhurried().await;
    settled(&gateway, V1, "x").await;
    let mut stream = watching(&gateway, watch_after(V1, 2)).await;
    let (mut seen, read_to) = to_the_mark(&mut stream).await;
    let (gateway, end) = tokio::join!(within(gateway.restart()), within(stream.message()));
    let told = Told::by(&end.unwrap_err());
    assert_told(&told, Code::Unavailable, "DRAINING");
    assert!(told.retry_after.is_some(), "{told:?}");
    settled(&gateway, V1, "y").await;
    let mut stream = watching(&gateway, watch_after(V1, read_to)).await;
    seen.extend(take(&mut stream, 5).await);
    assert_eq!(seen, listed(&gateway, list(V1)).await.events[2..]);
}

#[tokio::test]
async fn a_cursor_that_this_journal_never_gave_is_refused() {
    let gateway = unhurried().await;
    settled(&gateway, V1, "x").await;
    let mut client = gateway.settlements().await;
    let request = ListSettlementEventsRequest { after_sequence: 6, ..list(V1) };
    let told = refused(client.list_settlement_events(request).await);
    assert_told(&told, Code::OutOfRange, "CURSOR_BEYOND_END");
    assert_eq!((told.about("newest_sequence"), told.fields.as_slice()), ("5", ["after_sequence".to_owned()].as_slice()));
    let told = refused(client.watch_settlement_events(watch_after(V1, u64::MAX)).await);
    assert_told(&told, Code::OutOfRange, "CURSOR_BEYOND_END");
}

#[tokio::test]
async fn watches_of_events_count_among_a_callers_watches() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.grpc = "max_watches_per_caller = 1".to_owned()).await;
    let _first = watching(&gateway, watch_after(V1, 0)).await;
    let told = refused(gateway.settlements().await.watch_settlement_events(watch_after(V2, 0)).await);
    assert_told(&told, Code::ResourceExhausted, "QUOTA_EXCEEDED");
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let gateway = unhurried().await;
    let request = ListSettlementEventsRequest {
        enterprise_id: String::new(),
        states: vec![0, 99],
        external_id: Some(String::new()),
        page_size: 201,
        after_sequence: 0,
    };
    let told = refused(gateway.settlements().await.list_settlement_events(request).await);
    assert_told(&told, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(told.fields, ["page_size", "enterprise_id", "states[0]", "states[1]", "external_id"]);
}
