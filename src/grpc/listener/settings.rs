//! The limits of the listener and of each connection.

use std::time::Duration;

/// The limits of the listener and of each connection.
#[derive(Debug, Clone)]
pub struct ListenerSettings {
    /// The most connections at once. A further one takes the place of the peer that has longest not begun to speak HTTP/2; where
    /// all have, it is closed at once.
    pub max_connections: usize,
    /// How long a peer may take over its TLS handshake.
    pub tls_handshake_timeout: Duration,
    /// How long a peer may take to send HTTP/2's opening words; a silent one is closed then.
    pub preface_timeout: Duration,
    /// How old a connection may get before it is asked to go, so that load spreads and old identities
    /// die out. Up to a tenth is added, or all clients of one start would come back together.
    pub max_connection_age: Duration,
    /// How long the calls of a connection that was asked to go may go on.
    pub max_connection_age_grace: Duration,
    /// How often a connection is asked for a sign of life.
    pub keepalive_interval: Duration,
    /// How long that sign may take; the connection is closed then.
    pub keepalive_timeout: Duration,
    /// The most calls at once on one connection.
    pub max_concurrent_streams: u32,
    /// The most calls that a peer may have reset before they were begun; more end the connection.
    pub max_pending_reset_streams: usize,
    /// The most bytes of a call's headers.
    pub max_header_list_bytes: u32,
    /// How long `serve` waits for calls under way when it is told to stop.
    pub drain_grace: Duration,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            tls_handshake_timeout: Duration::from_secs(10),
            preface_timeout: Duration::from_secs(10),
            max_connection_age: Duration::from_secs(30 * 60),
            max_connection_age_grace: Duration::from_secs(5 * 60),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            max_concurrent_streams: 64,
            max_pending_reset_streams: 16,
            max_header_list_bytes: 16 * 1024,
            drain_grace: Duration::from_secs(20),
        }
    }
}
