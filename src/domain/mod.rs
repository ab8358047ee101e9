//! What settlement means, without I/O, clock or runtime.

pub mod amount;
pub mod anchor;
pub mod archive;
pub mod audit;
pub mod budget;
pub mod callback;
pub mod client_settlement;
pub mod dispute;
pub mod ids;
pub mod network;
pub mod origin;
pub mod payload;
pub mod policy;
pub mod quote;
pub mod settlement;
pub mod signing;
pub mod time;
pub mod trade;
pub mod transfer;
