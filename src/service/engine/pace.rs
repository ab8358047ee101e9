//! When to look again: the longer it has lasted, the longer the wait.
//!
//! The wait is half of the time since the work began, within bounds, so that
//! it grows like a doubling back-off without a counter to store. Settlements
//! spread by their ids, so that an outage's end is no stampede.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::time::later;

/// The instant of the next look at something that began at `since`.
pub(in crate::service) fn next_look(bounds: RangeInclusive<Duration>, id: Uuid, since: Timestamp, now: Timestamp) -> Timestamp {
    let lasted = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    let wait = (lasted / 2).min(*bounds.end()).max(*bounds.start());
    later(now, wait + spread(id, wait))
}

/// Up to a quarter of the wait, the same for the same settlement.
fn spread(id: Uuid, wait: Duration) -> Duration {
    let byte = id.as_bytes().last().copied().unwrap_or_default();
    wait / 4 * u32::from(byte) / 255
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn bounds() -> RangeInclusive<Duration> {
        Duration::from_millis(500)..=Duration::from_secs(60)
    }

    fn wait_after(lasted_seconds: i64) -> Duration {
        let since: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let now = since + SignedDuration::from_secs(lasted_seconds);
        let next = next_look(bounds(), Uuid::nil(), since, now);
        Duration::try_from(next.duration_since(now)).unwrap()
    }

    #[test]
    fn waits_grow_with_the_trouble_and_stay_within_their_bounds() {
        assert_eq!(wait_after(0), Duration::from_millis(500));
        assert_eq!(wait_after(20), Duration::from_secs(10));
        assert_eq!(wait_after(1_000_000), Duration::from_secs(60));
    }

    #[test]
    fn a_clock_that_went_backwards_waits_the_shortest() {
        assert_eq!(wait_after(-100), Duration::from_millis(500));
    }

    #[test]
    fn settlements_spread_over_a_quarter_of_the_wait() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let far = next_look(bounds(), Uuid::max(), now, now);
        assert_eq!(Duration::try_from(far.duration_since(now)).unwrap(), Duration::from_millis(625));
    }
}
