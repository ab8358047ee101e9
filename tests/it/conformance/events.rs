//! The changes of all settlements of an enterprise, in the order of their commits.

use std::sync::Arc;

use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::domain::settlement::{
    Change, Meaning, NextAction, Outcome, Reason, Settlement, SettlementEvent, State, VenueStatus,
};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::store::{EventQuery, EventStretch, Store};

use super::{Fixture, LEASE};
use crate::support::builders::{enterprise, external, intent, new_settlement, start, venue};

/// How many settlements change at once.
const WRITERS: usize = 8;
/// How often each of them does.
const CHANGES: usize = 12;

fn everything() -> EventQuery {
    EventQuery { enterprise_id: enterprise(), external_id: None, states: Vec::new(), after: 0, limit: 100 }
}

async fn read(fixture: &Fixture, query: &EventQuery) -> EventStretch {
    fixture.store.settlement_events(query).await.unwrap()
}

fn lines(events: &[SettlementEvent]) -> Vec<(u64, &str, &str)> {
    events.iter().map(|event| (event.place, event.external_id.as_str(), event.entry.change.as_str())).collect()
}

fn delayed() -> Change {
    Change::Delayed { reason: Reason::VenueUnavailable, detail: "busy".to_owned() }
}

/// Two settlements, one of which goes to its end.
async fn two(fixture: &Fixture) -> Vec<Settlement> {
    let mut all = vec![fixture.plain("e-1").await];
    let waiting = fixture.plain("e-2").await;
    let claims = [fixture.claim(&all[0]).await, fixture.claim(&waiting).await];
    let changes = [
        Change::Prepared { payload: "{}".to_owned() },
        Change::Signed { signature: Signature::from_bytes([1; 65]), body: vec![1] },
        Change::Dispatched,
        Change::Taken { venue: Box::new(venue("e-1", VenueStatus::Failed)) },
        Change::Taken { venue: Box::new(venue("e-1", VenueStatus::Completed)) },
    ];
    let mut settlement = all[0].clone();
    all.push(waiting.clone());
    for change in changes {
        settlement = fixture.change(&claims[0].lease, &settlement, &change).await;
        all.push(settlement.clone());
    }
    all.push(fixture.change(&claims[1].lease, &waiting, &delayed()).await);
    all
}

pub(crate) async fn every_change_is_told_in_the_order_of_commits_with_what_it_meant(fixture: &Fixture) {
    let changes = two(fixture).await;
    let told = read(fixture, &everything()).await;
    let expected = [
        (1, "e-1", "RECEIVED"),
        (2, "e-2", "RECEIVED"),
        (3, "e-1", "PREPARED"),
        (4, "e-1", "SIGNED"),
        (5, "e-1", "DISPATCHED"),
        (6, "e-1", "TAKEN"),
        (7, "e-1", "TAKEN"),
        (8, "e-2", "DELAYED"),
    ];
    assert_eq!(lines(&told.events), expected);
    assert_eq!((told.read_to, told.newest), (8, 8));
    for (event, settlement) in told.events.iter().zip(&changes) {
        assert_eq!((event.settlement, &event.enterprise_id), (settlement.id, &settlement.header.enterprise_id));
        assert_eq!(event.meaning, Meaning::of(settlement), "{event:?}");
        let timeline = fixture.store.timeline(settlement.id, 100).await.unwrap();
        assert!(timeline.contains(&event.entry), "{event:?}");
    }
    let failed = &told.events[5].meaning;
    assert_eq!((failed.outcome, failed.next_action), (Outcome::Created, NextAction::FundThenRetry), "as it was then");
    assert_eq!(failed.venue.as_ref().map(|venue| venue.settlement_id.as_str()), Some("venue-e-1"));
}

