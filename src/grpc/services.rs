//! The contract's services, as routes with their message limits.

use tonic::service::Routes;

use super::pb::admin_service_server::{AdminService, AdminServiceServer};
use super::pb::quote_service_server::{QuoteService, QuoteServiceServer};
use super::pb::settlement_service_server::{SettlementService, SettlementServiceServer};
use super::pb::signing_service_server::{SigningService, SigningServiceServer};
use super::pb::trade_settlement_service_server::{TradeSettlementService, TradeSettlementServiceServer};

/// The largest messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLimits {
    /// The most bytes of a request; a larger one is refused with OUT_OF_RANGE before it is read.
    pub max_request_bytes: usize,
    /// The most bytes of an answer.
    pub max_answer_bytes: usize,
}

impl Default for MessageLimits {
    /// The largest settlement that the contract allows, 4 MiB of amounts, with room for the rest of its request;
    /// an answer holds it with its timeline.
    fn default() -> Self {
        Self { max_request_bytes: 4 * 1024 * 1024 + 64 * 1024, max_answer_bytes: 16 * 1024 * 1024 }
    }
}

/// Routes to the services.
#[must_use]
pub fn contract_routes(
    signing: impl SigningService,
    settlement: impl SettlementService,
    quote: impl QuoteService,
    trade: impl TradeSettlementService,
    admin: impl AdminService,
    limits: MessageLimits,
) -> Routes {
    let MessageLimits { max_request_bytes, max_answer_bytes } = limits;
    let signing = SigningServiceServer::new(signing)
        .max_decoding_message_size(max_request_bytes)
        .max_encoding_message_size(max_answer_bytes);
    let settlement = SettlementServiceServer::new(settlement)
        .max_decoding_message_size(max_request_bytes)
        .max_encoding_message_size(max_answer_bytes);
    let quote =
        QuoteServiceServer::new(quote).max_decoding_message_size(max_request_bytes).max_encoding_message_size(max_answer_bytes);
    let trade = TradeSettlementServiceServer::new(trade)
        .max_decoding_message_size(max_request_bytes)
        .max_encoding_message_size(max_answer_bytes);
    let admin =
        AdminServiceServer::new(admin).max_decoding_message_size(max_request_bytes).max_encoding_message_size(max_answer_bytes);
    Routes::default().add_service(signing).add_service(settlement).add_service(quote).add_service(trade).add_service(admin)
}
