//! Callers that go away in the middle of a round trip to a server that is 4 ms away.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use settlement_gateway::store::{SettlementStore, Store};
use sqlx::postgres::PgConnection;

use super::open;
use crate::support::builders::{intent, new_settlement};
use crate::support::choices::Choices;
use crate::support::gateway::within;
use crate::support::postgres::Schema;
use crate::support::proxy::Proxy;

/// How long a message to the server takes.
const LATENCY: Duration = Duration::from_millis(4);
/// More than recording a settlement takes, most of which is on the way.
const RECORDED_AFTER_MICROSECONDS: u64 = 240_000;
/// How many calls are left at once, and how often: each has a connection of its own, since whoever waits for one too long is sent
/// away, and nobody would hear of it.
const CALLS: u32 = super::CONNECTIONS;
const ROUNDS: u32 = 3;

/// How many of a schema's own user's connections there are.
async fn connections(beside: &mut PgConnection, schema: &Schema) -> i64 {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM pg_stat_activity WHERE usename = $1").bind(schema.name());
    count.fetch_one(beside).await.unwrap()
}

/// How many settlements somebody else sees.
async fn seen(beside: &mut PgConnection, prefix: &str) -> i64 {
    let count = "SELECT COUNT(*) FROM settlement JOIN settlement_intent ON settlement_id = id \
                 WHERE external_id LIKE $1 || '%' AND EXISTS (SELECT FROM settlement_event AS e WHERE e.settlement_id = id)";
    sqlx::query_scalar(count).bind(prefix).fetch_one(beside).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_left_at_any_microsecond_is_recorded_whole_and_leaves_no_transaction_open() {
    let Some(schema) = Schema::fresh().await else { return };
    let proxy = Proxy::before(&schema.socket(), LATENCY).await;
    let store = Arc::new(open(schema.url_at(proxy.address()).await).await.unwrap());
    let (mut choices, mut beside) = (Choices::from_environment(), schema.connect().await);
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let leaving = (0..CALLS).map(|call| {
            let patience = Duration::from_micros(choices.below(RECORDED_AFTER_MICROSECONDS));
            let (store, new) = (Arc::clone(&store), new_settlement(intent(&format!("left-{round}-{call}"))));
            async move { tokio::time::timeout(patience, store.record_settlement(new)).await }
        });
        let answers = join_all(leaving).await;
        acknowledged += answers.into_iter().filter_map(Result::ok).map(Result::unwrap).count();
        // Whoever left, what was begun is there.
        within(async { while seen(&mut beside, &format!("left-{round}-")).await < i64::from(CALLS) {} }).await;
    }
    assert!(acknowledged < usize::try_from(CALLS * ROUNDS).unwrap(), "nobody left");
    // The connections that they left are used again.
    join_all((0..CALLS).map(|n| store.record_settlement(new_settlement(intent(&format!("last-{n}")))))).await;
    store.close().await.unwrap();
    assert_eq!(seen(&mut beside, "l").await, i64::from(CALLS * (ROUNDS + 1)));
    within(async { while connections(&mut beside, &schema).await > 0 {} }).await;
}
