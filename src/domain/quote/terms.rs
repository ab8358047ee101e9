//! What a confirmation agrees to: the terms that a quote must show, complete and consistent, before anybody is bound.

use bigdecimal::{BigDecimal, Zero};

use super::{Fulfillment, Quote, QuoteRequest, QuoteStatus, VenueQuote, is_consistent};
use crate::domain::amount::Amount;
use crate::domain::quote::confirmation::ConfirmationReason;

/// The numbers of a quote, as exact decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// `exchange_rate`
    pub exchange_rate: Amount,
    /// `destination_amount`: net, in major units.
    pub destination_amount: Amount,
    /// `platform_fee`, in major units of the destination currency.
    pub platform_fee: Amount,
    /// `expected_source_amount`: gross, in minor units.
    pub expected_source_amount: i64,
}

/// What a caller expects a quote to show; what is absent is not held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The rate.
    pub exchange_rate: Option<Amount>,
    /// The net amount that is paid out.
    pub destination_amount: Option<Amount>,
    /// The fee.
    pub platform_fee: Option<Amount>,
    /// The gross amount that is paid in.
    pub expected_source_amount: Option<i64>,
}

impl Expectations {
    /// The fields whose expectation the terms do not meet. `2.5` meets `2.50`.
    #[must_use]
    pub fn unmet_by(&self, terms: &Terms) -> Vec<&'static str> {
        let meets = |expected: &Option<Amount>, shown: &Amount| expected.as_ref().is_none_or(|expected| expected == shown);
        let source = self.expected_source_amount.is_none_or(|expected| expected == terms.expected_source_amount);
        let checks = [
            ("expected_exchange_rate", meets(&self.exchange_rate, &terms.exchange_rate)),
            ("expected_destination_amount", meets(&self.destination_amount, &terms.destination_amount)),
            ("expected_platform_fee", meets(&self.platform_fee, &terms.platform_fee)),
            ("expected_source_amount", source),
        ];
        checks.into_iter().filter(|(_, met)| !met).map(|(field, _)| field).collect()
    }
}

impl Terms {
    /// The members that another reading shows otherwise.
    #[must_use]
    pub fn changed_in(&self, other: &Self) -> Vec<&'static str> {
        let checks = [
            ("exchange_rate", self.exchange_rate == other.exchange_rate),
            ("destination_amount", self.destination_amount == other.destination_amount),
            ("platform_fee", self.platform_fee == other.platform_fee),
            ("expected_source_amount", self.expected_source_amount == other.expected_source_amount),
        ];
        checks.into_iter().filter(|(_, same)| !same).map(|(member, _)| member).collect()
    }
}

impl Quote {
    /// The terms that a confirmation of this quote at this instant would agree to.
    ///
    /// # Errors
    /// The reason for which it must not be confirmed.
    pub fn confirmable(&self, accept_partial: bool, now: jiff::Timestamp) -> Result<Terms, ConfirmationReason> {
        if self.venue.status != QuoteStatus::Quoted {
            return Err(ConfirmationReason::NotConfirmable);
        }
        if self.is_expired(now) {
            return Err(ConfirmationReason::Expired);
        }
        let terms = terms(&self.request, &self.venue)?;
        match self.venue.fulfillment {
            Fulfillment::Partial if !accept_partial => Err(ConfirmationReason::PartialNotAccepted),
            Fulfillment::Full | Fulfillment::Partial => Ok(terms),
            Fulfillment::None | Fulfillment::Unrecognised => Err(ConfirmationReason::NotConfirmable),
        }
    }
}

/// The terms, all there and in agreement with each other and with what was asked. A quote without an expiry has none: nobody
/// could tell whether it still holds.
fn terms(request: &QuoteRequest, venue: &VenueQuote) -> Result<Terms, ConfirmationReason> {
    if venue.fulfillment == Fulfillment::None {
        return Err(ConfirmationReason::NotConfirmable);
    }
    let consistent = is_consistent(&request.source_currency, venue) == Some(true) && venue.expires_at.is_some();
    let terms = read(venue).filter(|terms| consistent && is_sensible(terms) && fulfils(request, venue, terms));
    terms.ok_or(ConfirmationReason::Inconsistent)
}

fn read(venue: &VenueQuote) -> Option<Terms> {
    let decimal = |text: &Option<String>| Amount::parse(text.as_deref()?).ok();
    Some(Terms {
        exchange_rate: decimal(&venue.exchange_rate)?,
        destination_amount: decimal(&venue.destination_amount)?,
        platform_fee: decimal(&venue.platform_fee)?,
        expected_source_amount: venue.expected_source_amount?,
    })
}

fn is_sensible(terms: &Terms) -> bool {
    let zero = BigDecimal::zero();
    *terms.exchange_rate.value() > zero
        && *terms.destination_amount.value() > zero
        && *terms.platform_fee.value() >= zero
        && terms.expected_source_amount > 0
}

