//! The same day under another id: refused in the transaction that would record it, until the first is at its end or dead.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::domain::settlement::{Change, Intent, OnceRules, Reason, Route, Settlement, State, Twice, VenueStatus};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::domain::time::Cutoff;
use settlement_gateway::store::{NewSettlement, Recorded, SettlementName};
use tokio::task::JoinSet;

use super::Fixture;
use crate::support::builders::{after_start, amounts, enterprise, external, intent, leg, new_settlement, venue};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn at(milliseconds: i64) -> Cutoff {
    Cutoff::new(Timestamp::from_millisecond(1_773_835_200_000 + milliseconds).unwrap()).unwrap()
}

/// A request of one leg that nothing else has.
fn of(external_id: &str) -> Intent {
    let mut intent = intent(external_id);
    intent.asked.amounts = amounts(vec![leg(external_id, "BTC", "1")]);
    intent
}

fn cut_off(external_id: &str, cutoff: Cutoff) -> Intent {
    let mut intent = of(external_id);
    intent.route = Route::V2;
    intent.asked.cutoff = Some(cutoff);
    intent
}

const ONE_OPEN: OnceRules = OnceRules { max_open_settlements: 1, ..OnceRules::NONE };
const INCREASING: OnceRules = OnceRules { cutoff_must_increase: true, ..OnceRules::NONE };
const A_DAY: OnceRules = OnceRules { duplicate_window: Some(DAY), ..OnceRules::NONE };

fn under(once: OnceRules, intent: Intent) -> NewSettlement {
    NewSettlement { once, ..new_settlement(intent) }
}

async fn record(fixture: &Fixture, once: OnceRules, intent: Intent) -> Recorded {
    fixture.store.record_settlement(under(once, intent)).await.unwrap()
}

/// What stood against it.
fn twice(recorded: Recorded) -> Option<Twice> {
    match recorded {
        Recorded::New(_) => None,
        Recorded::Twice(twice) => Some(twice),
        other => panic!("{other:?}"),
    }
}

/// Makes changes of a settlement, one after another.
async fn carry(fixture: &Fixture, settlement: &Settlement, changes: &[Change]) -> Settlement {
    let lease = fixture.claim(settlement).await.lease;
    let mut after = settlement.clone();
    for change in changes {
        after = fixture.change(&lease, &after, change).await;
    }
    fixture.store.release(&lease, None).await.unwrap();
    after
}

fn refused(reason: Reason) -> Change {
    Change::NotAccepted { reason, detail: "refused".to_owned() }
}

/// All that a settlement goes through to its end.
fn to_the_end(external_id: &str) -> Vec<Change> {
    vec![
        Change::Prepared { payload: "{}".to_owned() },
        Change::Signed { signature: Signature::from_bytes([1; 65]), body: vec![1] },
        Change::Dispatched,
        Change::Taken { venue: Box::new(venue(external_id, VenueStatus::Completed)) },
    ]
}

pub(crate) async fn a_cutoff_that_is_not_later_than_the_newest_is_refused(fixture: &Fixture) {
    assert_eq!(twice(record(fixture, INCREASING, cut_off("first", at(0))).await), None);
    assert_eq!(twice(record(fixture, INCREASING, cut_off("later", at(1))).await), None);
    let expected = Some(Twice::CutoffNotIncreasing { newest: at(1), holder: external("later") });
    for not_later in [at(1), at(0), at(-1)] {
        assert_eq!(twice(record(fixture, INCREASING, cut_off("again", not_later)).await), expected);
    }
    assert_eq!(twice(record(fixture, INCREASING, cut_off("again", at(2))).await), None, "a refusal held nothing");
    assert_eq!(twice(record(fixture, INCREASING, of("without")).await), None, "route v1 has no cutoff");
}

pub(crate) async fn a_settlement_is_open_until_money_has_moved(fixture: &Fixture) {
    let first = fixture.record(under(ONE_OPEN, of("first"))).await;
    let expected = Some(Twice::TooManyOpen { most: 1, oldest: external("first") });
    for (count, change) in to_the_end("first").iter().enumerate() {
        assert_eq!(twice(record(fixture, ONE_OPEN, of("second")).await), expected, "after {count} changes");
        let stored = fixture.stored(&first).await;
        carry(fixture, &stored, std::slice::from_ref(change)).await;
    }
    assert_eq!(fixture.stored(&first).await.progress.state, State::Completed);
    assert_eq!(twice(record(fixture, ONE_OPEN, of("second")).await), None);
    let two = OnceRules { max_open_settlements: 2, ..ONE_OPEN };
    assert_eq!(twice(record(fixture, two, of("third")).await), None);
    let expected = Some(Twice::TooManyOpen { most: 2, oldest: external("second") });
    assert_eq!(twice(record(fixture, two, of("fourth")).await), expected);
}

