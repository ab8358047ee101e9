//! The way in: accepts connections within limits and serves HTTP/2 on each.
//!
//! The loop is our own and not the framework's: that one never closes a silent
//! peer, has no cap on connections, lets one silent peer hold up a shut-down,
//! and arms a timer of its own from `grpc-timeout`, outside every layer, that
//! answers CANCELLED.

mod accept;
mod connection;
mod executor;
mod peer;
mod preface;
mod settings;

pub use crate::tls::{ClientCertificates, Protocol, Reload, Tls, TlsError, TlsFiles};
pub(super) use accept::Listener;
pub use peer::{PeerCertificate, PeerInfo};
pub use settings::ListenerSettings;
