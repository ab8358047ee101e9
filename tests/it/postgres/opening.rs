//! Opening: a server that keeps what it acknowledged, and no schema that this version would misread.

use settlement_gateway::store::postgres::{PostgresOptions, schema};
use settlement_gateway::store::{LeaseClock, OpenError, SettlementStore, Store};
use sqlx::Executor;
use tokio::task::JoinSet;

use super::open;
use crate::support::builders::{intent, new_settlement};
use crate::support::postgres::Schema;

#[tokio::test]
async fn a_server_that_commits_lazily_is_refused_and_left_alone() {
    let Some(schema) = Schema::fresh().await else { return };
    let refused = open(format!("{}%20-c%20synchronous_commit%3Doff", schema.url())).await;
    assert!(matches!(refused, Err(OpenError::NotDurable { setting: "synchronous_commit" })), "{refused:?}");
    let found: bool =
        sqlx::query_scalar("SELECT to_regclass('gateway_meta') IS NULL").fetch_one(&mut schema.connect().await).await.unwrap();
    assert!(found, "no schema was made");
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused_unless_it_allows_this_one() {
    let Some(schema) = Schema::fresh().await else { return };
    open(schema.url()).await.unwrap().close().await.unwrap();
    let mut newer = schema.connect().await;
    newer.execute("UPDATE gateway_meta SET schema_version = 2, oldest_binary_schema = 2").await.unwrap();
    let refused = open(schema.url()).await;
    assert!(matches!(refused, Err(OpenError::SchemaTooNew { needed: 2, known: 1 })), "{refused:?}");
    newer.execute("UPDATE gateway_meta SET oldest_binary_schema = 1").await.unwrap();
    let store = open(schema.url()).await.unwrap();
    store.record_settlement(new_settlement(intent("e-1"))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_at_once_make_one_schema() {
    let Some(ground) = Schema::fresh().await else { return };
    let mut replicas = JoinSet::new();
    for _ in 0..8 {
        replicas.spawn(open(ground.url()));
    }
    for opened in replicas.join_all().await {
        opened.unwrap();
    }
    let options = PostgresOptions { url: ground.url(), max_connections: 2, clock: LeaseClock::Database };
    let status = schema(&options).await.unwrap();
    assert_eq!((status.found, status.needed), (1, 1));
}

#[tokio::test]
async fn an_empty_database_has_schema_0_and_reading_that_changes_nothing() {
    let Some(ground) = Schema::fresh().await else { return };
    let options = PostgresOptions { url: ground.url(), max_connections: 2, clock: LeaseClock::Database };
    for _ in 0..2 {
        assert_eq!(schema(&options).await.unwrap().found, 0);
    }
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_says_nothing_of_the_database() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = open(schema.url()).await.unwrap();
    store.close().await.unwrap();
    let error = store.record_settlement(new_settlement(intent("e-1"))).await.unwrap_err();
    assert_eq!(error.to_string(), "the store did not answer");
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_refused_without_being_repeated() {
    let nowhere = "postgres://gateway:hunter2@localhost/gateway?host=/nonexistent".to_owned();
    let mut said = String::new();
    let mut cause: Option<&dyn std::error::Error> = Some(&open(nowhere).await.unwrap_err());
    while let Some(error) = cause {
        said.push_str(&error.to_string());
        cause = error.source();
    }
    assert!(said.starts_with("the store cannot be opened"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
