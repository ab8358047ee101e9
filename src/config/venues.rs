//! `[venues]`: how long a call to any venue may take, and how often BitGo is called.

use std::time::Duration;

use super::section::{Bounds, Section};
use crate::domain::budget::CallBudget;

const CONNECT_TIMEOUT_MS: Bounds = Bounds { default: 5_000, min: 100, max: 60_000 };
const CALL_TIMEOUT_MS: Bounds = Bounds { default: 30_000, min: 200, max: 300_000 };
/// Less than the 360 that BitGo takes from one user, whom people and other tools may be too.
const BITGO_REQUESTS_PER_MINUTE: Bounds = Bounds { default: 340, min: CallBudget::MIN_PER_MINUTE, max: 10_000_000 };
const PARTNER_TERMS_MAX_AGE_MS: Bounds = Bounds { default: 300_000, min: 0, max: 86_400_000 };

/// The patience with venues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Venues {
    /// The longest wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// The longest wait for a whole answer, from the first try to connect on.
    pub call_timeout: Duration,
    /// The most calls to BitGo in any minute under one credential, of all replicas together.
    pub bitgo_requests_per_minute: u32,
    /// How long a partner's terms at BitGo are believed after they were read.
    pub partner_terms_max_age: Duration,
}

impl Venues {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let venues = Self {
            connect_timeout: section.duration_ms("connect_timeout_ms", CONNECT_TIMEOUT_MS),
            call_timeout: section.duration_ms("call_timeout_ms", CALL_TIMEOUT_MS),
            bitgo_requests_per_minute: section.number("bitgo_requests_per_minute", BITGO_REQUESTS_PER_MINUTE),
            partner_terms_max_age: section.duration_ms("partner_terms_max_age_ms", PARTNER_TERMS_MAX_AGE_MS),
        };
        if venues.connect_timeout >= venues.call_timeout {
            section.mistake("connect_timeout_ms", "must be less than call_timeout_ms, or a slow connection counts as sent");
        }
        Some(venues)
    }
}
