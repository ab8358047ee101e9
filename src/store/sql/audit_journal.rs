//! What the journal's lines must have as audit records: worked out again from the lines, as it was when they were written.

use std::cmp::Ordering;

use jiff::Timestamp;
use uuid::Uuid;

use super::confirmations;
use super::error::damaged;
use super::events::{sequence, venue_word};
use super::heads;
use super::row::{Row, parse};
use super::rows;
use super::session::Session;
use super::settlements;
use super::statement::Statement;
use super::trades;
use crate::domain::audit::{
    AuditEntry, AuditKind, AuditSubject, SettlementChanged, TradeChanged, confirmation_changed, payload_signed,
    reference_reserved, settlement_adopted, settlement_changed, trade_changed,
};
use crate::domain::ids::{MerchantId, TxId};
use crate::domain::settlement::{Meaning, NextAction, Outcome, Reason, State, TimelineEntry};
use crate::domain::signing::{PayloadDigest, Signature};
use crate::domain::trade::{TradeReason, TradeState};
use crate::store::{JournalLine, JournalPart, JournalSays, StoreError};

/// The change by which a settlement's body is fixed.
const SIGNED: &str = "SIGNED";

/// Where a stretch begins, and how long it is at the most.
pub(super) struct Stretch {
    pub(super) part: JournalPart,
    pub(super) after: Option<AuditSubject>,
    pub(super) limit: u32,
}

/// Reads the lines of a part after one of them.
pub(super) async fn stretch(on: &mut Session, stretch: &Stretch) -> Result<Vec<JournalLine>, StoreError> {
    let limit = stretch.limit;
    match (stretch.part, &stretch.after) {
        (JournalPart::Settlements, Some(AuditSubject::Settlement { id, sequence })) => changes(on, *id, *sequence, limit).await,
        (JournalPart::Settlements, _) => changes(on, Uuid::nil(), 0, limit).await,
        (JournalPart::Trades, Some(AuditSubject::Trade { id, sequence })) => trade_changes(on, *id, *sequence, limit).await,
        (JournalPart::Trades, _) => trade_changes(on, Uuid::nil(), 0, limit).await,
        (JournalPart::Confirmations, Some(AuditSubject::Confirmation { merchant_id, tx_id, .. })) => {
            let (merchant_id, tx_id) = (merchant_id.as_str(), tx_id.as_str());
            confirmed(on, merchant_id, tx_id, limit).await
        }
        (JournalPart::Confirmations, _) => confirmed(on, "", "", limit).await,
        (JournalPart::References, Some(AuditSubject::Reference(reference))) => references(on, reference, limit).await,
        (JournalPart::References, _) => references(on, "", limit).await,
        (JournalPart::Adoptions, Some(AuditSubject::Adopted { enterprise_id, external_id })) => {
            adoptions(on, enterprise_id.as_str(), external_id.as_str(), limit).await
        }
        (JournalPart::Adoptions, _) => adoptions(on, "", "", limit).await,
        (JournalPart::Epochs, Some(_)) => Ok(Vec::new()),
        (JournalPart::Epochs, None) => epoch(on).await,
    }
}

/// What the journal has of a subject.
pub(super) async fn says(on: &mut Session, subject: &AuditSubject) -> Result<JournalSays, StoreError> {
    let found = |lines: Vec<JournalLine>| {
        let is_there = lines.iter().any(|line| line.subject() == *subject);
        if is_there { JournalSays::Line } else { JournalSays::Nothing }
    };
    match subject {
        AuditSubject::Settlement { id, sequence } => {
            const CAME_TO: &str = "SELECT sequence FROM settlement WHERE id = $1 AND archived_in IS NOT NULL";
            match found(changes(on, *id, sequence.saturating_sub(1), 1).await?) {
                JournalSays::Nothing => left(on, CAME_TO, *id, *sequence).await,
                says => Ok(says),
            }
        }
        AuditSubject::Trade { id, sequence } => {
            const CAME_TO: &str = "SELECT sequence FROM trade WHERE id = $1 AND archived_in IS NOT NULL";
            match found(trade_changes(on, *id, sequence.saturating_sub(1), 1).await?) {
                JournalSays::Nothing => left(on, CAME_TO, *id, *sequence).await,
                says => Ok(says),
            }
        }
        AuditSubject::Confirmation { merchant_id, tx_id, revision } => {
            const FIND: &str = "SELECT revision FROM quote_confirmation WHERE merchant_id = $1 AND tx_id = $2";
            let find = Statement::new(FIND).bind(merchant_id.as_str()).bind(tx_id.as_str());
            match on.row(find).await? {
                Some(row) if row.count::<u64>("revision")? > *revision => Ok(JournalSays::Passed),
                Some(row) if row.count::<u64>("revision")? == *revision => Ok(JournalSays::Line),
                Some(_) | None => Ok(JournalSays::Nothing),
            }
        }
        AuditSubject::Reference(reference) => {
            const FIND: &str = "SELECT signature FROM signing_reservation WHERE reference = $1";
            match on.row(Statement::new(FIND).bind(reference.as_str())).await? {
                Some(row) if row.plain::<Option<Vec<u8>>>("signature")?.is_some() => Ok(JournalSays::Line),
                Some(_) => Ok(JournalSays::Unsigned),
                None => Ok(JournalSays::Nothing),
            }
        }
        AuditSubject::Caller(_) => Ok(JournalSays::Passed),
        AuditSubject::Adopted { enterprise_id, external_id } => {
            let found = super::adoptions::read(on, enterprise_id, external_id).await?;
            Ok(if found.is_some() { JournalSays::Line } else { JournalSays::Nothing })
        }
        AuditSubject::Epoch(epoch) => Ok(match heads::read(on).await?.epoch.cmp(epoch) {
            Ordering::Greater => JournalSays::Passed,
            Ordering::Equal => JournalSays::Line,
            Ordering::Less => JournalSays::Nothing,
        }),
    }
}

