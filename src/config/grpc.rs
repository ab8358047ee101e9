//! `[grpc]`: the listener that callers reach, and what one connection may cost.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::section::{Bounds, Section};
use super::tls::Tls;

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50051);
const MAX_CONNECTIONS: Bounds = Bounds { default: 1_024, min: 1, max: 65_536 };
const MAX_CONCURRENT_STREAMS: Bounds = Bounds { default: 64, min: 1, max: 1_000 };
const MAX_WATCHES: Bounds = Bounds { default: 1_024, min: 1, max: 65_536 };
const MAX_WATCHES_PER_CALLER: Bounds = Bounds { default: 256, min: 1, max: 65_536 };
const WATCH_PATIENCE_MS: Bounds = Bounds { default: 30_000, min: 100, max: 600_000 };
const HANDSHAKE_TIMEOUT_MS: Bounds = Bounds { default: 5_000, min: 100, max: 60_000 };
const MAX_CONNECTION_AGE_MS: Bounds = Bounds { default: 1_800_000, min: 1_000, max: 86_400_000 };
const MAX_MESSAGE_BYTES: Bounds = Bounds { default: 4 * 1024 * 1024 + 64 * 1024, min: 64 * 1024, max: 64 * 1024 * 1024 };
const DEFAULT_WAIT_CAP_MS: Bounds = Bounds { default: 25_000, min: 100, max: 300_000 };
const DEADLINE_MARGIN_MS: Bounds = Bounds { default: 500, min: 10, max: 10_000 };

/// The gRPC listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grpc {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its TLS; absent only on loopback.
    pub tls: Option<Tls>,
    /// Whether anybody on this machine may call everything, without a token or a certificate.
    pub unauthenticated_loopback: bool,
    /// Whether the reflection services answer.
    pub reflection: bool,
    /// The most connections at once; one more is closed at once.
    pub max_connections: u32,
    /// The most calls at once on one connection.
    pub max_concurrent_streams: u32,
    /// The most watches open at once, of all callers together.
    pub max_watches: u32,
    /// The most watches that one caller has open at once.
    pub max_watches_per_caller: u32,
    /// How long the reader of a stream of events may take nothing before the stream is ended.
    pub watch_patience: Duration,
    /// How long a peer may take for the TLS handshake and HTTP/2's preface.
    pub handshake_timeout: Duration,
    /// After this age a connection is asked to close, so that callers spread over new replicas.
    pub max_connection_age: Duration,
    /// The largest request message.
    pub max_message_bytes: u32,
    /// How long a call waits for the venue when its caller set no deadline.
    pub default_wait_cap: Duration,
    /// How long before its caller's deadline a call answers.
    pub deadline_margin: Duration,
}

impl Grpc {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let has_tls = section.has("tls");
        let grpc = Self {
            listen: section.optional("listen", parse_address).unwrap_or(DEFAULT_LISTEN),
            tls: section.optional_section("tls", Tls::read),
            unauthenticated_loopback: section.flag("unauthenticated_loopback", false),
            reflection: section.flag("reflection", false),
            max_connections: section.number("max_connections", MAX_CONNECTIONS),
            max_concurrent_streams: section.number("max_concurrent_streams", MAX_CONCURRENT_STREAMS),
            max_watches: section.number("max_watches", MAX_WATCHES),
            max_watches_per_caller: section.number("max_watches_per_caller", MAX_WATCHES_PER_CALLER),
            watch_patience: section.duration_ms("watch_patience_ms", WATCH_PATIENCE_MS),
            handshake_timeout: section.duration_ms("handshake_timeout_ms", HANDSHAKE_TIMEOUT_MS),
            max_connection_age: section.duration_ms("max_connection_age_ms", MAX_CONNECTION_AGE_MS),
            max_message_bytes: section.number("max_message_bytes", MAX_MESSAGE_BYTES),
            default_wait_cap: section.duration_ms("default_wait_cap_ms", DEFAULT_WAIT_CAP_MS),
            deadline_margin: section.duration_ms("deadline_margin_ms", DEADLINE_MARGIN_MS),
        };
        grpc.check_exposure(section, has_tls);
        Some(grpc)
    }

    /// Beyond this machine nothing is served without TLS, and nothing without knowing who calls.
    fn check_exposure(&self, section: &Section<'_>, has_tls: bool) {
        let is_loopback = self.listen.ip().is_loopback();
        if !is_loopback && !has_tls {
            section.mistake("listen", "an address beyond loopback needs [grpc.tls]");
        }
        if !is_loopback && self.unauthenticated_loopback {
            section.mistake("unauthenticated_loopback", "stands for a loopback address only");
        }
    }
}

/// An address with a port; names are not looked up, since the answer could change between check and use.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address and a port such as 127.0.0.1:50051")
}
