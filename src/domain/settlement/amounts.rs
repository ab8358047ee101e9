//! A settlement's legs: who owes whom how much, in which currency.

use std::collections::{BTreeMap, HashSet};

use bigdecimal::{BigDecimal, Zero};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::amount::{Amount, canonical};
use crate::domain::ids::{ConnectionId, Currency};

/// One leg. Positive: the partner (or party) pays the client (or counterparty).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The connection whose account moves; for brokers, the party.
    pub connection_id: ConnectionId,
    /// The counterparty's connection: brokers only.
    pub counterparty_connection_id: Option<ConnectionId>,
    /// The currency, as the venue spells it.
    pub currency: Currency,
    /// The signed amount, in the unit agreed for the enterprise; never zero.
    pub amount: Amount,
}

/// Which of the venue's two depths the legs have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// connection -> currency -> amount
    Exchange,
    /// party connection -> counterparty connection -> currency -> amount
    Broker,
}

/// A non-empty, bounded list of legs of one shape, none of them twice and none zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementAmounts(Vec<Leg>);

/// Why legs are no settlement. `index` is the leg's place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LegsError {
    /// There is nothing to settle.
    #[error("must not be empty")]
    Empty,
    /// More legs than the largest settlement that is accepted.
    #[error("must have at most {max} entries", max = SettlementAmounts::MAX_LEGS)]
    TooMany,
    /// The venue's transfers are non-zero.
    #[error("must not be zero")]
    Zero {
        /// The leg.
        index: usize,
    },
    /// The same accounts and currency stand in an earlier leg.
    #[error("repeats an earlier entry's accounts and currency")]
    Duplicate {
        /// The leg.
        index: usize,
    },
    /// Some legs name a counterparty and some do not.
    #[error("must be present in all entries or in none")]
    MixedShapes {
        /// The leg.
        index: usize,
    },
    /// A party would pay itself.
    #[error("must differ from connection_id")]
    OwnCounterparty {
        /// The leg.
        index: usize,
    },
}

/// What one currency adds up to over all legs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetTotal {
    /// The currency.
    pub currency: Currency,
    /// The exact sum of the legs' amounts, in canonical text.
    pub sum: String,
    /// How many legs there are.
    pub count: usize,
}

impl SettlementAmounts {
    /// The most legs of one settlement.
    pub const MAX_LEGS: usize = 20_000;

    /// Takes legs in the caller's order.
    ///
    /// # Errors
    /// [`LegsError`], for the first leg that breaks a rule.
    pub fn new(legs: Vec<Leg>) -> Result<Self, LegsError> {
        if legs.len() > Self::MAX_LEGS {
            return Err(LegsError::TooMany);
        }
        let first = legs.first().ok_or(LegsError::Empty)?;
        let broker = first.counterparty_connection_id.is_some();
        let mut seen = HashSet::with_capacity(legs.len());
        for (index, leg) in legs.iter().enumerate() {
            if leg.counterparty_connection_id.is_some() != broker {
                return Err(LegsError::MixedShapes { index });
            }
            if leg.counterparty_connection_id.as_ref() == Some(&leg.connection_id) {
                return Err(LegsError::OwnCounterparty { index });
            }
            if leg.amount.is_zero() {
                return Err(LegsError::Zero { index });
            }
            if !seen.insert((&leg.connection_id, &leg.counterparty_connection_id, &leg.currency)) {
                return Err(LegsError::Duplicate { index });
            }
        }
        Ok(Self(legs))
    }

    /// The legs, in the caller's order.
    #[must_use]
    pub fn legs(&self) -> &[Leg] {
        &self.0
    }

    /// Which depth the legs have.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self.0.first() {
            Some(leg) if leg.counterparty_connection_id.is_some() => Shape::Broker,
            _ => Shape::Exchange,
        }
    }

    /// The legs by their accounts and currency, values canonical: two lists mean the same when these are equal.
    #[must_use]
    pub fn meaning(&self) -> BTreeMap<LegKey<'_>, String> {
        self.0.iter().map(|leg| (LegKey::of(leg), leg.amount.canonical())).collect()
    }

    /// SHA-256 over what the legs move: equal for lists that differ only in order, in spelling, and in which of two brokers'
    /// connections is written first.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut moved: BTreeMap<LegKey<'_>, BigDecimal> = BTreeMap::new();
        for leg in &self.0 {
            let (key, value) = (LegKey::of(leg), leg.amount.value());
            let is_turned = !key.counterparty_connection_id.is_empty() && key.counterparty_connection_id < key.connection_id;
            if is_turned {
                let LegKey { connection_id, counterparty_connection_id, currency } = key;
                let turned =
                    LegKey { connection_id: counterparty_connection_id, counterparty_connection_id: connection_id, currency };
                *moved.entry(turned).or_default() -= value;
            } else {
                *moved.entry(key).or_default() += value;
            }
        }
        let mut hash = Sha256::new();
        for (key, value) in moved.iter().filter(|(_, value)| !value.is_zero()) {
            for part in [key.connection_id, key.counterparty_connection_id, key.currency, &canonical(value)] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        hash.finalize().into()
    }

    /// What each currency adds up to.
    #[must_use]
    pub fn net_totals(&self) -> Vec<NetTotal> {
        self.fold(|amount| amount.value().clone())
    }

    /// What each currency moves, whatever the direction: what limits are held against.
    #[must_use]
    pub fn gross_totals(&self) -> Vec<NetTotal> {
        self.fold(|amount| amount.value().abs())
    }

    fn fold(&self, value: impl Fn(&Amount) -> BigDecimal) -> Vec<NetTotal> {
        let mut sums: BTreeMap<&Currency, (BigDecimal, usize)> = BTreeMap::new();
        for leg in &self.0 {
            let (sum, count) = sums.entry(&leg.currency).or_insert_with(|| (BigDecimal::zero(), 0));
            *sum += value(&leg.amount);
            *count += 1;
        }
        let total = |(currency, (sum, count)): (&Currency, (BigDecimal, usize))| NetTotal {
            currency: currency.clone(),
            sum: canonical(&sum),
            count,
        };
        sums.into_iter().map(total).collect()
    }
}

