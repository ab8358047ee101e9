//! Trade settlements: four writes that go out at most once, and the reads beside them.
//!
//! A write is recorded with its errand, and the caller waits for what becomes
//! of it. The errand ([`TradeErrands`]) does one durable step after the other;
//! `steps.rs` says which, and ADR 14 why.

mod access;
mod calculate_fees;
mod errands;
mod get_trade_settlement;
mod list_affirmations;
mod list_trade_settlement_events;
mod list_trade_settlements;
mod report;
mod resolve_trade_settlement;
mod steps;
mod write;

pub use access::Trading;
pub use calculate_fees::calculate_fees;
pub use errands::{TradeErrands, TradeSettings};
pub use get_trade_settlement::{TradeName, TradeView, get_trade_settlement};
pub use list_affirmations::list_affirmations;
pub use list_trade_settlement_events::{TradeEventsQuery, list_trade_settlement_events};
pub use list_trade_settlements::{list_trade_settlements, list_trade_settlements_at_venue};
pub use resolve_trade_settlement::{TradeDecision, TradeResolution, resolve_trade_settlement};
pub use write::write_trade;
