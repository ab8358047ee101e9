//! The journal in SQL, written once for every database behind it.
//!
//! A [`Driver`] begins a [`Session`]: one transaction on SQLite or on
//! PostgreSQL. Whatever is done in it is written here in statements that both
//! understand; the few that differ are the [`Dialect`]'s. [`SqlStore`] runs
//! the work in a task that nobody's patience cancels, commits it, and repeats
//! it where the database could not order it among others.
//!
//! Rows and their JSON never leave this folder.

mod adoptions;
mod anchored;
mod archive;
mod archive_lines;
mod audit;
mod audit_chain;
mod audit_journal;
mod budget;
mod census;
mod claims;
mod confirmation_rows;
mod confirmations;
mod dialect;
mod dispute_row;
mod driver;
mod errands;
mod error;
mod event_feed;
mod events;
mod following;
mod foreign;
mod heads;
mod inbox;
mod intents;
mod mirror;
mod once;
mod open_error;
mod quote_rows;
mod quotes;
mod record;
mod row;
mod rows;
mod save;
mod schema;
mod server_transaction;
mod session;
mod settlements;
mod signing;
mod spend;
mod standing_row;
mod standings;
mod statement;
mod store;
mod supersede;
mod text;
mod trade_events;
mod trade_rows;
mod trades;
mod transfer_row;
mod venue_row;

pub(super) use budget::SpentBudgets;
pub(super) use claims::free_all;
pub(super) use dialect::{POSTGRES, SQLITE};
pub(super) use driver::{Driver, Mode};
pub(super) use error::unavailable;
pub(super) use heads::Floor;
pub use open_error::OpenError;
pub(super) use open_error::failed;
#[cfg(test)]
pub(super) use schema::KNOWN_SCHEMA;
pub(super) use schema::READ_VERSIONS;
pub use schema::SchemaStatus;
pub(super) use server_transaction::ServerTransaction;
pub use session::LeaseClock;
pub(super) use session::{Connection, Session};
pub(super) use statement::Statement;
pub use store::SqlStore;
