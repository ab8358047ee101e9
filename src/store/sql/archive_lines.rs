//! How finished work is written to the archive: one JSON object a line, texts digit for digit as the journal has them.

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::error::{damaged, unavailable};
use super::row::Row;
use super::session::Session;
use super::statement::Statement;
use super::text::instant;
use super::{intents, settlements, standings, trades, venue_row};
use crate::domain::archive::{ArchiveKind, ArchiveRecord};
use crate::domain::settlement::{Reason, Reconciled, Settlement};
use crate::domain::time::Cutoff;
use crate::store::{FinishedWork, StoreError};

/// Reads a piece of finished work; [`StoreError::Damaged`] when it cannot be read.
pub(super) async fn work(on: &mut Session, kind: ArchiveKind, id: Uuid) -> Result<FinishedWork, StoreError> {
    match kind {
        ArchiveKind::Settlements => settlement(on, id).await,
        ArchiveKind::Trades => trade(on, id).await,
        ArchiveKind::Deliveries => delivery(on, id).await,
    }
}

#[derive(Serialize)]
struct SettlementLine<'a> {
    record: &'static str,
    id: String,
    enterprise_id: &'a str,
    external_id: &'a str,
    cutoff: Option<String>,
    notes: Option<&'a str>,
    supersedes: Option<&'a str>,
    nonce: &'a str,
    asked_nonce: Option<String>,
    route: &'static str,
    amount_unit: &'static str,
    key_id: &'a str,
    caller: &'a str,
    submit_before: Option<String>,
    request_sha256: String,
    created_at: String,
    state: &'static str,
    outcome: &'static str,
    sequence: u64,
    attempts: u32,
    reason: Option<&'static str>,
    detail: Option<&'a str>,
    payload_sha256: Option<String>,
    signature: Option<String>,
    venue: Option<Box<RawValue>>,
    reconciled: Option<&'static str>,
    dispatched_at: Option<String>,
    updated_at: String,
    legs: Box<RawValue>,
    payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// A body that is no text, byte by byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_bytes: Option<Vec<u8>>,
    standing: Option<Box<RawValue>>,
    changes: Vec<ChangeLine>,
}

/// A change of a settlement or of a trade write; the latter has no place.
#[derive(Serialize)]
struct ChangeLine {
    sequence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u64>,
    change: String,
    state: String,
    reason: Option<String>,
    detail: Option<String>,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<Box<RawValue>>,
    at: String,
}

async fn settlement(on: &mut Session, id: Uuid) -> Result<FinishedWork, StoreError> {
    let found = settlements::by_id(on, id).await?.ok_or_else(|| damaged("settlement"))?;
    let (asked_nonce, legs) = intents::texts(on, id).await?;
    let amounts = intents::read_legs(&legs).ok_or_else(|| damaged("legs"))?;
    let material = settlements::material(on, id).await?;
    let standing = standings::text(on, id).await?;
    let changes = changes_of_settlement(on, id).await?;
    let newest = changes.iter().filter_map(|change| change.place).max().unwrap_or_default();
    let (body, body_bytes) = as_text(material.body);
    let line = SettlementLine {
        asked_nonce,
        legs: raw(legs)?,
        payload: material.payload,
        body,
        body_bytes,
        standing: standing.map(raw).transpose()?,
        changes,
        ..header_line(&found)?
    };
    let record = ArchiveRecord { line: text(&line)?, settled: Some((found.progress.state, amounts.net_totals())) };
    let changes = Some((found.header.enterprise_id.clone(), newest));
    Ok(FinishedWork { id, sequence: found.progress.sequence, record, changes })
}

/// What the settlement's row says, which stays there too.
fn header_line(of: &Settlement) -> Result<SettlementLine<'_>, StoreError> {
    let Settlement { id, header, progress, archived_in: _ } = of;
    let venue = progress.venue.as_deref().map(venue_row::write).transpose().map_err(unavailable)?;
    Ok(SettlementLine {
        record: "settlement",
        id: id.to_string(),
        enterprise_id: header.enterprise_id.as_str(),
        external_id: header.external_id.as_str(),
        cutoff: header.cutoff.map(Cutoff::to_text),
        notes: header.notes.as_ref().map(|notes| notes.as_str()),
        supersedes: header.supersedes.as_ref().map(|id| id.as_str()),
        nonce: header.nonce.as_str(),
        asked_nonce: None,
        route: header.route.as_str(),
        amount_unit: header.amount_unit.as_str(),
        key_id: header.key_id.as_str(),
        caller: header.caller.as_str(),
        submit_before: header.submit_before.map(instant),
        request_sha256: hex(&header.request_digest),
        created_at: instant(header.created_at),
        state: progress.state.as_str(),
        outcome: progress.outcome().as_str(),
        sequence: progress.sequence,
        attempts: progress.attempts,
        reason: progress.reason.map(Reason::as_str),
        detail: progress.detail.as_deref(),
        payload_sha256: progress.payload_digest.map(|digest| digest.to_hex()),
        signature: progress.signature.map(|signature| signature.to_hex()),
        venue: venue.map(raw).transpose()?,
        reconciled: progress.reconciled.map(Reconciled::as_str),
        dispatched_at: progress.dispatched_at.map(instant),
        updated_at: instant(progress.updated_at),
        legs: raw("[]".to_owned())?,
        payload: None,
        body: None,
        body_bytes: None,
        standing: None,
        changes: Vec::new(),
    })
}

