//! Instants, and where they come from.
//!
//! The domain never asks the machine for the time: a [`Clock`] is handed in.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// Where the present instant comes from.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// Where unpredictable bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with unpredictable bytes.
    ///
    /// # Errors
    /// [`EntropyError`] when the source cannot answer; nothing may be signed or named then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The source of randomness did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the source of randomness did not answer")]
pub struct EntropyError;

/// `at` later by a wait; an instant beyond the calendar's end is its end.
#[must_use]
pub fn later(at: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| at.checked_add(wait).ok()).unwrap_or(Timestamp::MAX)
}

/// The newest trade's time in a settlement, to the millisecond (seed 000: `cutoffAt`).
///
/// It is written as text once, when the settlement is recorded, and only that
/// text is signed and sent: `2026-03-18T12:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cutoff(Timestamp);

/// Why an instant is no cutoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CutoffError {
    /// The venue's text carries milliseconds; finer instants would be rounded silently.
    #[error("must not be finer than a millisecond")]
    FinerThanMillisecond,
    /// The instant is outside the years that the venue's text can carry.
    #[error("must lie between the years 2000 and 9999")]
    OutOfRange,
}

impl Cutoff {
    /// Takes an instant of whole milliseconds.
    ///
    /// # Errors
    /// [`CutoffError`] when it is finer than a millisecond or out of range.
    pub fn new(at: Timestamp) -> Result<Self, CutoffError> {
        if at.subsec_nanosecond() % 1_000_000 != 0 {
            return Err(CutoffError::FinerThanMillisecond);
        }
        if at.as_second() < 946_684_800 || at.as_second() > 253_402_207_200 {
            return Err(CutoffError::OutOfRange);
        }
        Ok(Self(at))
    }

    /// The instant.
    #[must_use]
    pub fn at(self) -> Timestamp {
        self.0
    }

    /// The one text that is signed and sent.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{:.3}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cutoff_is_written_with_milliseconds_and_z() {
        let at: Timestamp = "2026-03-18T12:00:00Z".parse().unwrap();
        assert_eq!(Cutoff::new(at).unwrap().to_text(), "2026-03-18T12:00:00.000Z");
    }

    #[test]
    fn a_microsecond_is_refused_rather_than_rounded() {
        let at: Timestamp = "2026-03-18T12:00:00.000001Z".parse().unwrap();
        assert_eq!(Cutoff::new(at), Err(CutoffError::FinerThanMillisecond));
    }
}
