//! `[audit]`: how soon audit records are chained, and how many refusals are recorded one by one.

use std::time::Duration;

use super::section::{Bounds, Section};

const CHAIN_INTERVAL_MS: Bounds = Bounds { default: 1_000, min: 10, max: 600_000 };
const CHAIN_BATCH: Bounds = Bounds { default: 500, min: 1, max: 5_000 };
const REFUSALS_PER_MINUTE: Bounds = Bounds { default: 60, min: 1, max: 6_000 };

/// The audit chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The wait between two passes that chain what was recorded.
    pub chain_interval: Duration,
    /// The most records that are chained in one transaction.
    pub chain_batch: u32,
    /// The most refusals of one caller that are recorded one by one in a minute; those beyond it are counted.
    pub refusals_per_minute: u32,
}

impl Audit {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        Some(Self {
            chain_interval: section.duration_ms("chain_interval_ms", CHAIN_INTERVAL_MS),
            chain_batch: section.number("chain_batch", CHAIN_BATCH),
            refusals_per_minute: section.number("refusals_per_minute", REFUSALS_PER_MINUTE),
        })
    }
}
