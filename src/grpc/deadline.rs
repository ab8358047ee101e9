//! How long a caller waits: the `grpc-timeout` that it sent, as an instant of this process.

use std::time::Duration;

use tokio::time::Instant;

/// The longest timeout that is kept: whoever asks for more waits no longer than this.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// The most digits of a `grpc-timeout`, by the gRPC protocol.
const MAX_TIMEOUT_DIGITS: usize = 8;

/// The instant at which the caller stops listening; it lies in the extensions of requests whose caller set one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// The deadline of a call that arrived at `now` with this `grpc-timeout`.
    ///
    /// `None` when the text is not one to eight digits and a unit (H, M, S, m, u or n).
    #[must_use]
    pub fn parse(timeout: &str, now: Instant) -> Option<Self> {
        let digits = timeout.len().checked_sub(1).filter(|digits| (1..=MAX_TIMEOUT_DIGITS).contains(digits))?;
        let (amount, unit) = timeout.split_at_checked(digits)?;
        if !amount.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let amount: u64 = amount.parse().ok()?;
        let timeout = match unit {
            "H" => Duration::from_secs(amount * 60 * 60),
            "M" => Duration::from_secs(amount * 60),
            "S" => Duration::from_secs(amount),
            "m" => Duration::from_millis(amount),
            "u" => Duration::from_micros(amount),
            "n" => Duration::from_nanos(amount),
            _ => return None,
        };
        Some(Self(now + timeout.min(MAX_TIMEOUT)))
    }

    /// The last instant at which an answer still reaches the caller.
    #[must_use]
    pub fn less(self, margin: Duration) -> Instant {
        self.0.checked_sub(margin).unwrap_or(self.0)
    }
}

/// How long a call may wait for the venue's answer: until shortly before its
/// caller's deadline, or for the cap when its caller set none.
#[must_use]
pub fn patience(deadline: Option<Deadline>, now: Instant, margin: Duration, cap: Duration) -> Duration {
    deadline.map_or(cap, |deadline| deadline.less(margin).saturating_duration_since(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn timeout(text: &str) -> Option<Duration> {
        let now = Instant::now();
        Deadline::parse(text, now).map(|deadline| deadline.0 - now)
    }

    #[test]
    fn every_unit_of_the_protocol_is_read() {
        for (text, expected) in [
            ("1H", Duration::from_secs(3_600)),
            ("2M", Duration::from_secs(120)),
            ("30S", Duration::from_secs(30)),
            ("1500m", Duration::from_millis(1_500)),
            ("7u", Duration::from_micros(7)),
            ("0n", Duration::ZERO),
            ("99999999H", MAX_TIMEOUT),
        ] {
            assert_eq!(timeout(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_the_protocol_does_not_name_is_no_timeout() {
        for text in ["", "S", "1", "1s", "-1S", "+1S", "1.5S", "123456789S", "1 S", "é", "1é"] {
            assert_eq!(timeout(text), None, "{text}");
        }
    }

    #[test]
    fn patience_ends_before_the_callers_deadline_and_at_the_cap_without_one() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        assert_eq!(patience(Some(Deadline(now + 10 * second)), now, second, 3 * second), 9 * second);
        assert_eq!(patience(Some(Deadline(now)), now, second, 3 * second), Duration::ZERO);
        assert_eq!(patience(None, now, second, 3 * second), 3 * second);
    }

    proptest! {
        #[test]
        fn no_header_panics(text in ".{0,12}") {
            let _ = timeout(&text);
        }
    }
}
