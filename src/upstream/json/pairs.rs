//! A JSON object whose order is kept and whose keys are unique.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::DecimalText;

/// Names and decimals, in the order of the text. A repeated name is refused: readers disagree on which of two counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::upstream) struct Pairs(pub(in crate::upstream) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of decimals")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        let mut seen = HashSet::new();
        while let Some((name, DecimalText(value))) = map.next_entry::<String, DecimalText>()? {
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom("a repeated name"));
            }
            pairs.push((name, value));
        }
        Ok(Pairs(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_digits_are_kept() {
        let pairs: Pairs = serde_json::from_str(r#"{"ETH":"-2.50","BTC":1.10}"#).unwrap();
        assert_eq!(pairs.0, [("ETH".to_owned(), "-2.50".to_owned()), ("BTC".to_owned(), "1.10".to_owned())]);
    }

    #[test]
    fn a_repeated_name_is_refused() {
        assert!(serde_json::from_str::<Pairs>(r#"{"BTC":"1","BTC":"2"}"#).is_err());
    }
}
