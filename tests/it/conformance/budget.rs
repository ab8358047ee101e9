//! Budgets of calls: exact, shared by all who draw, and never passed by two together.

use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::budget::{CallBudget, Drawn, Urgency};
use tokio::task::JoinSet;

use super::Fixture;

/// A burst of ten, and fifty more in a minute.
const CALLS_PER_MINUTE: u32 = 60;
const BURST: u32 = 10;
/// How long one call takes to fill again.
const REFILL: Duration = Duration::from_millis(1_200);

async fn draw(fixture: &Fixture, purse: &str, urgency: Urgency) -> Drawn {
    fixture.store.draw(purse, CallBudget::per_minute(CALLS_PER_MINUTE), urgency).await.unwrap()
}

/// Draws until it is refused, and says how often it was granted and how long to wait.
async fn drain(fixture: &Fixture, purse: &str, urgency: Urgency) -> (u32, Duration) {
    let mut granted = 0;
    loop {
        match draw(fixture, purse, urgency).await {
            Drawn::Granted { .. } => granted += 1,
            Drawn::Spent { wait } => return (granted, wait),
        }
    }
}

pub(crate) async fn a_burst_is_granted_and_then_one_call_after_another(fixture: &Fixture) {
    assert_eq!(draw(fixture, "a", Urgency::Settling).await, Drawn::Granted { left: BURST - 1 });
    assert_eq!(drain(fixture, "a", Urgency::Settling).await, (BURST - 1, REFILL));
    fixture.clock.advance(REFILL - Duration::from_micros(1));
    assert_eq!(drain(fixture, "a", Urgency::Settling).await, (0, Duration::from_micros(1)), "a refusal costs nothing");
    fixture.clock.advance(Duration::from_micros(1));
    assert_eq!(drain(fixture, "a", Urgency::Settling).await, (1, REFILL));
    fixture.clock.advance(Duration::from_secs(3_600));
    assert_eq!(drain(fixture, "a", Urgency::Settling).await, (BURST, REFILL), "an idle hour fills one burst");
}

pub(crate) async fn what_settles_sees_the_whole_budget(fixture: &Fixture) {
    assert_eq!(drain(fixture, "a", Urgency::Looking).await, (BURST / 2, REFILL));
    assert_eq!(drain(fixture, "a", Urgency::Settling).await, (BURST / 2, REFILL));
    assert_eq!(drain(fixture, "a", Urgency::Looking).await, (0, REFILL * (BURST / 2 + 1)));
}

pub(crate) async fn each_purse_is_its_own(fixture: &Fixture) {
    assert_eq!(drain(fixture, "a", Urgency::Settling).await.0, BURST);
    assert_eq!(drain(fixture, "b", Urgency::Settling).await.0, BURST);
}

pub(crate) async fn many_at_once_never_draw_one_call_twice(fixture: &Fixture) {
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&fixture.store);
        let budget = CallBudget::per_minute(CALLS_PER_MINUTE);
        tasks.spawn(async move { store.draw("a", budget, Urgency::Settling).await.unwrap() });
    }
    let drawn = tasks.join_all().await;
    let granted = drawn.iter().filter(|drawn| matches!(drawn, Drawn::Granted { .. })).count();
    assert_eq!(granted, usize::try_from(BURST).unwrap());
}
