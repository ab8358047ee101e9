//! Whether a quote's numbers agree: destination = expected source / 10^exponent x rate - fee.
//!
//! Source amounts are minor units and destination amounts are major units; the
//! seed's own example (100000 x 0.0077 = 7.70) holds only so.

use bigdecimal::BigDecimal;

use super::VenueQuote;
use crate::domain::amount::Amount;
use crate::domain::ids::Currency;

/// The number of minor digits of a currency by ISO 4217; two for whatever is not listed.
#[must_use]
pub fn minor_unit_exponent(currency: &Currency) -> u32 {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND" | "VUV" | "XAF"
        | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// Whether the venue's numbers agree; `None` when one of them is missing or is no plain decimal.
///
/// The venue rounds the amount that it delivers, so a difference below one unit
/// of the last digit that it shows is agreement.
#[must_use]
pub fn is_consistent(source_currency: &Currency, quote: &VenueQuote) -> Option<bool> {
    let decimal = |text: &Option<String>| Some(Amount::parse(text.as_deref()?).ok()?.value().clone());
    let (rate, fee) = (decimal(&quote.exchange_rate)?, decimal(&quote.platform_fee)?);
    let shown = decimal(&quote.destination_amount)?;
    let source = BigDecimal::new(quote.expected_source_amount?.into(), minor_unit_exponent(source_currency).into());
    let exact = source * rate - fee;
    let last_digit = BigDecimal::new(1.into(), shown.fractional_digit_count());
    Some((exact - shown).abs() < last_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::TxId;
    use crate::domain::quote::{Fulfillment, QuoteStatus};

    fn quote(source: i64, rate: &str, fee: &str, destination: &str) -> VenueQuote {
        VenueQuote {
            tx_id: TxId::new("tx").unwrap(),
            status: QuoteStatus::Quoted,
            status_text: "quoted".into(),
            source_currency: None,
            destination_currency: None,
            chain: None,
            wallet_address: None,
            exchange_rate: Some(rate.into()),
            destination_amount: Some(destination.into()),
            platform_fee: Some(fee.into()),
            fulfillment: Fulfillment::Full,
            fulfillment_text: "full".into(),
            expected_source_amount: Some(source),
            external_tx_id: None,
            tx_hash: None,
            failure_reason: None,
            created_at: None,
            confirmed_at: None,
            executed_at: None,
            cancelled_at: None,
            expires_at: None,
        }
    }

    fn consistent(currency: &str, quote: &VenueQuote) -> Option<bool> {
        is_consistent(&Currency::new(currency).unwrap(), quote)
    }

    #[test]
    fn the_seeds_example_is_consistent_in_minor_units_only() {
        let seed = quote(100_000, "0.0077", "2.50", "5.20");
        assert_eq!(consistent("KES", &seed), Some(true));
        assert_eq!(consistent("UGX", &seed), Some(false));
    }

    #[test]
    fn rounding_below_the_last_digit_is_agreement_and_a_whole_digit_is_not() {
        assert_eq!(consistent("KES", &quote(100_001, "0.0077", "2.50", "5.20")), Some(true));
        assert_eq!(consistent("KES", &quote(100_000, "0.0077", "2.50", "5.21")), Some(false));
        assert_eq!(consistent("KES", &quote(100_000, "0.0077", "2.50", "5.2")), Some(true));
    }

    #[test]
    fn three_digit_currencies_are_read_by_their_exponent() {
        assert_eq!(consistent("BHD", &quote(1_000, "2.65", "0", "2.65")), Some(true));
    }

    #[test]
    fn what_cannot_be_computed_is_not_called_consistent() {
        let mut missing = quote(1, "1", "0", "1");
        missing.platform_fee = None;
        assert_eq!(consistent("KES", &missing), None);
        assert_eq!(consistent("KES", &quote(1, "1e-2", "0", "1")), None);
    }
}
