//! The amounts of a settlement's payload, at either of the venue's two depths.

use super::json::Json;
use crate::domain::amount::Amount;
use crate::domain::ids::{ConnectionId, Currency};
use crate::domain::settlement::{Leg, SettlementAmounts};

/// Reads `settlementAmounts`. `None` where any part of it is no leg that this gateway could have asked for, since limits
/// cannot be held against what is not understood.
pub(super) fn read_amounts(json: &Json) -> Option<SettlementAmounts> {
    let mut legs = Vec::new();
    for (connection, below) in some_members(json)? {
        let connection = ConnectionId::new(connection).ok()?;
        for (name, below) in some_members(below)? {
            match below {
                Json::Object(_) => {
                    let counterparty = ConnectionId::new(name).ok()?;
                    for (currency, amount) in some_members(below)? {
                        legs.push(leg(&connection, Some(&counterparty), currency, amount)?);
                    }
                }
                amount => legs.push(leg(&connection, None, name, amount)?),
            }
        }
    }
    SettlementAmounts::new(legs).ok()
}

/// The members of an object that has at least one.
fn some_members(json: &Json) -> Option<&[(String, Json)]> {
    Some(json.members()).filter(|members| !members.is_empty())
}

fn leg(connection: &ConnectionId, counterparty: Option<&ConnectionId>, currency: &str, amount: &Json) -> Option<Leg> {
    Some(Leg {
        connection_id: connection.clone(),
        counterparty_connection_id: counterparty.cloned(),
        currency: Currency::new(currency).ok()?,
        amount: Amount::parse(amount.numeral()?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::json::read_strict;
    use super::*;
    use crate::domain::settlement::Shape;

    fn read(text: &str) -> Option<SettlementAmounts> {
        read_amounts(&read_strict(text).unwrap())
    }

    #[test]
    fn both_depths_are_read_with_every_leg() {
        let exchange = read(r#"{"a":{"BTC":"1.50","ETH":-2},"b":{"BTC":"-3"}}"#).unwrap();
        assert_eq!(exchange.shape(), Shape::Exchange);
        let sums: Vec<_> = exchange.gross_totals().into_iter().map(|total| (total.currency.to_string(), total.sum)).collect();
        assert_eq!(sums, [("BTC".to_owned(), "4.5".to_owned()), ("ETH".to_owned(), "2".to_owned())]);
        let broker = read(r#"{"p":{"c":{"BTC":"1"},"d":{"BTC":"-1"}}}"#).unwrap();
        assert_eq!((broker.shape(), broker.legs().len()), (Shape::Broker, 2));
    }

    #[test]
    fn what_is_not_wholly_understood_has_no_amounts() {
        for text in [
            "{}",
            "[]",
            r#"{"a":{}}"#,
            r#"{"a":{"BTC":"1"},"b":{}}"#,
            r#"{"a":{"BTC":"1","c":{"BTC":"1"}}}"#,
            r#"{"p":{"c":{}}}"#,
            r#"{"p":{"p":{"BTC":"1"}}}"#,
            r#"{"p":{"c":{"BTC":{"x":"1"}}}}"#,
            r#"{"a":{"BTC":"1e2"}}"#,
            r#"{"a":{"BTC":"0"}}"#,
            r#"{"a":{"BTC":null}}"#,
            r#"{"a":{"BTC":["1"]}}"#,
            r#"{"a":{" BTC":"1"}}"#,
            r#"{"":{"BTC":"1"}}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