/// Full is all that was asked for, and partial is less.
fn fulfils(request: &QuoteRequest, venue: &VenueQuote, terms: &Terms) -> bool {
    let asked = request.source_amount.get();
    match venue.fulfillment {
        Fulfillment::Full => terms.expected_source_amount == asked,
        Fulfillment::Partial => terms.expected_source_amount < asked,
        Fulfillment::None | Fulfillment::Unrecognised => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quote::samples::{at, quote};

    fn amount(text: &str) -> Option<Amount> {
        Some(Amount::parse(text).unwrap())
    }

    fn refused(change: impl FnOnce(&mut VenueQuote)) -> ConfirmationReason {
        quote(change).confirmable(false, at(0)).unwrap_err()
    }

    #[test]
    fn the_seeds_quote_can_be_confirmed_on_its_own_terms() {
        let terms = quote(|_| ()).confirmable(false, at(0)).unwrap();
        let expected = Expectations {
            exchange_rate: amount("0.00770"),
            destination_amount: amount("5.2"),
            platform_fee: amount("2.5"),
            expected_source_amount: Some(100_000),
        };
        assert!(expected.unmet_by(&terms).is_empty());
        assert!(Expectations::default().unmet_by(&terms).is_empty());
    }

    #[test]
    fn each_expectation_that_is_not_met_is_named() {
        let terms = quote(|_| ()).confirmable(false, at(0)).unwrap();
        let expected = Expectations {
            exchange_rate: amount("0.0078"),
            destination_amount: amount("5.21"),
            platform_fee: amount("2.49"),
            expected_source_amount: Some(99_999),
        };
        let fields = ["expected_exchange_rate", "expected_destination_amount", "expected_platform_fee", "expected_source_amount"];
        assert_eq!(expected.unmet_by(&terms), fields);
    }

    #[test]
    fn a_quote_that_has_lapsed_or_is_not_quoted_is_not_confirmed() {
        assert_eq!(quote(|_| ()).confirmable(false, at(300)), Err(ConfirmationReason::Expired));
        for status in [QuoteStatus::Processing, QuoteStatus::Cancelled, QuoteStatus::Unrecognised] {
            assert_eq!(refused(|venue| venue.status = status), ConfirmationReason::NotConfirmable, "{status:?}");
        }
    }

    #[test]
    fn partial_needs_acceptance_and_none_is_never_confirmed() {
        let part = |venue: &mut VenueQuote| {
            venue.fulfillment = Fulfillment::Partial;
            venue.expected_source_amount = Some(50_000);
            venue.destination_amount = Some("1.35".to_owned());
        };
        assert_eq!(refused(part), ConfirmationReason::PartialNotAccepted);
        assert_eq!(quote(part).confirmable(true, at(0)).unwrap().expected_source_amount, 50_000);
        for fulfillment in [Fulfillment::None, Fulfillment::Unrecognised] {
            let nothing = quote(|venue| venue.fulfillment = fulfillment);
            assert_eq!(nothing.confirmable(true, at(0)), Err(ConfirmationReason::NotConfirmable), "{fulfillment:?}");
        }
    }

    #[test]
    fn numbers_that_disagree_or_are_missing_bind_nobody() {
        let rows: [&dyn Fn(&mut VenueQuote); 8] = [
            &|venue| venue.destination_amount = Some("5.21".to_owned()),
            &|venue| venue.exchange_rate = None,
            &|venue| venue.platform_fee = None,
            &|venue| venue.expected_source_amount = None,
            &|venue| venue.expires_at = None,
            &|venue| venue.fulfillment = Fulfillment::Partial,
            &|venue| venue.expected_source_amount = Some(0),
            &|venue| {
                // The arithmetic holds: a negative fee pays the merchant more than its takings are worth.
                venue.platform_fee = Some("-1.00".to_owned());
                venue.destination_amount = Some("8.70".to_owned());
            },
        ];
        for (number, row) in rows.into_iter().enumerate() {
            assert_eq!(refused(row), ConfirmationReason::Inconsistent, "row {number}");
        }
    }

    #[test]
    fn full_fulfilment_of_less_than_was_asked_for_is_a_contradiction() {
        let less = |venue: &mut VenueQuote| {
            venue.expected_source_amount = Some(50_000);
            venue.destination_amount = Some("1.35".to_owned());
        };
        assert_eq!(refused(less), ConfirmationReason::Inconsistent);
    }

    #[test]
    fn terms_that_changed_between_two_readings_are_named() {
        let first = quote(|_| ()).confirmable(false, at(0)).unwrap();
        let second = Terms { exchange_rate: Amount::parse("0.0076").unwrap(), ..first.clone() };
        assert_eq!(first.changed_in(&second), ["exchange_rate"]);
        assert!(first.changed_in(&first).is_empty());
    }
}
