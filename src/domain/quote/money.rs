//! Money in minor units.

/// A positive amount in minor units, such as cents: what Bitlipa takes as `source_amount`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MinorUnits(i64);

impl MinorUnits {
    /// The largest amount: 2^53 - 1, the largest integer that every JSON reader keeps exactly.
    pub const MAX: i64 = 9_007_199_254_740_991;

    /// Takes an amount from 1 to [`MinorUnits::MAX`].
    #[must_use]
    pub fn new(amount: i64) -> Option<Self> {
        (1..=Self::MAX).contains(&amount).then_some(Self(amount))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_amounts_that_json_keeps_are_money() {
        assert_eq!(MinorUnits::new(0), None);
        assert_eq!(MinorUnits::new(-1), None);
        assert_eq!(MinorUnits::new(MinorUnits::MAX + 1), None);
        assert_eq!(MinorUnits::new(1).map(MinorUnits::get), Some(1));
    }
}
