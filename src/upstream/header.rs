//! Values of request headers.

use reqwest::header::HeaderValue;

use super::http::CallError;

/// A value that may be shown.
pub(super) fn plain(text: &str) -> Result<HeaderValue, CallError> {
    HeaderValue::from_str(text).map_err(|_| unusable())
}

/// A value that is kept out of logs, and out of HTTP/2's shared compression table.
pub(super) fn sensitive(bytes: &[u8]) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_bytes(bytes).map_err(|_| unusable())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Without its headers a request is not sent.
pub(super) fn unusable() -> CallError {
    CallError::NotSent("the credential cannot be used".to_owned())
}
