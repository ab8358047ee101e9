//! Between the contract's messages and the domain's types: the only validation of requests.
//!
//! A converter reads every field, collects each fault under its path
//! ([`violations::Violations`]) and gives a domain value only when there is
//! none. It calls nothing, stores nothing and knows no clock.

pub mod limits;
pub mod page;
pub mod time;
pub mod violations;
