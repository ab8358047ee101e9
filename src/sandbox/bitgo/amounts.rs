//! Settlement amounts, at either depth.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;

use crate::domain::amount::Amount;
use crate::sandbox::ordered::Node;

/// One amount, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    /// A broker's party connection; `None` where the partner itself is the party.
    pub(crate) party: Option<String>,
    /// The connection on the other side.
    pub(crate) connection: String,
    /// The currency.
    pub(crate) currency: String,
    /// Signed: positive is paid by the party.
    pub(crate) quantity: BigDecimal,
}

/// Reads connection → currency → amount, or party → connection → currency → amount.
///
/// # Errors
/// What is wrong, for a 400.
pub(crate) fn legs(amounts: &Node) -> Result<Vec<Leg>, &'static str> {
    let outer = amounts.entries().ok_or("settlementAmounts must be an object")?;
    let mut legs = Vec::new();
    for (account, inner) in outer {
        let entries = inner.entries().ok_or("settlementAmounts must hold amounts by currency")?;
        for (key, value) in entries {
            match value {
                Node::Object(currencies) => {
                    for (currency, amount) in currencies {
                        legs.push(leg(Some(account), key, currency, amount)?);
                    }
                }
                Node::Text(_) | Node::Bare(_) => legs.push(leg(None, account, key, value)?),
            }
        }
    }
    let brokered = legs.iter().filter(|leg| leg.party.is_some()).count();
    match (legs.len(), brokered) {
        (0, _) => Err("settlementAmounts must not be empty"),
        (all, some) if some != 0 && some != all => Err("settlementAmounts must be of one depth"),
        _ => Ok(legs),
    }
}

fn leg(party: Option<&String>, connection: &str, currency: &str, amount: &Node) -> Result<Leg, &'static str> {
    let Node::Text(text) = amount else { return Err("an amount must be text") };
    let amount = Amount::parse(text).map_err(|_| "an amount must be a decimal numeral")?;
    if amount.is_zero() {
        return Err("an amount must not be zero");
    }
    let quantity = amount.value().clone();
    Ok(Leg { party: party.cloned(), connection: connection.to_owned(), currency: currency.to_owned(), quantity })
}

/// Whether two lists hold the same amounts, compared as numbers and in any order.
pub(crate) fn same(left: &[Leg], right: &[Leg]) -> bool {
    left.len() == right.len() && by_place(left) == by_place(right)
}

fn by_place(legs: &[Leg]) -> BTreeMap<(Option<&str>, &str, &str), &BigDecimal> {
    legs.iter().map(|leg| ((leg.party.as_deref(), leg.connection.as_str(), leg.currency.as_str()), &leg.quantity)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Leg>, &'static str> {
        legs(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn both_depths_are_read() {
        let exchange = read(r#"{"c1":{"BTC":"100","ETH":"-200"}}"#).unwrap();
        assert_eq!((exchange.len(), exchange[1].party.clone()), (2, None));
        let broker = read(r#"{"p":{"c":{"BTC":"1"}}}"#).unwrap();
        assert_eq!((broker[0].party.as_deref(), broker[0].connection.as_str()), (Some("p"), "c"));
    }

    #[test]
    fn wrong_amounts_are_refused() {
        for text in [
            r#""1""#,
            "{}",
            r#"{"c":{}}"#,
            r#"{"c":"1"}"#,
            r#"{"c":{"BTC":"0"}}"#,
            r#"{"c":{"BTC":"1e3"}}"#,
            r#"{"c":{"BTC":"1"},"p":{"c":{"BTC":"1"}}}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_compared_as_numbers_in_any_order() {
        let left = read(r#"{"a":{"BTC":"1.0"},"b":{"BTC":"2"}}"#).unwrap();
        assert!(same(&left, &read(r#"{"b":{"BTC":"2.00"},"a":{"BTC":"1"}}"#).unwrap()));
        assert!(!same(&left, &read(r#"{"b":{"BTC":"1"},"a":{"BTC":"2"}}"#).unwrap()));
        assert!(!same(&left, &read(r#"{"a":{"BTC":"1"}}"#).unwrap()));
    }
}
