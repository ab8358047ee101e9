//! What a venue's call may name. Nobody documents the bodies: they are searched for ids, and nothing else is taken from them.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ids::ExternalId;

/// The most names that are taken from one call.
pub const MAX_NAMES: usize = 32;
/// The most values of a body that are looked at.
const MAX_VALUES: usize = 20_000;
/// The keys whose texts are taken for ids, in lower case and without what separates words.
const ID_KEYS: [&str; 5] = ["id", "settlementid", "externalid", "externalsettlementid", "settlementids"];

/// The ids that a call may be about: what stands in its path, then what its body holds under the keys of ids, each once. A
/// body that is no JSON names nothing.
#[must_use]
pub fn names_of(in_path: &[String], body: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    in_path.iter().for_each(|name| add(&mut names, name));
    if let Ok(body) = serde_json::from_slice::<Value>(body) {
        search(&body, &mut names);
    }
    names
}

/// What makes a delivery one: a digest of the parts that no other delivery of its endpoint has all of.
#[must_use]
pub fn delivery_key(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(Sha256::digest(part));
    }
    digest.finalize().into()
}

/// Goes through a body from the outside in, so that what it is about comes before what it mentions.
fn search(body: &Value, names: &mut Vec<String>) {
    let mut level = vec![body];
    let mut looked_at = 0;
    while !level.is_empty() && looked_at < MAX_VALUES {
        looked_at += level.len();
        let mut below = Vec::new();
        for value in level {
            match value {
                Value::Object(members) => {
                    for (key, value) in members {
                        if is_id(key) {
                            texts(value).for_each(|text| add(names, text));
                        }
                        below.push(value);
                    }
                }
                Value::Array(values) => below.extend(values),
                _ => {}
            }
        }
        level = below;
    }
}

fn is_id(key: &str) -> bool {
    let plain: String = key.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect();
    ID_KEYS.contains(&plain.as_str())
}

/// The text of a value, or those of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    value.as_str().into_iter().chain(list.iter().filter_map(Value::as_str))
}

/// Only what an id can be is looked up: bounded, and without control characters.
fn add(names: &mut Vec<String>, text: &str) {
    if names.len() < MAX_NAMES && ExternalId::new(text).is_ok() && !names.iter().any(|name| name == text) {
        names.push(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(body: &str) -> Vec<String> {
        names_of(&[], body.as_bytes())
    }

    #[test]
    fn ids_are_found_wherever_they_stand_the_outer_ones_first() {
        assert_eq!(names(r#"{"settlementId":"s-1","externalId":"e-1","amounts":{"c":{"BTC":"1"}}}"#), ["e-1", "s-1"]);
        assert_eq!(names(r#"{"settlement":{"id":"inner"},"external_id":"outer"}"#), ["outer", "inner"]);
        assert_eq!(names(r#"[{"settlement-ids":["a","b","a"]},{"id":{"settlementId":"c"}}]"#), ["a", "b", "c"]);
        assert_eq!(names_of(&["in-path".to_owned()], br#"{"id":"in-body"}"#), ["in-path", "in-body"]);
    }

    #[test]
    fn what_is_no_id_is_no_name() {
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(ExternalId::MAX_BYTES + 1));
        for body in
            ["", "{", "null", "7", r#""s-1""#, r#"{"id":7}"#, r#"{"id":""}"#, r#"{"id":"a\u0000b"}"#, r#"{"name":"x"}"#, &long]
        {
            assert!(names(body).is_empty(), "{body}");
        }
    }

    #[test]
    fn a_body_full_of_ids_and_one_that_is_deep_are_searched_no_further_than_allowed() {
        let many: Vec<String> = (0..100_000).map(|n| format!(r#"{{"id":"{n}"}}"#)).collect();
        assert_eq!(names(&format!("[{}]", many.join(","))).len(), MAX_NAMES);
        let deep = format!("{}{}{}", r#"{"a":"#.repeat(100_000), "1", "}".repeat(100_000));
        assert!(names(&deep).is_empty());
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_search(body in proptest::collection::vec(any::<u8>(), 0..512), text in "\\PC*") {
            let _ = names_of(std::slice::from_ref(&text), &body);
            for name in names_of(std::slice::from_ref(&text), format!("{{\"id\":{text:?}}}").as_bytes()) {
                prop_assert!(ExternalId::new(name).is_ok());
            }
        }
    }
}
