//! `[ops]` and `[drain]`: the listener for probes and metrics, and how long stopping may take.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::grpc::parse_address;
use super::section::{Bounds, Section};

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);
const GRACE_MS: Bounds = Bounds { default: 20_000, min: 100, max: 600_000 };

/// The listener for `/livez`, `/readyz` and `/metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ops {
    /// Where it listens. It has neither TLS nor callers: it belongs on loopback or inside a cluster.
    pub listen: SocketAddr,
}

impl Ops {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let listen = section.optional("listen", parse_address).unwrap_or(DEFAULT_LISTEN);
        let may_leave_loopback = section.flag("allow_non_loopback", false);
        if !listen.ip().is_loopback() && !may_leave_loopback {
            section.mistake("listen", "an address beyond loopback needs allow_non_loopback = true");
        }
        Some(Self { listen })
    }
}

/// Stopping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// How long calls and workers may take to end after the signal; then the process exits all the same.
    pub grace: Duration,
}

impl Drain {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        Some(Self { grace: section.duration_ms("grace_ms", GRACE_MS) })
    }
}
