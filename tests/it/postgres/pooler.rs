//! PgBouncer in transaction mode between the store and the server: the suite that every store passes holds behind it.

use std::sync::Arc;

use settlement_gateway::store::LeaseClock;
use settlement_gateway::store::postgres::{PostgresOptions, PostgresStore};

use super::CONNECTIONS;
use crate::conformance::{Fixture, suite};
use crate::support::builders::start;
use crate::support::clock::ManualClock;
use crate::support::pooler::Pooler;
use crate::support::postgres::Schema;

async fn fresh() -> Option<Fixture> {
    let schema = Schema::fresh().await?;
    let url = schema.url_behind(Pooler::before(&schema)?.folder()).await;
    let clock = ManualClock::at(start());
    let given = LeaseClock::Given(Arc::<ManualClock>::clone(&clock));
    let store = PostgresStore::open(PostgresOptions { url, max_connections: CONNECTIONS, clock: given }).await.unwrap();
    Some(Fixture::new(Arc::new(store), clock, Box::new(schema)))
}

suite!(fresh);
