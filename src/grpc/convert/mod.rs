//! Between the contract's messages and the domain's types: the only validation of requests.
//!
//! A converter reads every field, collects each fault under its path
//! ([`violations::Violations`]) and gives a domain value only when there is
//! none. It calls nothing, stores nothing and knows no clock.

pub mod admin;
pub mod balances;
pub mod client_settlement;
pub mod client_settlements;
pub mod client_transfers;
pub mod connections;
mod dispute;
pub mod disputes;
mod enums;
pub mod events;
mod filters;
pub mod foreign;
pub mod initiate;
pub mod limits;
pub mod list;
pub mod names;
pub mod page;
pub mod preview;
pub mod quote;
pub mod settlement;
pub mod settlement_transfers;
pub mod signing;
mod standing;
pub mod time;
pub mod trade;
pub mod trade_shown;
mod transfer;
pub mod venue_page;
pub mod violations;

#[cfg(test)]
mod shown_tests;
#[cfg(test)]
mod tests;
