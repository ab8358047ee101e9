//! The journal in PostgreSQL 15 or later: for many replicas.
//!
//! Everything is a transaction of its own and nothing outlives it on the
//! connection: no prepared statement, no setting, no advisory lock. So a pool
//! such as PgBouncer in transaction mode may stand between. Leases run on the
//! database's clock. The SQL is what CockroachDB and YugabyteDB have too.
//!
//! A connection whose user went away may be left inside a transaction. Work
//! therefore runs in tasks that nobody cancels, and a connection is rolled
//! back before it is used again.

mod anchor;
mod backups;
mod checks;
mod driver;
mod migrate;
mod open;
#[cfg(test)]
mod tests;

pub use anchor::PostgresAnchor;
pub use backups::{ServerBackups, backups};
pub use checks::{ServerDurability, durability};
pub use driver::PostgresDriver;
pub use migrate::schema;
pub use open::PostgresOptions;

/// The journal in PostgreSQL. Made by [`PostgresStore::open`], ended by [`Store::close`](super::Store::close).
pub type PostgresStore = super::SqlStore<PostgresDriver>;
