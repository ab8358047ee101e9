//! Exact decimals as JSON text.

use bigdecimal::BigDecimal;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::Serializer;

use crate::domain::amount::Amount;

/// Writes a decimal as plain text, its trailing zeros kept.
pub(crate) fn serialize<S: Serializer>(value: &BigDecimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_plain_string())
}

/// Reads what [`serialize`] wrote.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BigDecimal, D::Error> {
    let text = String::deserialize(deserializer)?;
    Amount::parse(&text).map(|amount| amount.value().clone()).map_err(D::Error::custom)
}
