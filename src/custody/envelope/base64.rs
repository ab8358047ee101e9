//! Base64 with or without its padding, as BitGo's software takes it.

use base64ct::{Base64Unpadded, Encoding};

use super::EnvelopeError;

/// Decodes a field.
pub(super) fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, EnvelopeError> {
    Base64Unpadded::decode_vec(text.trim_end_matches('=')).map_err(|_| EnvelopeError::NotBase64 { field })
}