/// What the journal has of a change whose line is not there: it may have left for the archive with all lines of its kind, up to
/// the sequence that was come to.
async fn left(on: &mut Session, came_to: &'static str, id: Uuid, sequence: u64) -> Result<JournalSays, StoreError> {
    match on.row(Statement::new(came_to).bind(id)).await? {
        Some(row) if row.count::<u64>("sequence")? >= sequence => Ok(JournalSays::Passed),
        Some(_) | None => Ok(JournalSays::Nothing),
    }
}

/// A line, or that it cannot be read: then it has been altered.
fn line(subject: AuditSubject, entry: Result<AuditEntry, StoreError>) -> Result<JournalLine, StoreError> {
    match entry {
        Ok(entry) => Ok(JournalLine::Entry(subject, entry)),
        Err(StoreError::Damaged(_)) => Ok(JournalLine::Unreadable(subject)),
        Err(error) => Err(error),
    }
}

async fn changes(on: &mut Session, id: Uuid, after: u64, limit: u32) -> Result<Vec<JournalLine>, StoreError> {
    const READ: &str = concat!(
        "SELECT e_sequence, e_change, e_state, e_outcome, e_next_action, e_reason, e_detail, e_attempts, e_venue, e_at, ",
        rows::settlement_columns!(),
        " FROM (SELECT settlement_id AS e_settlement_id, sequence AS e_sequence, change AS e_change, state AS e_state, \
         outcome AS e_outcome, next_action AS e_next_action, reason AS e_reason, detail AS e_detail, attempts AS e_attempts, \
         venue AS e_venue, at AS e_at FROM settlement_event WHERE (settlement_id, sequence) > ($1, $2) \
         ORDER BY settlement_id, sequence LIMIT $3) AS event JOIN settlement ON id = e_settlement_id \
         ORDER BY e_settlement_id, e_sequence"
    );
    let mut lines = Vec::new();
    for row in on.rows(Statement::new(READ).bind(id).bind(sequence(after)?).bind(limit)).await? {
        let (id, change) = (row.plain::<Uuid>("id")?, row.plain::<String>("e_change").unwrap_or_default());
        let subject = AuditSubject::Settlement { id, sequence: row.count("e_sequence")? };
        // One body at a time: each may have megabytes.
        let body = if change == SIGNED { settlements::material(on, id).await.map(|material| material.body) } else { Ok(None) };
        lines.push(line(subject, body.and_then(|body| changed(&row, body.as_deref())))?);
    }
    Ok(lines)
}

fn changed(row: &Row, body: Option<&[u8]>) -> Result<AuditEntry, StoreError> {
    let settlement = rows::settlement(row)?;
    let entry = TimelineEntry {
        sequence: row.count("e_sequence")?,
        change: row.plain("e_change")?,
        state: row.read("e_state", State::from_name)?,
        reason: row.read_if_any("e_reason", Reason::from_name)?,
        detail: row.plain("e_detail")?,
        attempts: row.count("e_attempts")?,
        at: row.instant("e_at")?,
    };
    let meaning = Meaning {
        outcome: row.read("e_outcome", Outcome::from_name)?,
        next_action: row.read("e_next_action", NextAction::from_name)?,
        venue: row.read_if_any("e_venue", venue_word)?,
    };
    Ok(settlement_changed(SettlementChanged { settlement: &settlement, entry: &entry, meaning: &meaning, body }))
}

async fn trade_changes(on: &mut Session, id: Uuid, after: u64, limit: u32) -> Result<Vec<JournalLine>, StoreError> {
    const READ: &str = concat!(
        "SELECT e_sequence, e_change, e_state, e_reason, e_detail, e_attempts, e_at, ",
        trades::columns!(),
        " FROM (SELECT trade_id AS e_trade_id, sequence AS e_sequence, change AS e_change, state AS e_state, \
         reason AS e_reason, detail AS e_detail, attempts AS e_attempts, at AS e_at FROM trade_event \
         WHERE (trade_id, sequence) > ($1, $2) ORDER BY trade_id, sequence LIMIT $3) AS event JOIN trade ON id = e_trade_id \
         ORDER BY e_trade_id, e_sequence"
    );
    let rows = on.rows(Statement::new(READ).bind(id).bind(sequence(after)?).bind(limit)).await?;
    let of_row = |row: &Row| {
        let subject = AuditSubject::Trade { id: row.plain("id")?, sequence: row.count("e_sequence")? };
        line(subject, trade_change(row))
    };
    rows.iter().map(of_row).collect()
}

