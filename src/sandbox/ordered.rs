//! JSON objects in which order and repeated keys matter.
//!
//! The venue's signing payload is text that somebody signs, so its order is
//! part of it, and a repeated key would hide an amount. Numbers are refused on
//! reading, since every amount is text.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

/// A text, or an object in the order in which it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A JSON string.
    Text(String),
    /// Something written without quotes; never read, only written by a tampered payload.
    Bare(String),
    /// A JSON object.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The object's entries, or `None` for a text.
    pub(crate) fn entries(&self) -> Option<&[(String, Node)]> {
        match self {
            Self::Object(entries) => Some(entries),
            Self::Text(_) | Self::Bare(_) => None,
        }
    }

    /// Compact JSON, in order.
    pub(crate) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::Bare(text) => out.push_str(text),
            Self::Object(entries) => {
                out.push('{');
                for (place, (key, value)) in entries.iter().enumerate() {
                    if place > 0 {
                        out.push(',');
                    }
                    out.push_str(&quoted(key));
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or an object of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut seen = HashSet::new();
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Node>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom("a key is repeated"));
            }
            entries.push((key, value));
        }
        Ok(Node::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_text_is_escaped() {
        let text = r#"{"b":{"z":"1","a":"é\""},"a":"2"}"#;
        assert_eq!(serde_json::from_str::<Node>(text).unwrap().to_json(), text);
    }

    #[test]
    fn repeated_keys_and_numbers_are_refused() {
        for text in [r#"{"a":"1","a":"1"}"#, r#"{"a":1}"#, r#"{"a":null}"#, r#"["a"]"#] {
            assert!(serde_json::from_str::<Node>(text).is_err(), "{text}");
        }
    }
}
