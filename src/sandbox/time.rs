//! Instants as the venues write them.

use jiff::Timestamp;

/// ISO 8601 with milliseconds and `Z`, as BitGo writes instants.
pub(crate) fn iso_millis(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map(|at| format!("{at:.3}")).unwrap_or_default()
}

/// ISO 8601 in whole seconds and `Z`, as Bitlipa writes instants.
pub(crate) fn iso_seconds(at_ms: i64) -> String {
    Timestamp::from_second(at_ms.div_euclid(1000)).map(|at| at.to_string()).unwrap_or_default()
}

/// Milliseconds of an ISO 8601 text, or `None` where it is none.
pub(crate) fn parse_ms(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_each_venue_writes_them() {
        assert_eq!(iso_millis(1_773_835_200_000), "2026-03-18T12:00:00.000Z");
        assert_eq!(iso_seconds(1_773_835_200_999), "2026-03-18T12:00:00Z");
        assert_eq!(parse_ms("2026-03-18T12:00:00.000Z"), Some(1_773_835_200_000));
        assert_eq!(parse_ms("yesterday"), None);
    }
}
