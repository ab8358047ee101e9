//! A decimal that a venue sends as a string or as a number.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

/// The digits as they were sent. They never pass through a float, so `2.50` stays `2.50`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::upstream) struct DecimalText(pub(in crate::upstream) String);

impl<'de> Deserialize<'de> for DecimalText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).map(Self).map_err(D::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(raw.get().to_owned())),
            _ => Err(D::Error::custom("neither a string nor a number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_survive_as_they_are() {
        for text in ["2.50", "-0", "0.0077", "123456789012345678901234567890.10", "1e3"] {
            assert_eq!(serde_json::from_str::<DecimalText>(text).unwrap().0, text);
            assert_eq!(serde_json::from_str::<DecimalText>(&format!("\"{text}\"")).unwrap().0, text);
        }
    }

    #[test]
    fn other_values_are_refused_and_null_is_absence() {
        for text in ["true", "{}", "[1]", "null"] {
            assert!(serde_json::from_str::<DecimalText>(text).is_err(), "{text}");
        }
        assert_eq!(serde_json::from_str::<Option<DecimalText>>("null").unwrap(), None);
    }
}
