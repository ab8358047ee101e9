//! What a confirmation agreed to and what is open of it as JSON columns: this version's own format.

use serde::{Deserialize, Serialize};

use super::text::{instant, read_instant};
use crate::domain::amount::Amount;
use crate::domain::ids::CallerId;
use crate::domain::quote::{ConfirmationDoubt, ConfirmationReason, ConfirmationResolution, Terms};

#[derive(Serialize, Deserialize)]
struct TermsRow {
    exchange_rate: String,
    destination_amount: String,
    platform_fee: String,
    expected_source_amount: i64,
}

/// Writes terms.
pub(super) fn write_terms(terms: &Terms) -> Result<String, serde_json::Error> {
    serde_json::to_string(&TermsRow {
        exchange_rate: terms.exchange_rate.to_string(),
        destination_amount: terms.destination_amount.to_string(),
        platform_fee: terms.platform_fee.to_string(),
        expected_source_amount: terms.expected_source_amount,
    })
}

/// Reads terms; `None` when they are none that [`write_terms`] wrote.
pub(super) fn read_terms(text: &str) -> Option<Terms> {
    let row: TermsRow = serde_json::from_str(text).ok()?;
    Some(Terms {
        exchange_rate: Amount::parse(&row.exchange_rate).ok()?,
        destination_amount: Amount::parse(&row.destination_amount).ok()?,
        platform_fee: Amount::parse(&row.platform_fee).ok()?,
        expected_source_amount: row.expected_source_amount,
    })
}

#[derive(Serialize, Deserialize)]
struct DoubtRow {
    since: String,
    silent: bool,
    refusal: Option<String>,
}

/// Writes what is open, where anything is.
pub(super) fn write_doubt(doubt: Option<ConfirmationDoubt>) -> Result<Option<String>, serde_json::Error> {
    let row = |doubt: ConfirmationDoubt| DoubtRow {
        since: instant(doubt.since),
        silent: doubt.silent,
        refusal: doubt.refusal.map(|reason| reason.as_str().to_owned()),
    };
    doubt.map(|doubt| serde_json::to_string(&row(doubt))).transpose()
}

/// Reads what is open; `None` when it is nothing that [`write_doubt`] wrote.
pub(super) fn read_doubt(text: &str) -> Option<ConfirmationDoubt> {
    let row: DoubtRow = serde_json::from_str(text).ok()?;
    let refusal = match row.refusal {
        Some(name) => Some(ConfirmationReason::from_name(&name)?),
        None => None,
    };
    Some(ConfirmationDoubt { since: read_instant(&row.since)?, silent: row.silent, refusal })
}

#[derive(Serialize, Deserialize)]
struct ResolutionRow {
    was_confirmed: bool,
    by: String,
    why: String,
    at: String,
}

/// Writes what a person decided, where anybody did.
pub(super) fn write_resolution(resolution: Option<&ConfirmationResolution>) -> Result<Option<String>, serde_json::Error> {
    let row = |resolution: &ConfirmationResolution| ResolutionRow {
        was_confirmed: resolution.was_confirmed,
        by: resolution.by.as_str().to_owned(),
        why: resolution.why.clone(),
        at: instant(resolution.at),
    };
    resolution.map(|resolution| serde_json::to_string(&row(resolution))).transpose()
}

/// Reads what a person decided; `None` when it is nothing that [`write_resolution`] wrote.
pub(super) fn read_resolution(text: &str) -> Option<ConfirmationResolution> {
    let row: ResolutionRow = serde_json::from_str(text).ok()?;
    let by = CallerId::new(row.by).ok()?;
    Some(ConfirmationResolution { was_confirmed: row.was_confirmed, by, why: row.why, at: read_instant(&row.at)? })
}
