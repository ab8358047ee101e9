//! The store in PostgreSQL: the suite that every store passes, and what only a server can get wrong.

mod cancelling;
mod durability;
mod exhaustion;
mod migrating;
mod opening;
mod pooler;
mod replicas;

use std::sync::Arc;

use settlement_gateway::store::postgres::{PostgresOptions, PostgresStore};
use settlement_gateway::store::{LeaseClock, OpenError};

use crate::conformance::{Fixture, suite};
use crate::support::builders::start;
use crate::support::clock::ManualClock;
use crate::support::postgres::Schema;

/// How many connections a test's store has: fewer than its tasks, so that they queue.
const CONNECTIONS: u32 = 8;

/// Opens a store whose leases run on the database's clock.
pub(crate) async fn open(url: String) -> Result<PostgresStore, OpenError> {
    PostgresStore::open(PostgresOptions { url, max_connections: CONNECTIONS, clock: LeaseClock::Database }).await
}

async fn fresh() -> Option<Fixture> {
    let schema = Schema::fresh().await?;
    let clock = ManualClock::at(start());
    let given = LeaseClock::Given(Arc::<ManualClock>::clone(&clock));
    let options = PostgresOptions { url: schema.url(), max_connections: CONNECTIONS, clock: given };
    let store = PostgresStore::open(options).await.unwrap();
    Some(Fixture::new(Arc::new(store), clock, Box::new(schema)))
}

suite!(fresh);
