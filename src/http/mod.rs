//! The HTTP listeners that stand beside gRPC.

mod bounded;
mod callbacks;
mod ops;
mod readiness;
mod window;

pub use bounded::HttpSettings;
pub use callbacks::{
    BitGoEndpoint, BitlipaEndpoint, CallbackServer, CallbackSettings, KeyReload, TokenRules, VenueKey, VenueKeyError,
    VenueKeyFile,
};
pub use ops::OpsServer;
pub use readiness::Readiness;
pub use window::WindowAccess;