fn trade_change(row: &Row) -> Result<AuditEntry, StoreError> {
    let (asked, change, detail): (&str, &str, Option<&str>) =
        (row.plain("asked")?, row.plain("e_change")?, row.plain("e_detail")?);
    Ok(trade_changed(TradeChanged {
        write: &trades::read(row)?,
        asked,
        sequence: row.count("e_sequence")?,
        change,
        state: row.read("e_state", TradeState::from_name)?,
        reason: row.read_if_any("e_reason", TradeReason::from_name)?,
        detail,
        attempts: row.count("e_attempts")?,
        at: row.instant("e_at")?,
    }))
}

/// Confirmations keep no lines: each is compared as it stands.
async fn confirmed(on: &mut Session, merchant: &str, tx_id: &str, limit: u32) -> Result<Vec<JournalLine>, StoreError> {
    const READ: &str = "SELECT merchant_id, tx_id, revision FROM quote_confirmation WHERE (merchant_id, tx_id) > ($1, $2) \
                        ORDER BY merchant_id, tx_id LIMIT $3";
    let mut lines = Vec::new();
    for row in on.rows(Statement::new(READ).bind(merchant).bind(tx_id).bind(limit)).await? {
        let (merchant_id, tx_id): (MerchantId, TxId) = (row.read("merchant_id", parse)?, row.read("tx_id", parse)?);
        let revision = row.count("revision")?;
        let after = confirmations::of_quote(on, &merchant_id, &tx_id).await;
        let after = after.and_then(|after| after.ok_or_else(|| damaged("quote_confirmation")));
        let entry = after.map(|after| confirmation_changed(&merchant_id, &tx_id, &after));
        lines.push(line(AuditSubject::Confirmation { merchant_id, tx_id, revision }, entry)?);
    }
    Ok(lines)
}

async fn references(on: &mut Session, after: &str, limit: u32) -> Result<Vec<JournalLine>, StoreError> {
    const READ: &str = "SELECT reference, digest, reserved_at, signature, signed_at FROM signing_reservation \
                        WHERE reference > $1 ORDER BY reference LIMIT $2";
    let mut lines = Vec::new();
    for row in on.rows(Statement::new(READ).bind(after).bind(limit)).await? {
        let reference: String = row.plain("reference")?;
        let subject = || AuditSubject::Reference(reference.clone());
        lines.push(line(subject(), reserved(&row, &reference))?);
        if row.plain::<Option<Vec<u8>>>("signature")?.is_some() {
            lines.push(line(subject(), signed(&row, &reference))?);
        }
    }
    Ok(lines)
}

async fn adoptions(on: &mut Session, enterprise: &str, external_id: &str, limit: u32) -> Result<Vec<JournalLine>, StoreError> {
    const READ: &str = "SELECT enterprise_id, external_id, venue, adopted_by, adopted_at FROM adopted_settlement \
                        WHERE (enterprise_id, external_id) > ($1, $2) ORDER BY enterprise_id, external_id LIMIT $3";
    let rows = on.rows(Statement::new(READ).bind(enterprise).bind(external_id).bind(limit)).await?;
    let of_row = |row: &Row| {
        let (enterprise_id, external_id) = (row.read("enterprise_id", parse)?, row.read("external_id", parse)?);
        let entry = super::adoptions::adopted(row).map(|found| settlement_adopted(&found));
        line(AuditSubject::Adopted { enterprise_id, external_id }, entry)
    };
    rows.iter().map(of_row).collect()
}

/// The first epoch is a start's, which is no repair.
async fn epoch(on: &mut Session) -> Result<Vec<JournalLine>, StoreError> {
    let epoch = heads::read(on).await?.epoch;
    let noted = (epoch > 1).then_some(JournalLine::Noted(AuditSubject::Epoch(epoch), AuditKind::Repair));
    Ok(noted.into_iter().collect())
}

fn reserved(row: &Row, reference: &str) -> Result<AuditEntry, StoreError> {
    let digest = PayloadDigest::from_bytes(row.bytes("digest")?);
    let at: Timestamp = row.instant("reserved_at")?;
    Ok(reference_reserved(reference, digest, at))
}

fn signed(row: &Row, reference: &str) -> Result<AuditEntry, StoreError> {
    let digest = PayloadDigest::from_bytes(row.bytes("digest")?);
    let signature = Signature::from_bytes(row.bytes("signature")?);
    Ok(payload_signed(reference, digest, &signature, row.instant("signed_at")?))
}
