//! One connection for workers and callers alike: nobody waits in a circle, and who waits too long is sent away.

use std::sync::Arc;

use futures_util::future::join_all;
use settlement_gateway::domain::settlement::State;
use settlement_gateway::service::{ServiceError, initiate_settlement};
use settlement_gateway::store::postgres::{PostgresOptions, PostgresStore};
use settlement_gateway::store::{LeaseClock, StoreError};
use sqlx::{Connection, Executor};

use crate::support::postgres::Schema;
use crate::support::world::{Ground, PATIENCE, V1, V2, caller, quick, request, state_of};

async fn with_one_connection(schema: &Schema) -> PostgresStore {
    let options = PostgresOptions { url: schema.url(), max_connections: 1, clock: LeaseClock::Database };
    PostgresStore::open(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_and_callers_that_share_one_connection_never_wait_in_a_circle() {
    let Some(schema) = Schema::fresh().await else { return };
    let ground = Ground::new(|_| ()).await;
    let context = ground.context(Arc::new(with_one_connection(&schema).await), quick());
    context.engine.start();
    let who = caller();
    let calls = (0..16).map(|n| initiate_settlement(&context, &who, request([V1, V2][n % 2], &format!("narrow-{n}")), PATIENCE));
    for (n, answer) in join_all(calls).await.into_iter().enumerate() {
        assert!(matches!(state_of(&answer), State::Completed | State::Pending), "{answer:?}");
        assert_eq!(ground.at_venue([V1, V2][n % 2], &format!("narrow-{n}")).unwrap().created, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_too_long_for_the_only_connection_is_sent_away_before_anything_is_recorded() {
    let Some(schema) = Schema::fresh().await else { return };
    let ground = Ground::new(|_| ()).await;
    let context = ground.context(Arc::new(with_one_connection(&schema).await), quick());
    let mut outside = schema.connect().await;
    let mut lock = outside.begin().await.unwrap();
    lock.execute("LOCK TABLE settlement IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let who = caller();
    let calls = (0..4).map(|n| initiate_settlement(&context, &who, request(V1, &format!("shed-{n}")), PATIENCE));
    for answer in join_all(calls).await {
        assert!(matches!(answer, Err(ServiceError::Store(StoreError::Unavailable(_)))), "{answer:?}");
    }
    lock.rollback().await.unwrap();
    let recorded: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM settlement").fetch_one(&mut schema.connect().await).await.unwrap();
    assert_eq!(recorded, 0);
}
