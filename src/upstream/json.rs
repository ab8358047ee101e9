//! JSON of the venues: decimals digit for digit, maps in order, dates that are dates.

mod decimal;
mod pairs;
mod write;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) use decimal::DecimalText;
pub(super) use pairs::Pairs;
pub(super) use write::{object, string};

/// The largest body in which an error is looked for, in bytes: beyond it stands a page, not an error.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// What is said of an answer that is not the JSON it should be.
pub(super) const GARBLED: &str = "the answer is not the documented JSON";

/// Reads a body. What is wrong with it is not said: a parser's message can quote the body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

/// Reads the body of a refusal: null where it is no JSON, or too long to be an error.
pub(super) fn read_error(body: &[u8]) -> Value {
    if body.len() > MAX_ERROR_BYTES { Value::Null } else { serde_json::from_slice(body).unwrap_or_default() }
}

/// Reads an instant, such as `2026-03-18T12:00:00.000Z`.
pub(super) fn instant(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// Reads an instant on which something depends: a text that is none is an error rather than an absence.
pub(super) fn weighty_instant(text: Option<&str>) -> Result<Option<Timestamp>, jiff::Error> {
    text.map(str::parse).transpose()
}
