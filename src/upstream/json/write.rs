//! A writer for the venues' requests: order as given, no white space, nothing that can fail.

use serde_json::Value;

/// Text as JSON.
pub(in crate::upstream) fn string(text: &str) -> String {
    Value::from(text).to_string()
}

/// Members as a JSON object, in their order; each value is JSON text already.
pub(in crate::upstream) fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut out = String::from("{");
    for (name, value) in members {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&string(name));
        out.push(':');
        out.push_str(&value);
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_keep_their_order_and_escape_what_must_be() {
        assert_eq!(object([]), "{}");
        assert_eq!(object([("b", "1".to_owned()), ("a\"", string("é\n\u{1}"))]), "{\"b\":1,\"a\\\"\":\"é\\n\\u0001\"}");
    }
}
