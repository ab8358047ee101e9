//! Use cases, a file a verb. Each checks that its caller may, then asks the
//! domain, the journal, the keys and the venues; none knows gRPC.
//!
//! Work that must outlive its caller is done by the [`engine`]: a use case
//! records it, wakes the engine and waits.

mod cancel_settlement;
mod context;
mod create_quote;
pub mod day_report;
mod deliveries;
mod directory;
pub mod engine;
mod errands;
mod error;
mod get_balances;
mod get_client_settlement;
mod get_quote;
mod get_settlement;
mod initiate_settlement;
mod list_client_settlement_transfers;
mod list_client_settlements;
mod list_connections;
mod list_disputes;
mod list_foreign_settlements;
mod list_keys;
mod list_settlement_events;
mod list_settlement_transfers;
mod list_settlements;
mod outlet;
mod patrol;
mod preview_settlement;
mod receive_settlement_call;
mod renewing;
mod resolve_settlement;
mod retry_settlement;
mod sign_payload;
mod terms;
pub mod trade;
mod turns;
mod venue_budget;
mod verify_payload;
mod view;
mod watch_settlement;
mod watch_settlement_events;

pub use cancel_settlement::cancel_settlement;
pub use context::{Caller, Context};
pub use create_quote::create_quote;
pub use deliveries::Deliveries;
pub use directory::{Directory, DirectoryError, Enterprise, OnChangedAmounts, QuoteDesk, SettlementTerms};
pub use errands::{ErrandSettings, Errands, RunsErrands};
pub use error::{NotFound, Problem, ServiceError, SigningRefusal, VenueCall, Violation};
pub use get_balances::{Balances, BalancesQuery, get_balances};
pub use get_client_settlement::get_client_settlement;
pub use get_quote::get_quote;
pub use get_settlement::get_settlement;
pub use initiate_settlement::{ControlTotal, InitiateSettlement, initiate_settlement};
pub use list_client_settlement_transfers::list_client_settlement_transfers;
pub use list_client_settlements::list_client_settlements;
pub use list_connections::list_connections;
pub use list_disputes::list_disputes;
pub use list_foreign_settlements::list_foreign_settlements;
pub use list_keys::list_keys;
pub use list_settlement_events::list_settlement_events;
pub use list_settlement_transfers::{SettlementTransfersQuery, list_settlement_transfers};
pub use list_settlements::list_settlements;
pub use outlet::Inlet;
pub use patrol::Patrol;
pub use preview_settlement::{Preview, preview_settlement};
pub use receive_settlement_call::{SettlementCall, receive_settlement_call};
pub use resolve_settlement::{SettlementDecision, SettlementResolution, resolve_settlement};
pub use retry_settlement::{SettlementVersion, retry_settlement};
pub use sign_payload::sign_payload;
pub use terms::TermsCache;
pub use turns::Turns;
pub use venue_budget::VenueBudget;
pub use verify_payload::{VerifyWith, verify_payload};
pub use view::SettlementView;
pub use watch_settlement::watch_settlement;
pub use watch_settlement_events::{EventNews, watch_settlement_events};

pub use crate::store::Received;
