//! `[callbacks]`: the listener that venues call, the only one that faces the internet.

mod bitgo;
mod bitlipa;
mod path;
mod tls;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

pub use bitgo::{BitGoCallback, CallbackKey};
pub use bitlipa::BitlipaCallback;
pub use path::{CallbackPath, CallbackPathError};
pub use tls::CallbackTls;

use super::grpc::parse_address;
use super::section::{Bounds, Section};
use crate::domain::ids::EnterpriseId;

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9465);
const MAX_CONNECTIONS: Bounds = Bounds { default: 256, min: 1, max: 65_536 };
const MAX_BODY_BYTES: Bounds = Bounds { default: 256 * 1024, min: 1_024, max: 4 * 1024 * 1024 };
const HEADER_TIMEOUT_MS: Bounds = Bounds { default: 5_000, min: 100, max: 60_000 };
const CONNECTION_TIMEOUT_MS: Bounds = Bounds { default: 15_000, min: 200, max: 120_000 };
const MAX_REQUESTS_PER_MINUTE: Bounds = Bounds { default: 600, min: 1, max: 60_000 };
const KEEP_DAYS: Bounds = Bounds { default: 30, min: 1, max: 3_650 };
const SECONDS_PER_DAY: u64 = 86_400;

/// The listener for the venues' calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callbacks {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its TLS; without it something in front must end TLS.
    pub tls: Option<CallbackTls>,
    /// The most connections at once; a further one takes the place of the peer that has longest asked for nothing.
    pub max_connections: u32,
    /// The largest body that is read.
    pub max_body_bytes: u32,
    /// How long a peer may take for TLS, and for a request's head.
    pub header_timeout: Duration,
    /// How long a connection, which carries one request, may last.
    pub connection_timeout: Duration,
    /// The most requests of all peers in a minute.
    pub max_requests_per_minute: u32,
    /// How long a delivery is kept after it was acted on.
    pub keep: Duration,
    /// Where BitGo calls.
    pub bitgo: Vec<BitGoCallback>,
    /// Where Bitlipa calls.
    pub bitlipa: Option<BitlipaCallback>,
}

impl Callbacks {
    /// How long deliveries are kept unless it is said.
    pub const DEFAULT_KEEP: Duration = days(KEEP_DAYS.default);
}

const fn days(days: u32) -> Duration {
    Duration::from_secs(days as u64 * SECONDS_PER_DAY)
}

/// The section, where there is one without mistakes. `enterprises`: whether each of those that there are settles.
pub(super) fn read(root: &mut Section<'_>, enterprises: &BTreeMap<EnterpriseId, bool>, has_bitlipa: bool) -> Option<Callbacks> {
    root.optional_section("callbacks", |section| read_section(section, enterprises, has_bitlipa))
}

fn read_section(section: &mut Section<'_>, enterprises: &BTreeMap<EnterpriseId, bool>, has_bitlipa: bool) -> Option<Callbacks> {
    let listen = section.optional("listen", parse_address).unwrap_or(DEFAULT_LISTEN);
    let has_tls = section.has("tls");
    let tls = section.optional_section("tls", CallbackTls::read);
    let allow_plaintext = section.flag("allow_plaintext", false);
    if !listen.ip().is_loopback() && !has_tls && !allow_plaintext {
        section.mistake("listen", "an address beyond loopback needs [callbacks.tls], or allow_plaintext = true behind a proxy");
    }
    if !section.has("bitgo") && !section.has("bitlipa") {
        section.mistake_here("serves nothing: it needs [[callbacks.bitgo]] or [callbacks.bitlipa]");
    }
    let mut paths = Vec::new();
    let bitgo = bitgo::read_all(section, enterprises, &mut paths);
    let bitlipa = section.optional_section("bitlipa", |section| bitlipa::read(section, has_bitlipa, &mut paths));
    let callbacks = Callbacks {
        listen,
        tls,
        max_connections: section.number("max_connections", MAX_CONNECTIONS),
        max_body_bytes: section.number("max_body_bytes", MAX_BODY_BYTES),
        header_timeout: section.duration_ms("header_timeout_ms", HEADER_TIMEOUT_MS),
        connection_timeout: section.duration_ms("connection_timeout_ms", CONNECTION_TIMEOUT_MS),
        max_requests_per_minute: section.number("max_requests_per_minute", MAX_REQUESTS_PER_MINUTE),
        keep: days(section.number("keep_days", KEEP_DAYS)),
        bitgo,
        bitlipa,
    };
    if callbacks.header_timeout >= callbacks.connection_timeout {
        section.mistake("header_timeout_ms", "must be less than connection_timeout_ms, which covers it");
    }
    Some(callbacks)
}
