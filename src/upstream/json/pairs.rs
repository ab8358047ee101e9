//! A JSON object whose order is kept and whose keys are unique.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// Names and values, in the order of the text. A repeated name is refused: readers disagree on which of two counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::upstream) struct Pairs<T>(pub(in crate::upstream) Vec<(String, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PairsVisitor<T> {
    type Value = Pairs<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
        let mut pairs = Vec::new();
        let mut seen = HashSet::new();
        while let Some((name, value)) = map.next_entry::<String, T>()? {
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
    use super::super::DecimalText;
    use super::*;

    #[test]
    fn order_and_digits_are_kept() {
        let pairs: Pairs<DecimalText> = serde_json::from_str(r#"{"ETH":"-2.50","BTC":1.10}"#).unwrap();
        let texts: Vec<(&str, &str)> = pairs.0.iter().map(|(name, value)| (name.as_str(), value.0.as_str())).collect();
        assert_eq!(texts, [("ETH", "-2.50"), ("BTC", "1.10")]);
    }

    #[test]
    fn a_repeated_name_is_refused() {
        assert!(serde_json::from_str::<Pairs<DecimalText>>(r#"{"BTC":"1","BTC":"2"}"#).is_err());
    }
}
