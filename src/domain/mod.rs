//! What settlement means, without I/O, clock or runtime.

pub mod amount;
pub mod ids;
pub mod signing;
pub mod time;