async fn changes_of_settlement(on: &mut Session, id: Uuid) -> Result<Vec<ChangeLine>, StoreError> {
    const READ: &str = "SELECT sequence, place, change, state, reason, detail, attempts, venue, at FROM settlement_event \
                        WHERE settlement_id = $1 ORDER BY sequence";
    let rows = on.rows(Statement::new(READ).bind(id)).await?;
    let line = |row: &Row| {
        let venue = row.plain::<Option<String>>("venue")?.map(raw).transpose()?;
        Ok(ChangeLine { place: Some(row.count("place")?), venue, ..change(row)? })
    };
    rows.iter().map(line).collect()
}

fn change(row: &Row) -> Result<ChangeLine, StoreError> {
    Ok(ChangeLine {
        sequence: row.count("sequence")?,
        place: None,
        change: row.plain("change")?,
        state: row.plain("state")?,
        reason: row.plain("reason")?,
        detail: row.plain("detail")?,
        attempts: row.count("attempts")?,
        venue: None,
        at: row.plain("at")?,
    })
}

#[derive(Serialize)]
struct TradeLine<'a> {
    record: &'static str,
    id: String,
    enterprise_id: &'a str,
    account_id: &'a str,
    request_id: &'a str,
    action: &'static str,
    state: &'static str,
    created_at: String,
    changes: Vec<ChangeLine>,
}

async fn trade(on: &mut Session, id: Uuid) -> Result<FinishedWork, StoreError> {
    const READ: &str = "SELECT sequence, change, state, reason, detail, attempts, at FROM trade_event \
                        WHERE trade_id = $1 ORDER BY sequence";
    let found = trades::by_id(on, id).await?.ok_or_else(|| damaged("trade"))?;
    let rows = on.rows(Statement::new(READ).bind(id)).await?;
    let asked = &found.header.asked;
    let line = TradeLine {
        record: "trade",
        id: id.to_string(),
        enterprise_id: asked.enterprise_id.as_str(),
        account_id: asked.account_id.as_str(),
        request_id: asked.request_id.as_str(),
        action: asked.action.name(),
        state: found.progress.state.as_str(),
        created_at: instant(found.header.created_at),
        changes: rows.iter().map(change).collect::<Result<_, _>>()?,
    };
    let record = ArchiveRecord { line: text(&line)?, settled: None };
    Ok(FinishedWork { id, sequence: found.progress.sequence, record, changes: None })
}

#[derive(Serialize)]
struct DeliveryLine {
    record: &'static str,
    id: String,
    lane: String,
    key_sha256: String,
    about: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_bytes: Option<Vec<u8>>,
    received_at: String,
    outcome: Option<String>,
    acted_at: String,
}

async fn delivery(on: &mut Session, id: Uuid) -> Result<FinishedWork, StoreError> {
    const READ: &str = "SELECT lane, unique_key, about, body, received_at, outcome, acted_at FROM delivery WHERE id = $1";
    let row = on.row(Statement::new(READ).bind(id)).await?.ok_or_else(|| damaged("delivery"))?;
    let (body, body_bytes) = as_text(Some(row.plain("body")?));
    let line = DeliveryLine {
        record: "delivery",
        id: id.to_string(),
        lane: row.plain("lane")?,
        key_sha256: hex(&row.bytes::<32>("unique_key")?),
        about: raw(row.plain("about")?)?,
        body,
        body_bytes,
        received_at: row.plain("received_at")?,
        outcome: row.plain("outcome")?,
        acted_at: row.plain("acted_at")?,
    };
    Ok(FinishedWork { id, sequence: 0, record: ArchiveRecord { line: text(&line)?, settled: None }, changes: None })
}

/// Bytes as text where they are one, else as they are.
fn as_text(bytes: Option<Vec<u8>>) -> (Option<String>, Option<Vec<u8>>) {
    match bytes.map(String::from_utf8) {
        Some(Ok(text)) => (Some(text), None),
        Some(Err(error)) => (None, Some(error.into_bytes())),
        None => (None, None),
    }
}

/// A column's own JSON, as it stands there.
fn raw(text: String) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(text).map_err(|_| damaged("a column is no JSON"))
}

/// JSON never breaks a line inside: a break in a text is written as an escape, and none of our columns holds a raw one.
fn text(line: &impl Serialize) -> Result<String, StoreError> {
    let text = serde_json::to_string(line).map_err(unavailable)?;
    if text.contains('\n') { Err(damaged("a column holds a line break")) } else { Ok(text) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
