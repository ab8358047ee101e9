//! `[engine]`: how settlements are worked on when no caller waits.

use std::time::Duration;

use super::section::{Bounds, Section};

const WORKERS: Bounds = Bounds { default: 16, min: 1, max: 256 };
/// Unless it is said, half of the workers.
const TURNS_PER_ENTERPRISE: Bounds = Bounds { default: WORKERS.default / 2, min: 1, max: WORKERS.max };
const ERRAND_WORKERS: Bounds = Bounds { default: 8, min: 1, max: 256 };
const LEASE_MS: Bounds = Bounds { default: 90_000, min: 1_000, max: 3_600_000 };
const SHORTEST_WAIT_MS: Bounds = Bounds { default: 500, min: 10, max: 60_000 };
const LONGEST_WAIT_MS: Bounds = Bounds { default: 60_000, min: 100, max: 3_600_000 };
const POLL_INTERVAL_MS: Bounds = Bounds { default: 30_000, min: 10, max: 3_600_000 };
const VISIBILITY_WINDOW_MS: Bounds = Bounds { default: 10_000, min: 0, max: 3_600_000 };
const SILENCE_WINDOW_MS: Bounds = Bounds { default: 300_000, min: 0, max: 3_600_000 };
const RECONCILIATION_WINDOW_MS: Bounds = Bounds { default: 300_000, min: 0, max: 86_400_000 };
const DETAILS_INTERVAL_MS: Bounds = Bounds { default: 600_000, min: 10, max: 86_400_000 };
const PATROL_INTERVAL_MS: Bounds = Bounds { default: 600_000, min: 10, max: 86_400_000 };
const MAX_ATTEMPTS: Bounds = Bounds { default: 500, min: 2, max: 100_000 };
const MAX_LAPSES: Bounds = Bounds { default: 8, min: 1, max: 100 };
const SHORTEST_REST_MS: Bounds = Bounds { default: 20, min: 1, max: 10_000 };
const LONGEST_REST_MS: Bounds = Bounds { default: 1_000, min: 10, max: 60_000 };
const WATCH_REREAD_MS: Bounds = Bounds { default: 15_000, min: 100, max: 600_000 };

/// A step that the venue refuses with 401 calls once more with a credential that was read again.
const MAX_CALLS_OF_A_STEP: u32 = 2;

/// The engine that carries settlements on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// How many settlements are worked on at once.
    pub workers: u32,
    /// How many of these may be of one enterprise: a venue that hangs holds no more workers.
    pub max_turns_per_enterprise: u32,
    /// How many errands are run at once: trade settlements, payouts, deliveries and patrols.
    pub errand_workers: u32,
    /// How long a worker may be silent before another takes over; longer than two venue calls, since a step may make
    /// a second one with a credential that was read again.
    pub lease: Duration,
    /// The first wait after a step that failed, and the shortest before a pending settlement is read again.
    pub shortest_wait: Duration,
    /// The longest wait between two tries.
    pub longest_wait: Duration,
    /// The longest wait between two looks at a settlement that the venue has.
    pub poll_interval: Duration,
    /// How long after a post a venue that shows no settlement is not believed.
    pub visibility_window: Duration,
    /// How long the venue may take to carry out what it was silent about; before that a refused repeat proves nothing.
    pub silence_window: Duration,
    /// How long the venue may take to show all of what it has settled; before that a difference proves nothing.
    pub reconciliation_window: Duration,
    /// The longest wait between two looks at the details of a settlement that the venue has.
    pub details_interval: Duration,
    /// How often the venue is asked for settlements that this gateway did not make.
    pub patrol_interval: Duration,
    /// How often a body is sent before an operator is asked.
    pub max_attempts: u32,
    /// After so many lapsed leases in a row a settlement is handed to an operator.
    pub max_lapses: u32,
    /// The shortest rest of a worker that found nothing to do.
    pub shortest_rest: Duration,
    /// The longest rest of a worker that found nothing to do.
    pub longest_rest: Duration,
    /// How often a watch reads the journal unasked, for what another replica changed.
    pub watch_reread: Duration,
}

impl Engine {
    pub(super) fn read(section: &mut Section<'_>, longest_call: Duration) -> Option<Self> {
        let workers = section.number("workers", WORKERS);
        let half = Bounds { default: (workers / 2).max(1), ..TURNS_PER_ENTERPRISE };
        let engine = Self {
            workers,
            max_turns_per_enterprise: section.number("max_turns_per_enterprise", half),
            errand_workers: section.number("errand_workers", ERRAND_WORKERS),
            lease: section.duration_ms("lease_ms", LEASE_MS),
            shortest_wait: section.duration_ms("shortest_wait_ms", SHORTEST_WAIT_MS),
            longest_wait: section.duration_ms("longest_wait_ms", LONGEST_WAIT_MS),
            poll_interval: section.duration_ms("poll_interval_ms", POLL_INTERVAL_MS),
            visibility_window: section.duration_ms("visibility_window_ms", VISIBILITY_WINDOW_MS),
            silence_window: section.duration_ms("silence_window_ms", SILENCE_WINDOW_MS),
            reconciliation_window: section.duration_ms("reconciliation_window_ms", RECONCILIATION_WINDOW_MS),
            details_interval: section.duration_ms("details_interval_ms", DETAILS_INTERVAL_MS),
            patrol_interval: section.duration_ms("patrol_interval_ms", PATROL_INTERVAL_MS),
            max_attempts: section.number("max_attempts", MAX_ATTEMPTS),
            max_lapses: section.number("max_lapses", MAX_LAPSES),
            shortest_rest: section.duration_ms("shortest_rest_ms", SHORTEST_REST_MS),
            longest_rest: section.duration_ms("longest_rest_ms", LONGEST_REST_MS),
            watch_reread: section.duration_ms("watch_reread_ms", WATCH_REREAD_MS),
        };
        engine.check(section, longest_call);
        Some(engine)
    }

    fn check(&self, section: &Section<'_>, longest_call: Duration) {
        if self.lease <= longest_call.saturating_mul(MAX_CALLS_OF_A_STEP) {
            section.mistake(
                "lease_ms",
                "must exceed twice venues.call_timeout_ms, or two slow calls lose their settlement to another worker",
            );
        }
        if self.max_turns_per_enterprise > self.workers {
            section.mistake("max_turns_per_enterprise", "must not exceed workers");
        }
        if self.shortest_wait > self.longest_wait {
            section.mistake("shortest_wait_ms", "must not exceed longest_wait_ms");
        }
        if self.shortest_rest > self.longest_rest {
            section.mistake("shortest_rest_ms", "must not exceed longest_rest_ms");
        }
    }
}