/// What makes a leg unique.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LegKey<'a> {
    /// The connection; for brokers, the party.
    pub connection_id: &'a str,
    /// The counterparty; empty for exchanges.
    pub counterparty_connection_id: &'a str,
    /// The currency.
    pub currency: &'a str,
}

impl<'a> LegKey<'a> {
    pub(crate) fn of(leg: &'a Leg) -> Self {
        Self {
            connection_id: leg.connection_id.as_str(),
            counterparty_connection_id: leg.counterparty_connection_id.as_ref().map_or("", ConnectionId::as_str),
            currency: leg.currency.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(connection: &str, counterparty: Option<&str>, currency: &str, amount: &str) -> Leg {
        Leg {
            connection_id: ConnectionId::new(connection).unwrap(),
            counterparty_connection_id: counterparty.map(|id| ConnectionId::new(id).unwrap()),
            currency: Currency::new(currency).unwrap(),
            amount: Amount::parse(amount).unwrap(),
        }
    }

    #[test]
    fn a_leg_twice_is_refused_since_a_map_would_lose_it() {
        let legs = vec![leg("a", None, "BTC", "1"), leg("b", None, "BTC", "1"), leg("a", None, "BTC", "2")];
        assert_eq!(SettlementAmounts::new(legs), Err(LegsError::Duplicate { index: 2 }));
    }

    #[test]
    fn shapes_do_not_mix() {
        let legs = vec![leg("a", None, "BTC", "1"), leg("a", Some("b"), "BTC", "1")];
        assert_eq!(SettlementAmounts::new(legs), Err(LegsError::MixedShapes { index: 1 }));
        let legs = vec![leg("a", Some("a"), "BTC", "1")];
        assert_eq!(SettlementAmounts::new(legs), Err(LegsError::OwnCounterparty { index: 0 }));
    }

    #[test]
    fn zero_in_any_spelling_and_emptiness_are_refused() {
        assert_eq!(SettlementAmounts::new(vec![leg("a", None, "BTC", "-0.00")]), Err(LegsError::Zero { index: 0 }));
        assert_eq!(SettlementAmounts::new(vec![]), Err(LegsError::Empty));
    }

    #[test]
    fn order_and_spelling_do_not_change_the_meaning() {
        let one = SettlementAmounts::new(vec![leg("a", None, "BTC", "1.0"), leg("b", None, "ETH", "-2")]).unwrap();
        let other = SettlementAmounts::new(vec![leg("b", None, "ETH", "-2.00"), leg("a", None, "BTC", "1")]).unwrap();
        assert_eq!(one.meaning(), other.meaning());
        assert_eq!(one.digest(), other.digest());
        assert_ne!(one, other);
        let more = SettlementAmounts::new(vec![leg("a", None, "BTC", "1.1"), leg("b", None, "ETH", "-2")]).unwrap();
        assert_ne!(one.digest(), more.digest());
    }

    #[test]
    fn which_of_two_brokers_connections_comes_first_does_not_change_what_moves() {
        let digest = |legs: Vec<Leg>| SettlementAmounts::new(legs).unwrap().digest();
        let one = digest(vec![leg("a", Some("b"), "BTC", "2")]);
        assert_eq!(one, digest(vec![leg("b", Some("a"), "BTC", "-2.0")]));
        assert_eq!(one, digest(vec![leg("a", Some("b"), "BTC", "1.5"), leg("b", Some("a"), "BTC", "-0.5")]));
        assert_ne!(one, digest(vec![leg("b", Some("a"), "BTC", "2")]));
        assert_ne!(one, digest(vec![leg("a", None, "BTC", "2")]));
    }

    #[test]
    fn totals_are_exact_net_and_gross() {
        let amounts =
            SettlementAmounts::new(vec![leg("a", None, "BTC", "0.1"), leg("b", None, "BTC", "-0.3"), leg("b", None, "ETH", "5")])
                .unwrap();
        let texts = |totals: Vec<NetTotal>| {
            totals.into_iter().map(|t| (t.currency.as_str().to_owned(), t.sum, t.count)).collect::<Vec<_>>()
        };
        assert_eq!(texts(amounts.net_totals()), [("BTC".into(), "-0.2".into(), 2), ("ETH".into(), "5".into(), 1)]);
        assert_eq!(texts(amounts.gross_totals()), [("BTC".into(), "0.4".into(), 2), ("ETH".into(), "5".into(), 1)]);
    }
}
