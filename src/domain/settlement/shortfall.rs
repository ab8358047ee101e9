//! Who cannot pay what a settlement takes from it.

use std::collections::{BTreeMap, HashMap};

use bigdecimal::{BigDecimal, Signed};

use super::amounts::Leg;
use super::venue::NetworkBalance;
use crate::domain::amount::{Amount, canonical};
use crate::domain::ids::ConnectionId;

/// An account that owes more than it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// The connection; `None` for the partner's own Go Account.
    pub connection_id: Option<String>,
    /// The currency.
    pub currency: String,
    /// What it owes: a positive decimal.
    pub required: String,
    /// What it has available; zero when the venue lists none.
    pub available: String,
}

/// What an account owes of a currency; the account is a connection, or the partner's own.
type Owed<'a> = BTreeMap<(Option<&'a str>, &'a str), BigDecimal>;

/// The accounts that owe more than they have. Where the venue does not tell the partner's own balances, nothing is said of them.
#[must_use]
pub fn shortfalls(legs: &[Leg], balances: &[NetworkBalance]) -> Vec<Shortfall> {
    let account = |balance: &'_ NetworkBalance| (balance.connection_id.clone(), balance.currency.clone());
    let has: HashMap<_, &str> = balances.iter().map(|balance| (account(balance), balance.available.as_str())).collect();
    let available = |connection: Option<&str>, currency: &str| {
        let text = has.get(&(connection.map(str::to_owned), currency.to_owned())).copied().unwrap_or("0");
        Amount::parse(text).map(|amount| amount.value().clone()).unwrap_or_default()
    };
    let own_is_told = balances.iter().any(|balance| balance.connection_id.is_none());
    let short = |((connection, currency), required): ((Option<&str>, &str), BigDecimal)| {
        let available = available(connection, currency);
        (available < required).then(|| Shortfall {
            connection_id: connection.map(str::to_owned),
            currency: currency.to_owned(),
            required: canonical(&required),
            available: canonical(&available),
        })
    };
    let told = |((connection, _), _): &((Option<&str>, &str), BigDecimal)| connection.is_some() || own_is_told;
    owed(legs).into_iter().filter(told).filter_map(short).collect()
}

/// A negative leg is paid by the client, with brokers the counterparty. What an exchange pays its clients comes from
/// its own account, which what they pay flows into; with brokers each positive leg is paid by its party.
fn owed(legs: &[Leg]) -> Owed<'_> {
    let mut owed = Owed::new();
    let mut own: BTreeMap<&str, BigDecimal> = BTreeMap::new();
    for leg in legs {
        let (value, currency) = (leg.amount.value(), leg.currency.as_str());
        let counterparty = leg.counterparty_connection_id.as_ref().map(ConnectionId::as_str);
        if value.is_negative() {
            let payer = counterparty.unwrap_or(leg.connection_id.as_str());
            *owed.entry((Some(payer), currency)).or_default() += value.abs();
        } else if counterparty.is_some() {
            *owed.entry((Some(leg.connection_id.as_str()), currency)).or_default() += value;
        }
        if counterparty.is_none() {
            *own.entry(currency).or_default() += value;
        }
    }
    owed.extend(own.into_iter().filter(|(_, net)| net.is_positive()).map(|(currency, net)| ((None, currency), net)));
    owed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Currency;

    fn leg(connection: &str, counterparty: Option<&str>, amount: &str) -> Leg {
        Leg {
            connection_id: ConnectionId::new(connection).unwrap(),
            counterparty_connection_id: counterparty.map(|id| ConnectionId::new(id).unwrap()),
            currency: Currency::new("BTC").unwrap(),
            amount: Amount::parse(amount).unwrap(),
        }
    }

    fn has(connection: Option<&str>, available: &str) -> NetworkBalance {
        let (connection_id, available) = (connection.map(str::to_owned), available.to_owned());
        NetworkBalance { connection_id, currency: "BTC".to_owned(), available, held: None }
    }

    fn short(legs: Vec<Leg>, balances: &[NetworkBalance]) -> Vec<(Option<String>, String, String)> {
        let found = shortfalls(&legs, balances);
        found.into_iter().map(|short| (short.connection_id, short.required, short.available)).collect()
    }

    #[test]
    fn a_client_that_owes_more_than_it_has_is_short() {
        let legs = || vec![leg("a", None, "-1.5"), leg("b", None, "-1.50")];
        let balances = [has(Some("a"), "1.5"), has(Some("b"), "1.49"), has(None, "0")];
        assert_eq!(short(legs(), &balances), [(Some("b".to_owned()), "1.5".to_owned(), "1.49".to_owned())]);
        assert_eq!(short(legs(), &[]).len(), 2, "what the venue does not list is nothing");
    }

    #[test]
    fn the_partners_own_account_pays_what_clients_do_not() {
        let legs = || vec![leg("a", None, "10"), leg("b", None, "-4")];
        let rich = has(Some("b"), "100");
        assert_eq!(short(legs(), &[rich.clone(), has(None, "6")]), []);
        assert_eq!(short(legs(), &[rich.clone(), has(None, "5.9")]), [(None, "6".to_owned(), "5.9".to_owned())]);
        assert_eq!(short(legs(), &[rich]), [], "nothing is said of what the venue does not tell");
    }

    #[test]
    fn a_brokers_legs_are_paid_by_their_parties() {
        let legs = vec![leg("a", Some("b"), "3"), leg("a", Some("c"), "-2")];
        let expected =
            [(Some("a".to_owned()), "3".to_owned(), "2".to_owned()), (Some("c".to_owned()), "2".to_owned(), "1".to_owned())];
        assert_eq!(short(legs, &[has(Some("a"), "2"), has(Some("c"), "1")]), expected);
    }
}
