//! Whether the balances look like the unit that is configured: the wrong one is wrong by a hundred million, and nothing else
//! tells before money has moved.

use super::check::{Check, Topic};
use crate::domain::amount::Amount;
use crate::domain::settlement::{AmountUnit, NetworkBalance};

/// As many digits before the point are few for satoshis and far too many for bitcoin.
const BASE_LIKE_DIGITS: usize = 9;

/// Holds the balances against the unit. Base units are whole; full units of a busy account seldom all are.
pub(super) fn judged(enterprise: &str, unit: AmountUnit, balances: &[NetworkBalance]) -> Check {
    let told = balances.iter().filter_map(|balance| Amount::parse(&balance.available).ok()).filter(|amount| !amount.is_zero());
    let texts: Vec<String> = told.map(|amount| amount.canonical()).collect();
    let Some(example) = texts.first() else {
        return Check::skipped(Topic::AmountUnit, enterprise, "no account has a balance that could tell the unit");
    };
    let fraction = texts.iter().find(|text| text.contains('.'));
    let is_long = |text: &&String| text.trim_start_matches('-').len() >= BASE_LIKE_DIGITS;
    let hint = "ask the venue which unit was agreed before anything is settled: amounts are never rescaled";
    match (unit, fraction) {
        (AmountUnit::Base, Some(text)) => Check::failed(
            Topic::AmountUnit,
            enterprise,
            format!("base is configured, and a balance is {text}: base units are whole"),
        )
        .hint(hint),
        (AmountUnit::Full, None) if texts.iter().all(|text| is_long(&text)) => Check::warning(
            Topic::AmountUnit,
            enterprise,
            format!("full is configured, and all balances are whole and long, such as {example}: they look like base units"),
        )
        .hint(hint),
        (AmountUnit::Base | AmountUnit::Full, _) => {
            Check::ok(Topic::AmountUnit, enterprise, format!("none of {} balances contradicts {}", texts.len(), unit.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    fn verdict(unit: AmountUnit, available: &[&str]) -> Verdict {
        let balance = |text: &&str| NetworkBalance {
            connection_id: None,
            currency: "BTC".to_owned(),
            available: (*text).to_owned(),
            held: None,
        };
        judged("ent", unit, &available.iter().map(balance).collect::<Vec<_>>()).verdict
    }

    #[test]
    fn a_fraction_is_no_base_unit() {
        assert_eq!(verdict(AmountUnit::Base, &["100000000", "0.5"]), Verdict::Failed);
        assert_eq!(verdict(AmountUnit::Base, &["100000000", "5.00"]), Verdict::Ok);
    }

    #[test]
    fn long_whole_balances_look_like_base_units_unless_one_is_short() {
        assert_eq!(verdict(AmountUnit::Full, &["2500000000", "-310000000"]), Verdict::Warning);
        assert_eq!(verdict(AmountUnit::Full, &["2500000000", "31"]), Verdict::Ok);
        assert_eq!(verdict(AmountUnit::Full, &["2500000000.25"]), Verdict::Ok);
    }

    #[test]
    fn empty_accounts_tell_nothing() {
        assert_eq!(verdict(AmountUnit::Full, &[]), Verdict::Skipped);
        assert_eq!(verdict(AmountUnit::Base, &["0", "0.00"]), Verdict::Skipped);
    }
}
