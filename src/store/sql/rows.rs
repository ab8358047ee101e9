//! Settlement rows.

use super::error::in_settlement;
use super::row::{Row, parse};
use super::text::read_instant;
use super::venue_row;
use crate::domain::ids::Notes;
use crate::domain::settlement::{AmountUnit, Doubt, Header, Progress, Reason, Reconciled, Route, Settlement, State};
use crate::domain::signing::{PayloadDigest, Signature};
use crate::domain::time::Cutoff;
use crate::store::StoreError;

/// The columns that [`settlement`] reads, as part of a statement's text.
macro_rules! settlement_columns {
    () => {
        "id, enterprise_id, external_id, cutoff, notes, supersedes, nonce, route, amount_unit, key_id, caller, \
         submit_before, request_digest, leg_count, created_at, state, sequence, attempts, exposed, doubt, reason, detail, \
         payload_digest, signature, venue, reconciled, dispatched_at, updated_at, archived_in"
    };
}
pub(super) use settlement_columns;

/// Reads a settlement from [`settlement_columns`].
pub(super) fn settlement(row: &Row) -> Result<Settlement, StoreError> {
    let id = row.plain("id")?;
    let read = || {
        let archived_in = row.plain("archived_in")?;
        Ok(Settlement { id, header: header(row)?, progress: progress(row)?, archived_in })
    };
    read().map_err(|error| in_settlement(error, id))
}

fn header(row: &Row) -> Result<Header, StoreError> {
    Ok(Header {
        enterprise_id: row.read("enterprise_id", parse)?,
        external_id: row.read("external_id", parse)?,
        cutoff: row.read_if_any("cutoff", |text| Cutoff::new(read_instant(text)?).ok())?,
        notes: row.read_if_any("notes", |text| Notes::new(text).ok())?,
        supersedes: row.read_if_any("supersedes", parse)?,
        nonce: row.read("nonce", parse)?,
        route: row.read("route", Route::from_name)?,
        amount_unit: row.read("amount_unit", AmountUnit::from_name)?,
        key_id: row.read("key_id", parse)?,
        caller: row.read("caller", parse)?,
        submit_before: row.read_if_any("submit_before", read_instant)?,
        request_digest: row.bytes("request_digest")?,
        leg_count: row.count("leg_count")?,
        created_at: row.instant("created_at")?,
    })
}

fn progress(row: &Row) -> Result<Progress, StoreError> {
    Ok(Progress {
        state: row.read("state", State::from_name)?,
        sequence: row.count("sequence")?,
        attempts: row.count("attempts")?,
        exposed: row.flag("exposed")?,
        doubt: row.read_if_any("doubt", Doubt::from_text)?,
        reason: row.read_if_any("reason", Reason::from_name)?,
        detail: row.plain("detail")?,
        payload_digest: row.bytes_if_any("payload_digest")?.map(PayloadDigest::from_bytes),
        signature: row.bytes_if_any("signature")?.map(Signature::from_bytes),
        venue: row.read_if_any("venue", venue_row::read)?.map(Box::new),
        reconciled: row.read_if_any("reconciled", Reconciled::from_name)?,
        dispatched_at: row.read_if_any("dispatched_at", read_instant)?,
        updated_at: row.instant("updated_at")?,
    })
}
