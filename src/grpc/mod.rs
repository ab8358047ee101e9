//! The gRPC face: each handler converts a request, calls one use case, and
//! converts its answer.
//!
//! Generated types do not leave this module; neither do statuses.

pub mod admin;
mod call;
pub mod caller;
pub mod convert;
pub mod deadline;
#[cfg(test)]
mod fixtures;
pub mod health;
mod known_rpcs;
mod layers;
pub mod listener;
pub mod page_token;
pub mod pb;
pub mod quote;
pub mod reflection;
mod refusal;
mod refused;
pub mod server;
pub mod services;
pub mod settlement;
pub mod signing;
pub mod status;
pub mod trade;
pub mod watches;

pub use admin::AdminApi;
pub use call::HandlerSettings;
pub use caller::{AmbiguousProof, CallerDirectory, CallerProof, CertificateName};
pub use deadline::Deadline;
pub use health::Health;
pub use layers::RequestId;
pub use listener::{ClientCertificates, ListenerSettings, Tls, TlsError, TlsFiles};
pub use pb::FILE_DESCRIPTOR_SET;
pub use quote::QuoteApi;
pub use reflection::add_reflection;
pub use server::{GrpcServer, ServerError, ServerSettings};
pub use services::{MessageLimits, contract_routes};
pub use settlement::SettlementApi;
pub use signing::SigningApi;
pub use trade::TradeApi;
pub use watches::WatchLimits;
