//! `[venues]`: how long a call to any venue may take.

use std::time::Duration;

use super::section::{Bounds, Section};

const CONNECT_TIMEOUT_MS: Bounds = Bounds { default: 5_000, min: 100, max: 60_000 };
const CALL_TIMEOUT_MS: Bounds = Bounds { default: 30_000, min: 200, max: 300_000 };

/// The patience with venues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Venues {
    /// The longest wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// The longest wait for a whole answer, from the first try to connect on.
    pub call_timeout: Duration,
}

impl Venues {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let venues = Self {
            connect_timeout: section.duration_ms("connect_timeout_ms", CONNECT_TIMEOUT_MS),
            call_timeout: section.duration_ms("call_timeout_ms", CALL_TIMEOUT_MS),
        };
        if venues.connect_timeout >= venues.call_timeout {
            section.mistake("connect_timeout_ms", "must be less than call_timeout_ms, or a slow connection counts as sent");
        }
        Some(venues)
    }
}
