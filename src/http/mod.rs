//! The HTTP listeners that stand beside gRPC.

mod bounded;
mod ops;
mod readiness;

pub use bounded::HttpSettings;
pub use ops::OpsServer;
pub use readiness::Readiness;
