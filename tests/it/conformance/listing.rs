//! Lists: newest first, filtered, in pages that join.

use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::domain::settlement::{Change, Settlement, State};
use settlement_gateway::store::{ListQuery, NewSettlement};

use super::Fixture;
use crate::support::builders::{after_start, enterprise, intent, new_settlement};

fn everything() -> ListQuery {
    ListQuery {
        enterprise_id: enterprise(),
        states: Vec::new(),
        created_from: None,
        created_before: None,
        after: None,
        limit: 100,
    }
}

async fn names(fixture: &Fixture, query: &ListQuery) -> Vec<String> {
    let listed = fixture.store.list(query).await.unwrap();
    listed.iter().map(|settlement| settlement.header.external_id.to_string()).collect()
}

/// Five settlements, `e-0` first, a second apart.
async fn five(fixture: &Fixture) -> Vec<Settlement> {
    let mut five = Vec::new();
    for n in 0..5 {
        let new = NewSettlement { now: after_start(n), ..new_settlement(intent(&format!("e-{n}"))) };
        five.push(fixture.record(new).await);
    }
    five
}

pub(crate) async fn the_newest_come_first_and_pages_join_without_gaps(fixture: &Fixture) {
    let five = five(fixture).await;
    assert_eq!(names(fixture, &everything()).await, ["e-4", "e-3", "e-2", "e-1", "e-0"]);
    let mut query = ListQuery { limit: 2, ..everything() };
    let mut pages = Vec::new();
    loop {
        let page = fixture.store.list(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some(last.id);
        pages.extend(page);
    }
    assert!(pages.iter().eq(five.iter().rev()), "each whole, and once");
}

pub(crate) async fn what_may_still_move_money_is_told_apart_from_what_is_at_its_end(fixture: &Fixture) {
    let five = five(fixture).await;
    let open = async |limit| {
        let found = fixture.store.open_settlements(&enterprise(), limit).await.unwrap();
        found.iter().map(|settlement| settlement.header.external_id.to_string()).collect::<Vec<_>>()
    };
    let lease = fixture.claim(&five[3]).await.lease;
    fixture.change(&lease, &five[3], &Change::Cancelled).await;
    assert_eq!(open(100).await, ["e-0", "e-1", "e-2", "e-4"]);
    assert_eq!(open(2).await, ["e-0", "e-1"], "what has been open for longest concerns people most");
    let nobody = fixture.store.open_settlements(&EnterpriseId::new("another").unwrap(), 100).await.unwrap();
    assert!(nobody.is_empty());
}

pub(crate) async fn states_and_times_filter(fixture: &Fixture) {
    let five = five(fixture).await;
    for cancelled in [&five[1], &five[3]] {
        let lease = fixture.claim(cancelled).await.lease;
        fixture.change(&lease, cancelled, &Change::Cancelled).await;
    }
    let states = |states: &[State]| ListQuery { states: states.to_vec(), ..everything() };
    assert_eq!(names(fixture, &states(&[State::Cancelled])).await, ["e-3", "e-1"]);
    assert_eq!(names(fixture, &states(&[State::Cancelled, State::Received])).await.len(), 5);
    assert!(names(fixture, &states(&[State::Pending])).await.is_empty());
    let times = ListQuery { created_from: Some(after_start(1)), created_before: Some(after_start(3)), ..everything() };
    assert_eq!(names(fixture, &times).await, ["e-2", "e-1"], "from is included and before is not");
    let both = ListQuery { states: vec![State::Cancelled], ..times };
    assert_eq!(names(fixture, &both).await, ["e-1"]);
}

pub(crate) async fn another_enterprise_sees_nothing(fixture: &Fixture) {
    five(fixture).await;
    let other = ListQuery { enterprise_id: EnterpriseId::new("enterprise-2").unwrap(), ..everything() };
    assert!(names(fixture, &other).await.is_empty());
}
