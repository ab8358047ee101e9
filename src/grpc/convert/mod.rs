//! Between the contract's messages and the domain's types: the only validation of requests.
//!
//! A converter reads every field, collects each fault under its path
//! ([`violations::Violations`]) and gives a domain value only when there is
//! none. It calls nothing, stores nothing and knows no clock.

pub mod client_settlement;
mod dispute;
mod enums;
pub mod events;
pub mod initiate;
pub mod limits;
pub mod list;
pub mod names;
pub mod page;
pub mod preview;
pub mod quote;
pub mod settlement;
pub mod signing;
pub mod time;
mod transfer;
pub mod violations;

#[cfg(test)]
mod shown_tests;
#[cfg(test)]
mod tests;
