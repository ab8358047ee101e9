//! A quote's arithmetic: minor units in, major units out.

use bigdecimal::{BigDecimal, RoundingMode, Signed};

use crate::sandbox::config::Rate;

/// The most digits after the point of what is paid out (USDT has six).
const MAX_SCALE: i64 = 6;
/// The fewest digits after the point that Bitlipa shows.
const MIN_SCALE: i64 = 2;

/// How much of a request can be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fulfillment {
    /// The venue's word.
    pub(crate) name: &'static str,
    /// What will be settled, in minor units.
    pub(crate) expected_source_amount: u64,
}

/// What liquidity leaves of a request.
pub(crate) fn fulfillment(source_amount: u64, liquidity: Option<u64>) -> Fulfillment {
    match liquidity {
        Some(0) => Fulfillment { name: "none", expected_source_amount: 0 },
        Some(most) if most < source_amount => Fulfillment { name: "partial", expected_source_amount: most },
        _ => Fulfillment { name: "full", expected_source_amount: source_amount },
    }
}

/// The net amount paid out: `expected / 10^exponent x rate - fee`, rounded down to six digits, as text with at least two.
///
/// `None` where the fee eats it all, or where rate or fee is no decimal.
pub(crate) fn destination_amount(expected: u64, rate: &Rate) -> Option<String> {
    let source = BigDecimal::new(expected.into(), i64::from(rate.source_exponent));
    let gross = source * rate.rate.parse::<BigDecimal>().ok()?;
    let net = (gross - rate.fee.parse::<BigDecimal>().ok()?).with_scale_round(MAX_SCALE, RoundingMode::Down).normalized();
    let scale = net.fractional_digit_count().max(MIN_SCALE);
    net.is_positive().then(|| net.with_scale(scale).to_plain_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentations_own_example_holds() {
        let rate = Rate::new("KES", "USDT", 2, "0.0077", "2.50");
        assert_eq!(destination_amount(100_000, &rate).unwrap(), "5.20");
    }

    #[test]
    fn the_currencys_exponent_decides_the_unit() {
        assert_eq!(destination_amount(100_000, &Rate::new("UGX", "USDT", 0, "0.00027", "1.00")).unwrap(), "26.00");
        assert_eq!(destination_amount(100_000, &Rate::new("BHD", "USDT", 3, "2.65", "1.50")).unwrap(), "263.50");
        assert_eq!(destination_amount(100_001, &Rate::new("KES", "USDT", 2, "0.0077", "2.50")).unwrap(), "5.200077");
    }

    #[test]
    fn a_fee_that_eats_everything_leaves_no_amount() {
        assert_eq!(destination_amount(100, &Rate::new("KES", "USDT", 2, "0.0077", "2.50")), None);
    }

    #[test]
    fn liquidity_bounds_what_is_expected() {
        assert_eq!(fulfillment(10, None).name, "full");
        assert_eq!(fulfillment(10, Some(10)).name, "full");
        assert_eq!(fulfillment(10, Some(4)), Fulfillment { name: "partial", expected_source_amount: 4 });
        assert_eq!(fulfillment(10, Some(0)), Fulfillment { name: "none", expected_source_amount: 0 });
    }
}