pub(crate) async fn a_filter_skips_what_it_lets_not_pass_and_says_how_far_it_looked(fixture: &Fixture) {
    two(fixture).await;
    let completed = read(fixture, &EventQuery { states: vec![State::Completed], ..everything() }).await;
    assert_eq!((lines(&completed.events), completed.read_to), (vec![(7, "e-1", "TAKEN")], 8));
    let one = EventQuery { external_id: Some(external("e-2")), ..everything() };
    let of_one = read(fixture, &one).await;
    assert_eq!((lines(&of_one.events), of_one.read_to), (vec![(2, "e-2", "RECEIVED"), (8, "e-2", "DELAYED")], 8));
    let both = read(fixture, &EventQuery { states: vec![State::Completed], ..one }).await;
    assert_eq!((both.events.len(), both.read_to), (0, 8));
    let nobody = read(fixture, &EventQuery { external_id: Some(external("nobody")), ..everything() }).await;
    assert_eq!((nobody.events.len(), nobody.read_to), (0, 8));
}

pub(crate) async fn stretches_join_without_gaps_or_repeats(fixture: &Fixture) {
    two(fixture).await;
    let (mut query, mut places) = (EventQuery { limit: 3, ..everything() }, Vec::new());
    loop {
        let stretch = read(fixture, &query).await;
        places.extend(stretch.events.iter().map(|event| event.place));
        query.after = stretch.read_to;
        if stretch.read_to == stretch.newest {
            break;
        }
    }
    assert_eq!(places, (1..=8).collect::<Vec<_>>());
    let end = read(fixture, &query).await;
    assert_eq!((end.events.len(), end.read_to, end.newest), (0, 8, 8));
    let beyond = read(fixture, &EventQuery { after: u64::MAX, ..query }).await;
    assert_eq!((beyond.events.len(), beyond.read_to, beyond.newest), (0, u64::MAX, 8));
}

pub(crate) async fn each_enterprise_counts_its_own_places(fixture: &Fixture) {
    two(fixture).await;
    let other = EnterpriseId::new("enterprise-2").unwrap();
    let mut intent = intent("e-1");
    intent.asked.enterprise_id = other.clone();
    let query = EventQuery { enterprise_id: other, ..everything() };
    assert_eq!(read(fixture, &query).await, EventStretch { events: Vec::new(), read_to: 0, newest: 0 });
    fixture.record(new_settlement(intent)).await;
    assert_eq!(lines(&read(fixture, &query).await.events), [(1, "e-1", "RECEIVED")]);
    assert_eq!(read(fixture, &everything()).await.newest, 8);
}

pub(crate) async fn what_was_refused_takes_no_place(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    fixture.store.record_settlement(new_settlement(intent("e-1"))).await.unwrap();
    let after = settlement.after(&delayed(), start()).unwrap();
    let late = settlement_gateway::store::Lease { token: lease.token + 1, ..lease.clone() };
    assert!(fixture.store.save(&late, &delayed(), &after, None, None).await.is_err());
    fixture.change(&lease, &settlement, &delayed()).await;
    let told = read(fixture, &everything()).await;
    assert_eq!(lines(&told.events), [(1, "e-1", "RECEIVED"), (2, "e-1", "DELAYED")]);
}

/// Records a settlement and delays it again and again, as one of many writers.
async fn write(store: Arc<dyn Store>, external_id: String) {
    let new = new_settlement(intent(&external_id));
    let id = new.id;
    store.record_settlement(new).await.unwrap();
    let claim = store.claim(id, LEASE).await.unwrap().unwrap();
    let mut settlement = claim.settlement;
    for _ in 1..CHANGES {
        settlement = settlement.after(&delayed(), start()).unwrap();
        store.save(&claim.lease, &delayed(), &settlement, None, Some(LEASE)).await.unwrap();
    }
}

pub(crate) async fn who_reads_on_while_many_write_never_misses_a_change(fixture: &Fixture) {
    let writers: Vec<_> = (0..WRITERS).map(|n| tokio::spawn(write(Arc::clone(&fixture.store), format!("e-{n}")))).collect();
    let (mut query, mut places) = (EventQuery { limit: 5, ..everything() }, Vec::new());
    while places.len() < WRITERS * CHANGES {
        let stretch = read(fixture, &query).await;
        places.extend(stretch.events.iter().map(|event| event.place));
        query.after = stretch.read_to;
        assert_eq!(places.len() as u64, stretch.read_to, "a change was committed behind the reader");
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(places.iter().copied().eq(1..=(WRITERS * CHANGES) as u64), "{places:?}");
}
