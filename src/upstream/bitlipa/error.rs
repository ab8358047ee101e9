//! Bitlipa's error bodies: `{"error": {"code", "message", "field"?}, "request_id"}`.

use serde_json::Value;

use crate::domain::settlement::VenueError;
use crate::secret::Secret;
use crate::upstream::clean::{MAX_MESSAGE_CHARS, MAX_NAME_CHARS, bounded_without};
use crate::upstream::json::read_error;

/// What a refusal says, as far as it says anything; our own key and secret are taken out.
pub(super) fn venue_error(body: &[u8], secrets: &[&Secret]) -> VenueError {
    let value = read_error(body);
    let text = |pointer: &str, max| {
        let text = value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(|text| bounded_without(text, secrets, max))
    };
    VenueError {
        name: text("/error/code", MAX_NAME_CHARS),
        message: with_field(text("/error/message", MAX_MESSAGE_CHARS), text("/error/field", MAX_NAME_CHARS)),
        request_id: text("/request_id", MAX_NAME_CHARS),
    }
}

/// The venue's field belongs to its sentence: callers know the field under another name.
fn with_field(message: Option<String>, field: Option<String>) -> Option<String> {
    match (message, field) {
        (Some(message), Some(field)) => Some(format!("{message} ({field})").chars().take(MAX_MESSAGE_CHARS).collect()),
        (message, field) => message.or(field),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_error_is_read() {
        let body =
            br#"{"error":{"code":"invalid_request","message":"must be positive","field":"source_amount"},"request_id":"r1"}"#;
        let error = venue_error(body, &[]);
        assert_eq!(error.name.as_deref(), Some("invalid_request"));
        assert_eq!(error.message.as_deref(), Some("must be positive (source_amount)"));
        assert_eq!(error.request_id.as_deref(), Some("r1"));
    }

    #[test]
    fn other_bodies_say_nothing_and_no_secret_is_repeated() {
        for body in ["", "<html>", "[]", "{}", r#"{"error":"text"}"#, r#"{"error":{"code":5}}"#] {
            assert_eq!(venue_error(body.as_bytes(), &[]), VenueError::default(), "{body}");
        }
        let secret = Secret::from_text("sk_live".to_owned());
        let error = venue_error(br#"{"error":{"message":"bad sk_live"}}"#, &[&secret]);
        assert_eq!(error.message.as_deref(), Some("bad [secret]"));
    }
}
