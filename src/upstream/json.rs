//! JSON of the venues: decimals digit for digit, maps in order, dates that are dates.

mod decimal;
mod pairs;
mod write;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

pub(super) use decimal::DecimalText;
pub(super) use pairs::Pairs;
pub(super) use write::{object, string};

/// Reads a body. What is wrong with it is not said: a parser's message can quote the body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

/// Reads an instant, such as `2026-03-18T12:00:00.000Z`.
pub(super) fn instant(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// Reads an instant on which something depends: a text that is none is an error rather than an absence.
pub(super) fn weighty_instant(text: Option<&str>) -> Result<Option<Timestamp>, jiff::Error> {
    text.map(str::parse).transpose()
}
