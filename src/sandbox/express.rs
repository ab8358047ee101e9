//! BitGo Express in front of BitGo: what a self-hosted one does to requests and answers on their way.
//!
//! It forwards no body of a GET and few headers, hands on none of the venue's
//! headers, and writes JSON again as JavaScript does, so that large integers
//! lose digits.

use axum::body::Bytes;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, Method};
use serde_json::{Number, Value};

use super::desk::Desk;
use super::exchange::{Answer, Asked};

/// How many bits of an integer JavaScript keeps.
const SAFE_BITS: u32 = 53;

/// Whether a request comes by way of Express.
pub(crate) fn stands_before(desk: &Desk, path: &str) -> bool {
    desk.config.express && path.starts_with("/api/") && !path.starts_with("/api/v1/")
}

/// What is left of a request behind it.
pub(crate) fn forwarded(asked: Asked) -> Asked {
    let mut headers = HeaderMap::new();
    for name in [ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT] {
        if let Some(value) = asked.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let body = if asked.method == Method::GET { Bytes::new() } else { asked.body };
    Asked { headers, body, ..asked }
}

/// What is left of an answer in front of it. What is no JSON stays as it is.
pub(crate) fn handed_on(answer: Answer) -> Answer {
    let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) else {
        let kept = answer.headers.get(CONTENT_TYPE).cloned();
        return Answer { headers: kept.map(|value| (CONTENT_TYPE, value)).into_iter().collect(), ..answer };
    };
    rewrite(&mut value);
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    Answer { headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]), body: Bytes::from(value.to_string()), ..answer }
}

fn rewrite(value: &mut Value) {
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(rewrite),
        Value::Object(fields) => fields.values_mut().for_each(rewrite),
        Value::Number(number) => {
            if let Some(whole) = number.as_u64() {
                *number = Number::from(rounded(whole));
            } else if let Some(whole) = number.as_i64() {
                let magnitude = i64::try_from(rounded(whole.unsigned_abs())).unwrap_or(i64::MAX);
                *number = Number::from(-magnitude);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => (),
    }
}

/// The nearest integer that has no more than [`SAFE_BITS`] significant bits, the even one of two.
fn rounded(whole: u64) -> u64 {
    let excess = (u64::BITS - whole.leading_zeros()).saturating_sub(SAFE_BITS);
    if excess == 0 {
        return whole;
    }
    let unit = 1_u64 << excess;
    let (kept, lost) = (whole / unit, whole % unit);
    let up = lost > unit / 2 || (lost == unit / 2 && kept % 2 == 1);
    // What rounds up beyond 64 bits is written as the largest.
    (kept + u64::from(up)).saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_beyond_53_bits_are_rounded_to_even_as_javascript_does() {
        for (whole, expected) in [
            (0, 0),
            (9_007_199_254_740_991, 9_007_199_254_740_991),
            (9_007_199_254_740_993, 9_007_199_254_740_992),
            (9_007_199_254_740_995, 9_007_199_254_740_996),
            (1_234_567_890_123_456_789, 1_234_567_890_123_456_768),
        ] {
            assert_eq!(rounded(whole), expected, "{whole}");
        }
    }

    #[test]
    fn numbers_are_written_again_and_text_is_not() {
        let mut value = serde_json::from_str(r#"{"a":[-9007199254740993,2.50],"b":"9007199254740993"}"#).unwrap();
        rewrite(&mut value);
        assert_eq!(value.to_string(), r#"{"a":[-9007199254740992,2.5],"b":"9007199254740993"}"#);
    }
}
