//! `[ops]` and `[drain]`: the listener for probes, metrics and the window, and how long stopping may take.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::grpc::parse_address;
use super::secrets::{self, SecretKeys, SecretSource};
use super::section::{Bounds, Section};
use crate::causes::with_causes;

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);
const GRACE_MS: Bounds = Bounds { default: 20_000, min: 100, max: 600_000 };

const WINDOW_TOKEN: SecretKeys = SecretKeys { file: "window_token_file", variable: "window_token_env" };
/// Less could be guessed.
const MIN_WINDOW_TOKEN_BYTES: usize = 32;

/// The listener for `/livez`, `/readyz`, `/metrics` and the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ops {
    /// Where it listens. It has neither TLS nor callers: it belongs on loopback or inside a cluster.
    pub listen: SocketAddr,
    /// Who may look through the window.
    pub window: WindowAccess,
}

/// Who may look through the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowAccess {
    /// Nobody: it is not served.
    Nobody,
    /// Who is on this machine: the listener is reachable from nowhere else.
    ThisMachine,
    /// Who has the token that stands there, wherever the listener is.
    Token(SecretSource),
}

impl Ops {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let listen = section.optional("listen", parse_address).unwrap_or(DEFAULT_LISTEN);
        let may_leave_loopback = section.flag("allow_non_loopback", false);
        if !listen.ip().is_loopback() && !may_leave_loopback {
            section.mistake("listen", "an address beyond loopback needs allow_non_loopback = true");
        }
        let is_wanted = section.flag("window", true);
        let window = match (window_token(section), is_wanted) {
            (_, false) => WindowAccess::Nobody,
            (Some(token), true) => WindowAccess::Token(token),
            (None, true) if listen.ip().is_loopback() => WindowAccess::ThisMachine,
            (None, true) => WindowAccess::Nobody,
        };
        Some(Self { listen, window })
    }
}

/// The token that opens the window: it must exist now, and be long enough not to be guessed.
fn window_token(section: &mut Section<'_>) -> Option<SecretSource> {
    let placed = secrets::optional(section, WINDOW_TOKEN)?;
    match placed.source.read(section.reader().environment) {
        Err(error) => section.mistake(placed.key, with_causes(&error)),
        Ok(token) if token.expose().len() < MIN_WINDOW_TOKEN_BYTES || !token.expose().iter().all(u8::is_ascii_graphic) => section
            .mistake(
                placed.key,
                format_args!("must lead to at least {MIN_WINDOW_TOKEN_BYTES} visible ASCII characters without spaces"),
            ),
        Ok(_) => {}
    }
    Some(placed.source)
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
