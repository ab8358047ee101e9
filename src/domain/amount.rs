//! Amounts of money: decimal text with bounded digits, never a float.
//!
//! An [`Amount`] keeps the text that the caller wrote, since that text is what
//! is signed and sent. Comparing and adding are done on the exact decimal.

use std::fmt;

use bigdecimal::{BigDecimal, Zero};
use thiserror::Error;

/// An exact decimal with the text it was written in.
#[derive(Debug, Clone)]
pub struct Amount {
    text: String,
    value: BigDecimal,
}

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not of the form `-?digits[.digits]`: no exponents, no plus sign, no spaces, no `NaN`.
    #[error("must be a plain decimal numeral such as -12.50")]
    NotDecimal,
    /// More digits than any venue documents.
    #[error("must have at most {max} digits", max = Amount::MAX_DIGITS)]
    TooManyDigits,
    /// More digits after the point than any currency has.
    #[error("must have at most {max} digits after the point", max = Amount::MAX_SCALE)]
    TooFine,
}

impl Amount {
    /// The most digits of an amount; the venue's precision page speaks of up to 32.
    pub const MAX_DIGITS: usize = 40;
    /// The most digits after the point.
    pub const MAX_SCALE: usize = 32;

    /// Reads a plain decimal numeral.
    ///
    /// # Errors
    /// [`AmountError`] for anything else; the text's length is bounded before it is read.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.len() > Self::MAX_DIGITS + 1 {
            return Err(if digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                AmountError::TooManyDigits
            } else {
                AmountError::NotDecimal
            });
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let numeral = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !numeral(whole) || !numeral(fraction) {
            return Err(AmountError::NotDecimal);
        }
        if digits.bytes().filter(u8::is_ascii_digit).count() > Self::MAX_DIGITS {
            return Err(AmountError::TooManyDigits);
        }
        if digits.contains('.') && fraction.len() > Self::MAX_SCALE {
            return Err(AmountError::TooFine);
        }
        let value = text.parse().map_err(|_| AmountError::NotDecimal)?;
        Ok(Self { text: text.to_owned(), value })
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The exact value.
    #[must_use]
    pub fn value(&self) -> &BigDecimal {
        &self.value
    }

    /// Whether the value is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.value.is_zero()
    }

    /// The shortest text of the same value: `1.0`, `01` and `1` all give `1`, `-0` gives `0`.
    #[must_use]
    pub fn canonical(&self) -> String {
        canonical(&self.value)
    }
}

/// The shortest plain text of a decimal, without an exponent.
#[must_use]
pub fn canonical(value: &BigDecimal) -> String {
    value.normalized().to_plain_string()
}

/// Two amounts are equal when their values are; `1.0` equals `1`.
impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Amount {}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_numerals_are_amounts_and_keep_their_text() {
        for text in ["0", "1", "-1", "0.1", "-12.50", "100000000000000000000000000000000000.0001", "007"] {
            assert_eq!(Amount::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in ["", "-", "+1", "1e3", "NaN", "inf", ".5", "5.", "1,000", " 1", "1 ", "0x10", "1_0", "--1", "1.2.3", "١"] {
            assert_eq!(Amount::parse(text), Err(AmountError::NotDecimal), "{text}");
        }
        assert_eq!(Amount::parse(&"9".repeat(60)), Err(AmountError::TooManyDigits));
        assert_eq!(Amount::parse(&format!("0.{}1", "0".repeat(32))), Err(AmountError::TooFine));
    }

    #[test]
    fn thirty_one_digits_after_the_point_survive() {
        let tiny = Amount::parse("0.0000000000000000000000000000001").unwrap();
        assert!(!tiny.is_zero());
        assert_eq!(tiny.canonical(), "0.0000000000000000000000000000001");
    }

    #[test]
    fn equality_is_of_values() {
        assert_eq!(Amount::parse("1.0").unwrap(), Amount::parse("1").unwrap());
        assert_eq!(Amount::parse("-0").unwrap(), Amount::parse("0.00").unwrap());
        assert_eq!(Amount::parse("-0").unwrap().canonical(), "0");
        assert_eq!(Amount::parse("1000").unwrap().canonical(), "1000");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".{0,80}") {
            let _ = Amount::parse(&text);
        }

        #[test]
        fn a_canonical_text_reads_back_equal(text in "-?[0-9]{1,8}(\\.[0-9]{1,30})?") {
            let amount = Amount::parse(&text).unwrap();
            prop_assert_eq!(Amount::parse(&amount.canonical()).unwrap(), amount);
        }
    }
}
