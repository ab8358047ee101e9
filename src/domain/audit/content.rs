//! A record's content: one JSON object whose members stand in the order of their names, without white space.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// The version of what records say. A reader that knows another one compares nothing that it does not understand.
const VERSION: u64 = 1;

/// A content that is being put together. What is absent is left out, so that it cannot be mistaken for an empty text.
pub(super) struct Content(BTreeMap<&'static str, Value>);

impl Content {
    pub(super) fn new() -> Self {
        Self(BTreeMap::from([("v", Value::from(VERSION))]))
    }

    /// A text.
    pub(super) fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        self.with(name, Some(Value::from(text.into())))
    }

    /// A text that may be absent.
    pub(super) fn text_if_any(self, name: &'static str, text: Option<impl Into<String>>) -> Self {
        self.with(name, text.map(|text| Value::from(text.into())))
    }

    /// A number.
    pub(super) fn number(self, name: &'static str, number: impl Into<u64>) -> Self {
        self.with(name, Some(Value::from(number.into())))
    }

    /// A number that may be absent.
    pub(super) fn number_if_any(self, name: &'static str, number: Option<u64>) -> Self {
        self.with(name, number.map(Value::from))
    }

    /// A yes or a no.
    pub(super) fn flag(self, name: &'static str, flag: bool) -> Self {
        self.with(name, Some(Value::from(flag)))
    }

    /// An instant that may be absent.
    pub(super) fn instant_if_any(self, name: &'static str, at: Option<Timestamp>) -> Self {
        self.with(name, at.map(|at| Value::from(at.to_string())))
    }

    /// Bytes, as lower-case hexadecimal digits.
    pub(super) fn bytes(self, name: &'static str, bytes: &[u8]) -> Self {
        self.with(name, Some(Value::from(base16ct::lower::encode_string(bytes))))
    }

    /// Bytes that may be absent.
    pub(super) fn bytes_if_any(self, name: &'static str, bytes: Option<&[u8]>) -> Self {
        match bytes {
            Some(bytes) => self.bytes(name, bytes),
            None => self,
        }
    }

    /// Names with how often each occurred.
    pub(super) fn counts(self, name: &'static str, counts: &BTreeMap<String, u64>) -> Self {
        let counts = counts.iter().map(|(name, count)| Value::from(vec![Value::from(name.as_str()), Value::from(*count)]));
        self.with(name, Some(Value::from(counts.collect::<Vec<_>>())))
    }

    fn with(mut self, name: &'static str, value: Option<Value>) -> Self {
        if let Some(value) = value {
            self.0.insert(name, value);
        }
        self
    }

    /// The content as text.
    pub(super) fn into_text(self) -> String {
        let members = self.0.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_the_order_of_their_names_and_what_is_absent_is_left_out() {
        let content = Content::new().text("b", "say \"so\"\n\0").number("a", 7_u64).text_if_any("c", None::<&str>);
        assert_eq!(content.into_text(), r#"{"a":7,"b":"say \"so\"\n\u0000","v":1}"#);
    }

    #[test]
    fn an_empty_text_is_not_an_absent_one() {
        assert_eq!(Content::new().text("a", "").into_text(), r#"{"a":"","v":1}"#);
    }
}
