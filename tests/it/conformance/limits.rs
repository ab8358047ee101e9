//! Limits: exact, over a rolling day, and never passed by two together.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::amount::canonical;
use settlement_gateway::domain::ids::CallerId;
use settlement_gateway::domain::policy::{LimitExceeded, SpendLimit};
use settlement_gateway::domain::settlement::Intent;
use settlement_gateway::store::{NewSettlement, Recorded, SettlementName};
use tokio::task::JoinSet;

use super::Fixture;
use crate::support::builders::{
    after_start, amount, amounts, currency, enterprise, external, intent, leg, new_settlement, start,
};

const DAY_SECONDS: u64 = 24 * 60 * 60;

fn limit(per_settlement: Option<&str>, per_day: Option<&str>) -> SpendLimit {
    SpendLimit { currency: currency("BTC"), per_settlement: per_settlement.map(amount), per_day: per_day.map(amount) }
}

/// A settlement of one leg in bitcoin.
fn of(external_id: &str, text: &str) -> Intent {
    let mut intent = intent(external_id);
    intent.asked.amounts = amounts(vec![leg("connection-1", "BTC", text)]);
    intent
}

async fn record(fixture: &Fixture, intent: Intent, limit: &SpendLimit, now: Timestamp) -> Recorded {
    let new = NewSettlement { now, limits: vec![limit.clone()], ..new_settlement(intent) };
    fixture.store.record_settlement(new).await.unwrap()
}

/// Which limit stood against it, if one did.
fn window(recorded: &Recorded) -> Option<&'static str> {
    match recorded {
        Recorded::New(_) | Recorded::Existing(..) => None,
        Recorded::OverLimit(exceeded) => Some(exceeded.window),
        Recorded::SupersedesRefused | Recorded::Twice(_) | Recorded::Adopted(_) => panic!("nothing else stands against it here"),
    }
}

pub(crate) async fn a_settlement_above_its_limit_writes_nothing(fixture: &Fixture) {
    let ten = limit(Some("10"), None);
    match record(fixture, of("e-1", "10.00000001"), &ten, start()).await {
        Recorded::OverLimit(exceeded) => {
            let expected =
                LimitExceeded { currency: currency("BTC"), limit: "10".to_owned(), window: LimitExceeded::PER_SETTLEMENT };
            assert_eq!(exceeded, expected);
        }
        wrong => panic!("{wrong:?}"),
    }
    let name = SettlementName::External(external("e-1"));
    assert_eq!(fixture.store.settlement(&enterprise(), &name).await.unwrap(), None);
    assert!(fixture.due().await.is_none());
    assert_eq!(window(&record(fixture, of("e-1", "10.000"), &ten, start()).await), None, "the limit itself is allowed");
}

pub(crate) async fn a_rolling_day_is_summed_exactly(fixture: &Fixture) {
    let three_tenths = limit(None, Some("0.3"));
    for id in ["e-1", "e-2"] {
        assert_eq!(window(&record(fixture, of(id, "0.1"), &three_tenths, start()).await), None);
    }
    let atom = "0.10000000000000000000000000000001";
    let refused = record(fixture, of("e-3", atom), &three_tenths, start()).await;
    assert_eq!(window(&refused), Some(LimitExceeded::PER_DAY), "by the last of 32 digits");
    assert_eq!(window(&record(fixture, of("e-3", "0.10"), &three_tenths, start()).await), None, "a refusal spent nothing");
    let refused = record(fixture, of("e-4", "0.00000000000000000000000000000001"), &three_tenths, start()).await;
    assert_eq!(window(&refused), Some(LimitExceeded::PER_DAY));
}

pub(crate) async fn both_directions_count(fixture: &Fixture) {
    let mut both = of("e-1", "6");
    both.asked.amounts = amounts(vec![leg("connection-1", "BTC", "6"), leg("connection-2", "BTC", "-6")]);
    let refused = record(fixture, both.clone(), &limit(Some("11"), None), start()).await;
    assert_eq!(window(&refused), Some(LimitExceeded::PER_SETTLEMENT));
    assert_eq!(window(&record(fixture, both, &limit(Some("12"), Some("12")), start()).await), None);
}

pub(crate) async fn what_is_a_day_old_no_longer_counts(fixture: &Fixture) {
    let ten = limit(None, Some("10"));
    assert_eq!(window(&record(fixture, of("e-1", "10"), &ten, start()).await), None);
    let just_before = after_start(DAY_SECONDS).checked_sub(Duration::from_nanos(1)).unwrap();
    let refused = record(fixture, of("e-2", "0.1"), &ten, just_before).await;
    assert_eq!(window(&refused), Some(LimitExceeded::PER_DAY));
    assert_eq!(window(&record(fixture, of("e-2", "10"), &ten, after_start(DAY_SECONDS)).await), None);
    let refused = record(fixture, of("e-3", "0.1"), &ten, start()).await;
    assert_eq!(window(&refused), Some(LimitExceeded::PER_DAY), "a clock that steps back opens no second day");
}

pub(crate) async fn another_caller_or_currency_does_not_count(fixture: &Fixture) {
    let ten = limit(None, Some("10"));
    let mut others = of("e-1", "9");
    others.caller = CallerId::new("caller-2").unwrap();
    let mut ether = of("e-2", "9");
    ether.asked.amounts = amounts(vec![leg("connection-1", "ETH", "9")]);
    for unrelated in [others, ether, of("e-3", "10")] {
        assert_eq!(window(&record(fixture, unrelated, &ten, start()).await), None);
    }
    assert_eq!(window(&record(fixture, of("e-4", "0.1"), &ten, start()).await), Some(LimitExceeded::PER_DAY));
}

pub(crate) async fn what_was_spent_of_a_day_is_told_to_the_last_digit(fixture: &Fixture) {
    let unlimited = limit(None, None);
    for (id, text) in [("e-1", "0.1"), ("e-2", "-0.20000000000000000000000000000001")] {
        record(fixture, of(id, text), &unlimited, start()).await;
    }
    let caller = CallerId::new("caller-1").unwrap();
    let spent = async |now| {
        let currencies = vec![currency("BTC"), currency("ETH")];
        let sums = fixture.store.spent_of_day(&caller, currencies, now).await.unwrap();
        ["BTC", "ETH"].map(|name| canonical(&sums[&currency(name)]))
    };
    assert_eq!(spent(start()).await, ["0.30000000000000000000000000000001", "0"]);
    assert_eq!(spent(after_start(DAY_SECONDS)).await, ["0", "0"]);
}

pub(crate) async fn a_repeat_is_answered_even_above_the_limit(fixture: &Fixture) {
    let ten = limit(None, Some("10"));
    record(fixture, of("e-1", "10"), &ten, start()).await;
    let again = record(fixture, of("e-1", "10"), &ten, start()).await;
    assert!(matches!(again, Recorded::Existing(..)));
}

pub(crate) async fn many_at_once_never_pass_the_limit_together(fixture: &Fixture) {
    let mut tasks = JoinSet::new();
    for n in 0..32 {
        let store = Arc::clone(&fixture.store);
        let new = NewSettlement { limits: vec![limit(None, Some("5"))], ..new_settlement(of(&format!("e-{n}"), "1")) };
        tasks.spawn(async move { store.record_settlement(new).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Recorded::New(_))).count(), 5);
}
