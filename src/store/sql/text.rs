//! How instants are written.

use jiff::Timestamp;

/// An instant in UTC with nine digits after the point: of fixed width from the year 0 on, so that the order of texts is
/// the order of time.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// Reads what [`instant`] writes.
pub(super) fn read_instant(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Reads an instant that may be absent; the outer `None` is an unreadable one.
pub(super) fn read_instant_if_any(text: Option<String>) -> Option<Option<Timestamp>> {
    text.map_or(Some(None), |text| read_instant(&text).map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From the year 0 to the year 9999.
    fn any_instant() -> impl Strategy<Value = Timestamp> {
        (-62_167_219_200_i64..253_402_207_200, 0..1_000_000_000_i32).prop_map(|(s, n)| Timestamp::new(s, n).unwrap())
    }

    proptest! {
        #[test]
        fn texts_are_ordered_as_time_is_and_lose_nothing(a in any_instant(), b in any_instant()) {
            prop_assert_eq!(a.cmp(&b), instant(a).cmp(&instant(b)));
            prop_assert_eq!(read_instant(&instant(a)), Some(a));
        }
    }
}