pub(crate) async fn the_same_amounts_are_a_possible_duplicate_for_a_day_unless_they_are_meant(fixture: &Fixture) {
    let legs = |ids: [(&str, &str); 2]| amounts(ids.map(|(id, text)| leg(id, "BTC", text)).into());
    let mut first = of("first");
    first.asked.amounts = legs([("a", "1.50"), ("b", "-2")]);
    fixture.record(under(A_DAY, first)).await;
    let mut again = of("again");
    again.asked.amounts = legs([("b", "-2.0"), ("a", "1.5")]);
    let expected = Some(Twice::SameAmounts { holder: external("first") });
    assert_eq!(twice(record(fixture, A_DAY, again.clone()).await), expected, "in another order and spelling");
    let just_before = after_start(DAY.as_secs()).checked_sub(Duration::from_nanos(1)).unwrap();
    let late = |now| NewSettlement { now, ..under(A_DAY, again.clone()) };
    let stands = fixture.store.record_settlement(late(just_before)).await.unwrap();
    assert_eq!(twice(stands), expected);
    let mut other = of("other");
    other.asked.amounts = legs([("b", "-2.0"), ("a", "1.51")]);
    assert_eq!(twice(record(fixture, A_DAY, other).await), None);
    let meant = A_DAY.with_same_amounts_intended(true);
    let found = fixture.store.rehearse_settlement(under(meant, again.clone())).await.unwrap();
    assert!(found.is_none(), "{found:?}");
    let a_day_later = fixture.store.record_settlement(late(after_start(DAY.as_secs()))).await.unwrap();
    assert_eq!(twice(a_day_later), None);
}

pub(crate) async fn what_can_never_move_money_stands_in_nobodys_way(fixture: &Fixture) {
    let strict = OnceRules { max_open_settlements: 1, cutoff_must_increase: true, duplicate_window: Some(DAY) };
    let same = |external_id: &str| {
        let mut intent = cut_off(external_id, at(0));
        intent.asked.amounts = amounts(vec![leg("a", "BTC", "1")]);
        under(strict, intent)
    };
    for (dead, change) in
        [("cancelled", Change::Cancelled), ("expired", Change::Expired), ("refused", refused(Reason::VenueRejectedRequest))]
    {
        let settlement = fixture.record(same(dead)).await;
        carry(fixture, &settlement, &[change]).await;
    }
    fixture.record(same("alive")).await;
}

pub(crate) async fn what_a_retry_may_still_send_is_open_until_it_is_superseded(fixture: &Fixture) {
    let first = fixture.record(under(ONE_OPEN, of("first"))).await;
    carry(fixture, &first, &[refused(Reason::VenueForbidden)]).await;
    let expected = Some(Twice::TooManyOpen { most: 1, oldest: external("first") });
    assert_eq!(twice(record(fixture, ONE_OPEN, of("second")).await), expected);
    let mut instead = of("instead");
    instead.asked.supersedes = Some(external("first"));
    assert_eq!(twice(record(fixture, ONE_OPEN, instead).await), None);
    assert_eq!(fixture.stored(&first).await.progress.reason, Some(Reason::Superseded));
}

pub(crate) async fn a_refusal_supersedes_nothing(fixture: &Fixture) {
    let old = fixture.record(under(OnceRules::NONE, of("old"))).await;
    let refusal = carry(fixture, &old, &[refused(Reason::VenueForbidden)]).await;
    fixture.record(under(OnceRules::NONE, of("open"))).await;
    let mut instead = of("instead");
    instead.asked.supersedes = Some(external("old"));
    let stands = twice(record(fixture, ONE_OPEN, instead).await);
    assert_eq!(stands, Some(Twice::TooManyOpen { most: 1, oldest: external("open") }));
    assert_eq!(fixture.stored(&old).await, refusal);
}

pub(crate) async fn a_repeat_and_another_enterprise_meet_no_rule(fixture: &Fixture) {
    let strict = OnceRules { max_open_settlements: 1, cutoff_must_increase: true, duplicate_window: Some(DAY) };
    let first = fixture.record(under(strict, cut_off("first", at(0)))).await;
    match record(fixture, strict, cut_off("first", at(0))).await {
        Recorded::Existing(settlement) => assert_eq!(settlement.id, first.id),
        other => panic!("{other:?}"),
    }
    let mut theirs = cut_off("first", at(0));
    theirs.asked.enterprise_id = EnterpriseId::new("enterprise-2").unwrap();
    assert_eq!(twice(record(fixture, strict, theirs).await), None);
}

pub(crate) async fn a_rehearsal_says_what_stands_against_it_and_writes_nothing(fixture: &Fixture) {
    let rehearse = |once, intent| fixture.store.rehearse_settlement(under(once, intent));
    assert!(rehearse(ONE_OPEN, of("first")).await.unwrap().is_none());
    let name = SettlementName::External(external("first"));
    assert_eq!(fixture.store.settlement(&enterprise(), &name).await.unwrap(), None);
    let first = fixture.record(under(ONE_OPEN, of("first"))).await;
    assert!(matches!(rehearse(ONE_OPEN, of("first")).await.unwrap(), Some(Recorded::Existing(..))));
    let found = rehearse(ONE_OPEN, of("second")).await.unwrap();
    assert_eq!(found.and_then(twice), Some(Twice::TooManyOpen { most: 1, oldest: external("first") }));
    let refusal = carry(fixture, &first, &[refused(Reason::VenueForbidden)]).await;
    let mut instead = of("instead");
    instead.asked.supersedes = Some(external("first"));
    assert!(rehearse(ONE_OPEN, instead).await.unwrap().is_none());
    assert_eq!(fixture.stored(&first).await, refusal, "nothing was fenced off");
}

pub(crate) async fn of_32_days_at_once_one_is_open(fixture: &Fixture) {
    let mut tasks = JoinSet::new();
    for n in 0..32 {
        let store = Arc::clone(&fixture.store);
        let new = under(ONE_OPEN, of(&format!("e-{n}")));
        tasks.spawn(async move { store.record_settlement(new).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Recorded::New(_))).count(), 1);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Recorded::Twice(_))).count(), 31);
}
