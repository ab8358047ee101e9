//! How far a venue's clock is from ours, by the `Date` of its answers.
//!
//! Venues refuse requests that are signed too early or too late, and a wrong
//! clock here would look like a wrong key. `Date` tells whole seconds, and the
//! answer took a while, so only what is certain is counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use metrics::gauge;

use super::Pulse;

/// What `Date` leaves open: it is cut to the second.
const RESOLUTION: SignedDuration = SignedDuration::from_secs(1);

/// The difference of one venue's clock, as of its last answer.
pub(super) struct Skew {
    name: String,
    bound: Duration,
    is_beyond: AtomicBool,
    pulse: Pulse,
}

impl Skew {
    /// Says so in the log when the clocks differ by more than `bound`, and when they do no longer.
    pub(super) fn new(name: String, bound: Duration) -> Self {
        Self { name, bound, is_beyond: AtomicBool::new(false), pulse: Pulse::default() }
    }

    /// The same, which shows what it finds in `pulse` as well.
    pub(super) fn shown_by(self, pulse: Pulse) -> Self {
        Self { pulse, ..self }
    }

    /// Takes an answer's `Date`, with what the own clock said before the request and after the answer.
    pub(super) fn note(&self, date: Option<&str>, sent: Timestamp, answered: Timestamp) {
        let Some(date) = date.and_then(|text| DateTimeParser::new().parse_timestamp(text.trim()).ok()) else {
            return;
        };
        let skew = certain(date, sent, answered);
        self.pulse.skewed(skew);
        let seconds = i32::try_from(skew.as_secs()).unwrap_or(if skew.is_negative() { i32::MIN } else { i32::MAX });
        gauge!("settlement_gateway_venue_clock_skew_seconds", "venue" => self.name.clone()).set(seconds);
        let is_beyond = skew.unsigned_abs() > self.bound;
        if self.is_beyond.swap(is_beyond, Ordering::Relaxed) != is_beyond {
            self.say(is_beyond, seconds);
        }
    }

    fn say(&self, is_beyond: bool, seconds: i32) {
        if is_beyond {
            tracing::warn!(
                venue = self.name,
                seconds,
                "the venue's clock and this machine's differ: signed requests may be refused"
            );
        } else {
            tracing::info!(venue = self.name, seconds, "the venue's clock and this machine's agree again");
        }
    }
}

/// How far the venue is ahead at the least; negative where it is behind, zero where both clocks may be right.
fn certain(date: Timestamp, sent: Timestamp, answered: Timestamp) -> SignedDuration {
    let ahead = date.duration_since(answered);
    let behind = date.duration_since(sent).saturating_add(RESOLUTION);
    if ahead.is_positive() {
        ahead
    } else if behind.is_negative() {
        behind
    } else {
        SignedDuration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_the_seconds_and_the_way_leave_open_is_no_difference() {
        let (sent, answered) = (at("2026-11-20T12:00:00.9Z"), at("2026-11-20T12:00:02.1Z"));
        for date in ["2026-11-20T12:00:00Z", "2026-11-20T12:00:01Z", "2026-11-20T12:00:02Z"] {
            assert_eq!(certain(at(date), sent, answered), SignedDuration::ZERO, "{date}");
        }
    }

    #[test]
    fn what_is_beyond_them_is() {
        let (sent, answered) = (at("2026-11-20T12:00:00Z"), at("2026-11-20T12:00:02Z"));
        assert_eq!(certain(at("2026-11-20T12:01:00Z"), sent, answered), SignedDuration::from_secs(58));
        assert_eq!(certain(at("2026-11-20T11:59:00Z"), sent, answered), SignedDuration::from_secs(-59));
    }

    #[test]
    fn the_bound_is_crossed_once_in_each_direction_and_nonsense_crosses_nothing() {
        let pulse = Pulse::default();
        let skew = Skew::new("test".to_owned(), Duration::from_secs(30)).shown_by(pulse.clone());
        let now = at("2026-11-20T12:00:00Z");
        let is_beyond = |date: &str| {
            skew.note(Some(date), now, now);
            skew.is_beyond.load(Ordering::Relaxed)
        };
        assert!(!is_beyond("Fri, 20 Nov 2026 12:00:30 GMT"));
        assert!(is_beyond("Fri, 20 Nov 2026 12:00:31 GMT"));
        assert_eq!(pulse.seen().skew, Some(SignedDuration::from_secs(31)));
        assert!(is_beyond("yesterday"));
        assert!(is_beyond("Thu, 01 Jan 1970 00:00:00 GMT"));
        assert!(!is_beyond("Fri, 20 Nov 2026 11:59:29 GMT"));
        skew.note(None, now, now);
        assert!(!skew.is_beyond.load(Ordering::Relaxed));
    }
}
