//! `[venues]`: how any venue is reached, how long a call may take, and how often each is called.

use std::time::Duration;

use super::base_url::BaseUrl;
use super::section::{Bounds, Section};
use crate::domain::budget::CallBudget;

const CONNECT_TIMEOUT_MS: Bounds = Bounds { default: 5_000, min: 100, max: 60_000 };
const FIRST_BYTE_TIMEOUT_MS: Bounds = Bounds { default: 25_000, min: 150, max: 300_000 };
const CALL_TIMEOUT_MS: Bounds = Bounds { default: 30_000, min: 200, max: 300_000 };
/// Less than the 360 that BitGo takes from one user, whom people and other tools may be too.
const BITGO_REQUESTS_PER_MINUTE: Bounds = Bounds { default: 340, min: CallBudget::MIN_PER_MINUTE, max: 10_000_000 };
const PARTNER_TERMS_MAX_AGE_MS: Bounds = Bounds { default: 300_000, min: 0, max: 86_400_000 };
const READ_REPEATS: Bounds = Bounds { default: 2, min: 0, max: 5 };
const REPEAT_WAIT_MS: Bounds = Bounds { default: 200, min: 1, max: 10_000 };
const BREAKER_FAILURES: Bounds = Bounds { default: 5, min: 0, max: 1_000 };
const BREAKER_WAIT_MS: Bounds = Bounds { default: 5_000, min: 100, max: 300_000 };
const MAX_CLOCK_SKEW_MS: Bounds = Bounds { default: 30_000, min: 1_000, max: 3_600_000 };

/// Bitlipa documents no number: it says 429 when it has enough.
const BITLIPA_REQUESTS_PER_MINUTE: Bounds = Bounds { default: 300, min: CallBudget::MIN_PER_MINUTE, max: 10_000_000 };
/// The way to venues, and the patience with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Venues {
    /// The longest wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// The longest wait for an answer to begin, from the first try to connect on.
    pub first_byte_timeout: Duration,
    /// The longest wait for a whole answer, from the first try to connect on; of a read with all its repeats.
    pub call_timeout: Duration,
    /// The most calls to BitGo in any minute under one credential, of all replicas together.
    pub bitgo_requests_per_minute: u32,
    /// The most calls to Bitlipa in any minute, of all replicas together.
    pub bitlipa_requests_per_minute: u32,
    /// How long a partner's terms at BitGo are believed after they were read.
    pub partner_terms_max_age: Duration,
    /// How often a read is repeated, at most, when the way to the venue failed it.
    pub read_repeats: u32,
    /// The longest wait before the first repeat; it doubles for each further one.
    pub repeat_wait: Duration,
    /// After so many failures in a row a venue is left alone; 0 for never.
    pub breaker_failures: u32,
    /// For how long.
    pub breaker_wait: Duration,
    /// A difference of clocks beyond this is logged.
    pub max_clock_skew: Duration,
    /// The proxy that all calls go through.
    pub proxy_url: Option<BaseUrl>,
}

impl Venues {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let venues = Self {
            connect_timeout: section.duration_ms("connect_timeout_ms", CONNECT_TIMEOUT_MS),
            first_byte_timeout: section.duration_ms("first_byte_timeout_ms", FIRST_BYTE_TIMEOUT_MS),
            call_timeout: section.duration_ms("call_timeout_ms", CALL_TIMEOUT_MS),
            bitgo_requests_per_minute: section.number("bitgo_requests_per_minute", BITGO_REQUESTS_PER_MINUTE),
            bitlipa_requests_per_minute: section.number("bitlipa_requests_per_minute", BITLIPA_REQUESTS_PER_MINUTE),
            partner_terms_max_age: section.duration_ms("partner_terms_max_age_ms", PARTNER_TERMS_MAX_AGE_MS),
            read_repeats: section.number("read_repeats", READ_REPEATS),
            repeat_wait: section.duration_ms("repeat_wait_ms", REPEAT_WAIT_MS),
            breaker_failures: section.number("breaker_failures", BREAKER_FAILURES),
            breaker_wait: section.duration_ms("breaker_wait_ms", BREAKER_WAIT_MS),
            max_clock_skew: section.duration_ms("max_clock_skew_ms", MAX_CLOCK_SKEW_MS),
            proxy_url: section.optional("proxy_url", BaseUrl::new),
        };
        if venues.connect_timeout >= venues.call_timeout.min(venues.first_byte_timeout) {
            let problem = "must be less than first_byte_timeout_ms and call_timeout_ms, or a slow connection counts as sent";
            section.mistake("connect_timeout_ms", problem);
        }
        Some(venues)
    }
}
