//! The journal in one SQLite file: for one process on one machine.
//!
//! One connection writes, so that every write begins with `BEGIN IMMEDIATE`
//! and none ever finds the database busy; a few others read. Commits are
//! synced to the disk (`synchronous=FULL`) before they are answered. A lock
//! file beside the database refuses a second process.

mod copies;
mod disk;
mod driver;
mod files;
mod migrate;
mod open;
#[cfg(test)]
mod tests;

pub use super::OpenError;
pub use copies::{Copied, CopyError, backup, restore};
pub use driver::SqliteDriver;
pub use migrate::schema;
pub use open::SqliteOptions;

/// The journal in an SQLite file. Made by [`SqliteStore::open`], ended by [`Store::close`](super::Store::close).
pub type SqliteStore = super::SqlStore<SqliteDriver>;
