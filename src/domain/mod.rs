//! What settlement means, without I/O, clock or runtime.

pub mod amount;
pub mod ids;
pub mod payload;
pub mod quote;
pub mod settlement;
pub mod signing;
pub mod time;
