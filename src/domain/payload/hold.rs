//! Holding the venue's signing payload against the request.
//!
//! The venue writes the payload that the key signs. Nothing is signed that
//! does not say exactly what was asked: the same external id, legs, nonce,
//! cutoff and notes, and not one key more. Numbers are compared as numbers, so
//! `"100"`, `100` and `"100.0"` agree; order and white space do not matter.

use std::collections::BTreeMap;

use thiserror::Error;

use super::json::{Json, read_strict};
use crate::domain::amount::Amount;
use crate::domain::settlement::{Intent, LegKey, Route, Shape};

/// Where a payload and a request disagree. It names places, never values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the signing payload {problem} at {path}")]
pub struct Mismatch {
    /// The place in the payload, such as `settlementAmounts.<connection>.BTC`.
    pub path: String,
    /// What is wrong there.
    pub problem: &'static str,
}

fn mismatch<T>(path: impl Into<String>, problem: &'static str) -> Result<T, Mismatch> {
    Err(Mismatch { path: path.into(), problem })
}

/// Holds a settlement's signing payload against its intent.
///
/// # Errors
/// [`Mismatch`] for the first disagreement; such a payload must never be signed.
pub fn hold_settlement(payload: &str, intent: &Intent) -> Result<(), Mismatch> {
    let json = match read_strict(payload) {
        Ok(json @ Json::Object(_)) => json,
        Ok(_) => return mismatch("$", "is not an object"),
        Err(error) => return mismatch("$", error.problem()),
    };
    let asked = &intent.asked;
    for (key, value) in json.members() {
        match key.as_str() {
            "externalId" => hold_text(key, value, Some(asked.external_id.as_str()))?,
            "nonce" => hold_text(key, value, Some(intent.nonce.as_str()))?,
            "notes" => hold_text(key, value, asked.notes.as_ref().map(|notes| notes.as_str()))?,
            "cutoffAt" => hold_text(key, value, asked.cutoff.map(|cutoff| cutoff.to_text()).as_deref())?,
            "settlementAmounts" => hold_amounts(value, intent)?,
            _ => return mismatch(key, "has a key that was not asked for"),
        }
    }
    hold_presence(&json, intent)
}

/// Every part of the request must be there; a part left out would be a part not signed.
fn hold_presence(json: &Json, intent: &Intent) -> Result<(), Mismatch> {
    let needed = [
        ("externalId", true),
        ("nonce", true),
        ("settlementAmounts", true),
        ("notes", intent.asked.notes.is_some()),
        ("cutoffAt", intent.route == Route::V2),
    ];
    match needed.into_iter().find(|(key, needed)| *needed && json.get(key).is_none()) {
        Some((key, _)) => mismatch(key, "lacks what was asked for"),
        None => Ok(()),
    }
}

/// A text must equal what was asked; `null` stands for absent.
fn hold_text(path: &str, value: &Json, asked: Option<&str>) -> Result<(), Mismatch> {
    match (value, asked) {
        (Json::String(text), Some(asked)) if text == asked => Ok(()),
        (Json::Null, None) => Ok(()),
        (_, None) => mismatch(path, "has a value that was not asked for"),
        _ => mismatch(path, "differs from what was asked for"),
    }
}

fn hold_amounts(value: &Json, intent: &Intent) -> Result<(), Mismatch> {
    let mut asked = intent.asked.amounts.meaning();
    let Json::Object(connections) = value else { return mismatch("settlementAmounts", "is not an object") };
    hold_some("settlementAmounts", connections)?;
    for (connection, below) in connections {
        let path = format!("settlementAmounts.{connection}");
        match intent.asked.amounts.shape() {
            Shape::Exchange => hold_currencies(&path, (connection, ""), below, &mut asked)?,
            Shape::Broker => {
                let Json::Object(counterparties) = below else { return mismatch(path, "is not an object") };
                hold_some(&path, counterparties)?;
                for (counterparty, below) in counterparties {
                    hold_currencies(&format!("{path}.{counterparty}"), (connection, counterparty), below, &mut asked)?;
                }
            }
        }
    }
    match asked.into_keys().next() {
        Some(key) => mismatch(format!("settlementAmounts.{}.{}", key.connection_id, key.currency), "lacks an amount"),
        None => Ok(()),
    }
}

/// Whoever is named must have an amount that was asked for: a name without one would be a party that nobody asked for.
fn hold_some(path: &str, below: &[(String, Json)]) -> Result<(), Mismatch> {
    if below.is_empty() { mismatch(path, "has no amount") } else { Ok(()) }
}

/// Takes each amount found out of what was asked; what is left over is missing.
fn hold_currencies<'a>(
    path: &str,
    (connection, counterparty): (&'a str, &'a str),
    value: &'a Json,
    asked: &mut BTreeMap<LegKey<'a>, String>,
) -> Result<(), Mismatch> {
    let Json::Object(currencies) = value else { return mismatch(path, "is not an object") };
    hold_some(path, currencies)?;
    for (currency, amount) in currencies {
        let path = || format!("{path}.{currency}");
        let key = LegKey { connection_id: connection, counterparty_connection_id: counterparty, currency };
        let Some(expected) = asked.remove(&key) else { return mismatch(path(), "has an amount that was not asked for") };
        let found = amount.numeral().and_then(|text| Amount::parse(text).ok());
        match found {
            Some(found) if found.canonical() == expected => {}
            Some(_) => return mismatch(path(), "has another amount"),
            None => return mismatch(path(), "has no plain decimal"),
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "hold_tests.rs"]
mod tests;
