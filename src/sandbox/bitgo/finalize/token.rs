//! The token in `X-BitGo-Signature`: who calls, when, and a name for this one call.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use uuid::Uuid;

use super::key::CallbackKey;

/// How long a token is good.
const LIFETIME_SECONDS: i64 = 60;

/// A token that the key signs.
pub(super) fn signed(key: &CallbackKey, issued_ms: i64) -> Option<String> {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": key.key_id() });
    let text = format!("{}.{}", encoded(&header), encoded(&claims(issued_ms)));
    let signature = key.sign(text.as_bytes())?;
    Some(format!("{text}.{}", Base64UrlUnpadded::encode_string(&signature)))
}

/// A token that says that nobody signed it.
pub(super) fn unsigned(issued_ms: i64) -> String {
    format!("{}.{}.", encoded(&json!({ "alg": "none", "typ": "JWT" })), encoded(&claims(issued_ms)))
}

fn claims(issued_ms: i64) -> Value {
    let issued = issued_ms.div_euclid(1000);
    json!({ "iss": "bitgo", "iat": issued, "exp": issued + LIFETIME_SECONDS, "jti": Uuid::new_v4().to_string() })
}

fn encoded(value: &Value) -> String {
    Base64UrlUnpadded::encode_string(value.to_string().as_bytes())
}
