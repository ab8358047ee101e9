//! Trade settlements (seed 003): amounts in whole base units, the payload that
//! an account signs, and four writes that each go out at most once.

mod amounts;
mod asked;
mod change;
mod payload;
mod reason;
mod state;
mod status;
mod venue;
mod verdict;
mod write;

pub use amounts::{BaseUnits, PartyAmounts, Scope, Trade, disagreement};
pub use asked::{Affirming, Basis, Creation, TradeAction, TradeAsked};
pub use change::{Finding, IllegalTradeChange, TradeChange};
pub use payload::{Expectation, MAX_PARTIES, Nonces, PAYLOAD_VERSION, TradePayload, read_trade_payload};
pub use reason::TradeReason;
pub use state::TradeState;
pub use status::{AffirmationStatus, TradeSettlementStatus, TradeStatus};
pub use venue::{Affirmation, Evidence, Lock, SettlementFees, Shown, ShownTrade, TradeAnswer, VenueTradeSettlement};
pub use verdict::{judge_affirmation, judge_followed, judge_list, shows_ours, trade_verdict};
pub use write::{Resolution, TradeHeader, TradeProgress, TradeWrite};
