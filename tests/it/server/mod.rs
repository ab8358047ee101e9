//! The gRPC and operators' listeners over real sockets, with nothing but health and reflection behind them.

mod callers;
mod certificates;
mod connections;
mod drain;
mod floods;
mod layers;
mod ops;
mod record;
mod reflection;
pub(crate) mod support;
