//! `Retry-After`, in seconds or as an HTTP date.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The longest wait that a venue is believed to mean: an hour.
const MAX_RETRY_AFTER_SECONDS: u32 = 3_600;

/// The seconds to wait from now, at most an hour; `None` when the text is neither a number nor a date.
pub(super) fn seconds(text: &str, now: Timestamp) -> Option<u32> {
    let text = text.trim();
    let wait = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().unwrap_or(u32::MAX)
    } else {
        let until = DateTimeParser::new().parse_timestamp(text).ok()?;
        u32::try_from(until.as_second().saturating_sub(now.as_second()).max(0)).unwrap_or(u32::MAX)
    };
    Some(wait.min(MAX_RETRY_AFTER_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn seconds_and_dates_are_waits() {
        let now = at("2026-11-20T12:00:00Z");
        assert_eq!(seconds("7", now), Some(7));
        assert_eq!(seconds("Fri, 20 Nov 2026 12:00:30 GMT", now), Some(30));
        assert_eq!(seconds("Fri, 20 Nov 2026 11:00:00 GMT", now), Some(0));
    }

    #[test]
    fn an_endless_wait_is_cut_to_an_hour() {
        let now = at("2026-11-20T12:00:00Z");
        assert_eq!(seconds("99999999999999999999", now), Some(3_600));
        assert_eq!(seconds("Fri, 20 Nov 2099 12:00:00 GMT", now), Some(3_600));
    }

    #[test]
    fn nonsense_is_no_wait() {
        for text in ["", "soon", "-1", "1.5", "2026-11-20"] {
            assert_eq!(seconds(text, at("2026-11-20T12:00:00Z")), None, "{text}");
        }
    }
}
