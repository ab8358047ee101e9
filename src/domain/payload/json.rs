//! A strict JSON reader: duplicate keys are refused and numbers stay text.
//!
//! `serde_json` alone keeps the last of two equal keys, so that two readers of
//! one payload could see two different amounts of money. Here such a payload
//! is no payload at all.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

/// A JSON value whose numbers are the text that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string, unescaped.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object with unique keys, in the order in which they were written.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The value under a key, where this is an object that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find_map(|(name, value)| (name == key).then_some(value))
    }

    /// The members of an object; empty for anything else.
    #[must_use]
    pub fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a number, or of a string that may hold one.
    #[must_use]
    pub fn numeral(&self) -> Option<&str> {
        match self {
            Self::Number(text) | Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Why a text is not strict JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StrictError {
    /// Not JSON at all, or more than one value.
    #[error("is not JSON")]
    NotJson,
    /// An object has one key twice.
    #[error("has a key twice")]
    DuplicateKey,
    /// Nested deeper than any payload needs.
    #[error("is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

impl StrictError {
    /// The same in words, for a message about a place.
    #[must_use]
    pub fn problem(&self) -> &'static str {
        match self {
            Self::NotJson => "is not JSON",
            Self::DuplicateKey => "has a key twice",
            Self::TooDeep => "is nested too deeply",
        }
    }
}

/// The deepest nesting that is read; a broker's settlement needs four levels.
const MAX_DEPTH: usize = 12;

/// Reads one JSON value, strictly.
///
/// # Errors
/// [`StrictError`] when the text is not JSON, has a duplicate key or is nested too deeply.
pub fn read_strict(text: &str) -> Result<Json, StrictError> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| StrictError::NotJson)?;
    read(raw, MAX_DEPTH)
}

/// Whether a string of this text could be a key to some reader, however lenient: anywhere in it, between quotes, with
/// its characters escaped or not.
///
/// It looks at text that [`read_strict`] refused, so it finds more than there are keys rather than fewer. The work is
/// bounded by the text's length times the key's.
#[must_use]
pub(super) fn could_have_key(text: &str, key: &str) -> bool {
    text.match_indices('"').any(|(quote, _)| spells(text.as_bytes().get(quote + 1..).unwrap_or_default(), key))
}

/// Whether the bytes begin with the key, each character plain or as `\uXXXX`, and a closing quote.
fn spells(mut bytes: &[u8], key: &str) -> bool {
    for wanted in key.bytes() {
        bytes = match bytes {
            [found, rest @ ..] if *found == wanted => rest,
            [b'\\', b'u', a, b, c, d, rest @ ..] if is_hex_of(&[*a, *b, *c, *d], wanted) => rest,
            _ => return false,
        };
    }
    bytes.first() == Some(&b'"')
}

fn is_hex_of(digits: &[u8; 4], wanted: u8) -> bool {
    std::str::from_utf8(digits).ok().and_then(|digits| u16::from_str_radix(digits, 16).ok()) == Some(u16::from(wanted))
}

fn read(raw: &RawValue, depth_left: usize) -> Result<Json, StrictError> {
    let text = raw.get();
    match text.bytes().next() {
        Some(b'n') => Ok(Json::Null),
        Some(b't') => Ok(Json::Bool(true)),
        Some(b'f') => Ok(Json::Bool(false)),
        Some(b'"') => parse(text).map(Json::String),
        Some(b'[') => {
            let Elements(elements) = parse(text)?;
            let below = depth_left.checked_sub(1).ok_or(StrictError::TooDeep)?;
            elements.into_iter().map(|element| read(element, below)).collect::<Result<_, _>>().map(Json::Array)
        }
        Some(b'{') => {
            let Members(members) = parse(text)?;
            let below = depth_left.checked_sub(1).ok_or(StrictError::TooDeep)?;
            let mut seen = HashSet::with_capacity(members.len());
            if !members.iter().all(|(key, _)| seen.insert(key.as_str())) {
                return Err(StrictError::DuplicateKey);
            }
            let member = |(key, value)| Ok((key, read(value, below)?));
            members.into_iter().map(member).collect::<Result<_, _>>().map(Json::Object)
        }
        Some(_) => Ok(Json::Number(text.to_owned())),
        None => Err(StrictError::NotJson),
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, StrictError> {
    serde_json::from_str(text).map_err(|_| StrictError::NotJson)
}

/// An array's elements, unread.
struct Elements<'a>(Vec<&'a RawValue>);

/// An object's members, unread and with their duplicates.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Elements<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = sequence.next_element()? {
                    elements.push(element);
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(Collect)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_stay_text() {
        let json = read_strict(r#"{"a": 1.10, "b": [100000000000000000000000000000001]}"#).unwrap();
        assert_eq!(json.get("a"), Some(&Json::Number("1.10".to_owned())));
        assert_eq!(json.get("b"), Some(&Json::Array(vec![Json::Number("100000000000000000000000000000001".to_owned())])));
    }

    #[test]
    fn a_key_twice_is_refused_at_any_depth_and_in_any_spelling() {
        assert_eq!(read_strict(r#"{"a":1,"a":1}"#), Err(StrictError::DuplicateKey));
        assert_eq!(read_strict(r#"{"x":[{"a":1,"\u0061":2}]}"#), Err(StrictError::DuplicateKey));
    }

    #[test]
    fn a_deep_payload_is_refused_before_the_stack_is() {
        assert_eq!(read_strict(&format!("{}{}", "[".repeat(13), "]".repeat(13))), Err(StrictError::TooDeep));
        assert!(read_strict(&format!("{}{}", "[".repeat(12), "]".repeat(12))).is_ok());
        assert!(read_strict(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn what_follows_a_value_is_refused() {
        assert_eq!(read_strict("{} {}"), Err(StrictError::NotJson));
        assert_eq!(read_strict(""), Err(StrictError::NotJson));
        assert_eq!(read_strict("\u{feff}{}"), Err(StrictError::NotJson));
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(read_strict(r#""\u00e9\n""#), Ok(Json::String("é\n".to_owned())));
    }

    #[test]
    fn a_key_is_found_plain_escaped_and_in_broken_text_and_nowhere_else() {
        for text in [r#"{"key":1}"#, r#"{"\u006bey":1}"#, r#"broken "\u006B\u0065\u0079" text"#] {
            assert!(could_have_key(text, "key"), "{text}");
        }
        for text in ["", "key", "\"key", r#"{"keys":1}"#, r#"{"ke":1}"#, r#"{"\u00":1}"#, "\"\"\"\"", r#"\"\"\"\""#] {
            assert!(!could_have_key(text, "key"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "[\\[\\]{}\",:0-9a\\\\u .eE+-]{0,200}") {
            let _ = read_strict(&text);
        }
    }
}
