//! Between protobuf's timestamps and instants, exactly or not at all.

use jiff::Timestamp;
use thiserror::Error;

use super::violations::Violations;
use crate::domain::time::Cutoff;

/// 0001-01-01T00:00:00Z, the first second that a protobuf timestamp may name.
const FIRST_SECOND: i64 = -62_135_596_800;

const NANOS_PER_SECOND: i32 = 1_000_000_000;

/// The message is no instant: its seconds or its nanoseconds are out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a time between the years 1 and 9999, its nanoseconds between 0 and 999,999,999")]
pub struct TimestampError;

/// Reads a protobuf timestamp.
///
/// # Errors
/// [`TimestampError`] for what protobuf forbids, and for the last 26 hours of the
/// year 9999, which jiff cannot hold.
pub fn from_proto(at: prost_types::Timestamp) -> Result<Timestamp, TimestampError> {
    if at.seconds < FIRST_SECOND || !(0..NANOS_PER_SECOND).contains(&at.nanos) {
        return Err(TimestampError);
    }
    Timestamp::new(at.seconds, at.nanos).map_err(|_| TimestampError)
}

/// Writes an instant; protobuf's nanoseconds count forwards, before 1970 too.
#[must_use]
pub fn to_proto(at: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = (at.as_second(), at.subsec_nanosecond());
    if nanos < 0 {
        return prost_types::Timestamp { seconds: seconds - 1, nanos: nanos + NANOS_PER_SECOND };
    }
    prost_types::Timestamp { seconds, nanos }
}

impl Violations {
    /// Reads a time that may be absent; `Some(None)` is a field that is rightly absent.
    pub fn optional_time(&mut self, field: &str, at: Option<prost_types::Timestamp>) -> Option<Option<Timestamp>> {
        at.map(|at| from_proto(at).map_err(|error| self.add(field, error)).ok()).map_or(Some(None), |read| read.map(Some))
    }

    /// Reads a cutoff that may be absent: whether the route wants one is not known here.
    pub fn optional_cutoff(&mut self, field: &str, at: Option<prost_types::Timestamp>) -> Option<Option<Cutoff>> {
        match self.optional_time(field, at)? {
            None => Some(None),
            Some(at) => Cutoff::new(at).map_err(|error| self.add(field, error)).ok().map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn proto(seconds: i64, nanos: i32) -> prost_types::Timestamp {
        prost_types::Timestamp { seconds, nanos }
    }

    #[test]
    fn times_out_of_range_are_refused() {
        for (seconds, nanos) in [
            (FIRST_SECOND - 1, 0),
            (i64::MIN, 0),
            (i64::MAX, 999_999_999),
            (253_402_300_800, 0),
            (0, -1),
            (0, 1_000_000_000),
            (0, i32::MIN),
        ] {
            assert_eq!(from_proto(proto(seconds, nanos)), Err(TimestampError), "{seconds} {nanos}");
        }
    }

    #[test]
    fn nanoseconds_before_1970_count_forwards() {
        let half_past = from_proto(proto(-1, 500_000_000)).unwrap();
        assert_eq!(half_past.to_string(), "1969-12-31T23:59:59.5Z");
        assert_eq!(to_proto(half_past), proto(-1, 500_000_000));
    }

    #[test]
    fn an_absent_time_is_no_violation_and_a_broken_one_is() {
        let mut violations = Violations::new();
        assert_eq!(violations.optional_time("submit_before", None), Some(None));
        assert_eq!(violations.optional_time("submit_before", Some(proto(0, -1))), None);
        assert_eq!(violations.finish(|| Some(())).unwrap_err().into_violations().len(), 1);
    }

    #[test]
    fn a_cutoff_in_microseconds_is_one_violation() {
        let mut violations = Violations::new();
        assert!(violations.optional_cutoff("cutoff_at", Some(proto(1_773_835_200, 1_000_000))).flatten().is_some());
        assert_eq!(violations.optional_cutoff("cutoff_at", None), Some(None));
        assert_eq!(violations.optional_cutoff("cutoff_at", Some(proto(1_773_835_200, 1_000))), None);
        assert_eq!(violations.optional_cutoff("cutoff_at", Some(proto(0, -1))), None);
        assert_eq!(violations.finish(|| Some(())).unwrap_err().into_violations().len(), 2);
    }

    proptest! {
        #[test]
        fn any_message_is_refused_or_comes_back_the_same(seconds: i64, nanos: i32) {
            let _ = from_proto(proto(seconds, nanos));
            let valid = proto(seconds.rem_euclid(315_000_000_000) + FIRST_SECOND, nanos.rem_euclid(1_000_000_000));
            prop_assert_eq!(to_proto(from_proto(valid).unwrap()), valid);
        }
    }
}
