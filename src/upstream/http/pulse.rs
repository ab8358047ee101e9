//! What was last seen of a venue: for whoever looks at the gateway, and for nothing that the gateway does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// What was last seen of one venue under one credential; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<Mutex<Seen>>);

/// What was last seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// When the venue last answered, whatever it said.
    pub answered_at: Option<Timestamp>,
    /// When a call last found nobody there: no connection, no answer, or a proxy in the venue's stead.
    pub missed_at: Option<Timestamp>,
    /// How far the venue's clock is ahead at the least, by its last answer; zero where both may be right.
    pub skew: Option<SignedDuration>,
    /// Whether calls are held back, since the venue failed too often in a row.
    pub is_held_back: bool,
    /// How many calls the credential's budget held at once when one was last drawn; none where a draw was refused.
    pub budget_left: Option<u32>,
}

impl Pulse {
    /// What was last seen.
    #[must_use]
    pub fn seen(&self) -> Seen {
        *self.lock()
    }

    /// Notes what is left of the budget.
    pub fn drawn(&self, left: u32) {
        self.lock().budget_left = Some(left);
    }

    /// Notes how a call ended.
    pub(super) fn called(&self, at: Timestamp, was_there: bool) {
        let mut seen = self.lock();
        if was_there {
            seen.answered_at = Some(at);
        } else {
            seen.missed_at = Some(at);
        }
    }

    /// Notes what an answer said of the venue's clock.
    pub(super) fn skewed(&self, skew: SignedDuration) {
        self.lock().skew = Some(skew);
    }

    /// Notes whether calls are held back.
    pub(super) fn held_back(&self, is_held_back: bool) {
        self.lock().is_held_back = is_held_back;
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
