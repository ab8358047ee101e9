//! What clients and the venue's administrator do about a settlement that says too much or too little: raise, take back, close.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::amount::{Amount, canonical};
use crate::sandbox::config::ClosedDispute;
use crate::sandbox::ledger::{
    Book, Closure, Dispute, Durability, LedgerError, Record, Retraction, Settlement, Status, Transfer, Writer,
};

use super::posting::process_due;
use super::wire::uuid_of;

/// When the configured disputes were raised and closed.
const CONFIGURED_AT_MS: i64 = 1_762_938_000_000;

/// A dispute that a client raises on a settlement, inside its dispute window.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDispute {
    /// The partner's enterprise.
    pub enterprise: String,
    /// The partner's name for the settlement.
    pub external_id: String,
    /// The connection whose client disputes.
    pub connection: String,
    /// What the client expected instead, by currency: positive amounts to receive, none of them zero.
    pub expected: BTreeMap<String, String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How a dispute is closed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeClose {
    /// The venue's id of the dispute.
    pub dispute_id: String,
    /// What is agreed, by currency: positive amounts for the client to receive. Absent where the client closes it, and the
    /// original transfers hold after all.
    #[serde(default)]
    pub adjusted: Option<BTreeMap<String, String>>,
    /// Why.
    #[serde(default)]
    pub notes: Option<String>,
}

/// What became of an attempt to change a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disputed {
    /// Done; the dispute's id.
    Done(String),
    /// No settlement, connection or dispute of that name.
    Unknown,
    /// Not any more, or not twice: the window has ended, or the dispute stands otherwise already.
    TooLate,
    /// An amount is none.
    Malformed,
}

/// Raises a dispute.
///
/// # Errors
/// [`LedgerError`] when the ledger cannot be written.
pub(crate) fn raise(ledger: &mut Writer, asked: NewDispute, now_ms: i64) -> Result<Disputed, LedgerError> {
    process_due(ledger, now_ms)?;
    let Some(settlement) = ledger.book().settlement(&asked.enterprise, &asked.external_id) else { return Ok(Disputed::Unknown) };
    if !settlement.transfers.iter().any(|transfer| transfer.concerns(&asked.connection)) {
        return Ok(Disputed::Unknown);
    }
    let standing = |dispute: &&Dispute| dispute.settlement_id == settlement.id && dispute.connection == asked.connection;
    let twice = ledger.book().disputes(&asked.enterprise).into_iter().filter(standing).any(Dispute::stands);
    if twice || !may_be_disputed(settlement, now_ms) {
        return Ok(Disputed::TooLate);
    }
    if numbers(&asked.expected).is_none() {
        return Ok(Disputed::Malformed);
    }
    let id = Uuid::new_v4().to_string();
    let dispute = Dispute {
        id: id.clone(),
        enterprise: asked.enterprise,
        connection: asked.connection,
        settlement_id: settlement.id.clone(),
        expected: asked.expected,
        reason: asked.reason,
        created_ms: now_ms,
        updated_ms: now_ms,
        retraction: None,
        closure: None,
        settled_in: None,
    };
    ledger.commit(Record::Disputed(Box::new(dispute)), Durability::Synced)?;
    Ok(Disputed::Done(id))
}

/// Takes an open dispute back, inside the dispute window.
///
/// # Errors
/// [`LedgerError`] when the ledger cannot be written.
pub(crate) fn retract(ledger: &mut Writer, id: &str, reason: Option<String>, now_ms: i64) -> Result<Disputed, LedgerError> {
    process_due(ledger, now_ms)?;
    let Some(dispute) = ledger.book().dispute(id) else { return Ok(Disputed::Unknown) };
    let settlement = ledger.book().settlement_by_id(&dispute.settlement_id);
    let in_time = settlement.is_some_and(|settlement| may_be_disputed(settlement, now_ms));
    if !in_time || !dispute.stands() || dispute.closure.is_some() {
        return Ok(Disputed::TooLate);
    }
    let record = Record::DisputeRetracted { dispute_id: id.to_owned(), retraction: Retraction { at_ms: now_ms, reason } };
    ledger.commit(record, Durability::Synced)?;
    Ok(Disputed::Done(id.to_owned()))
}

/// Closes an open dispute: inside its settlement's dispute window into that settlement, later into the next one.
///
/// # Errors
/// [`LedgerError`] when the ledger cannot be written.
pub(crate) fn close(ledger: &mut Writer, asked: DisputeClose, now_ms: i64) -> Result<Disputed, LedgerError> {
    process_due(ledger, now_ms)?;
    let book = ledger.book();
    let Some(dispute) = book.dispute(&asked.dispute_id) else { return Ok(Disputed::Unknown) };
    if !dispute.stands() || dispute.closure.is_some() {
        return Ok(Disputed::TooLate);
    }
    let original = originals(book, dispute);
    let (closed_by, adjusted) = match asked.adjusted {
        Some(adjusted) => ("admin", adjusted),
        None => ("client", received(&original, &dispute.connection)),
    };
    let Some(amounts) = numbers(&adjusted) else { return Ok(Disputed::Malformed) };
    let id = Uuid::new_v4().to_string();
    let in_time = book.settlement_by_id(&dispute.settlement_id).filter(|settlement| may_be_disputed(settlement, now_ms));
    let settled_in = in_time.map(|settlement| settlement.id.clone());
    let closure = Closure {
        closed_by: closed_by.to_owned(),
        notes: asked.notes.unwrap_or_else(|| "agreed".to_owned()),
        at_ms: now_ms,
        transfers: agreed(&id, &dispute.connection, &original, amounts),
        adjusted,
        id,
    };
    let dispute_id = asked.dispute_id;
    let record = Record::DisputeClosed { dispute_id: dispute_id.clone(), closure: Box::new(closure), settled_in };
    ledger.commit(record, Durability::Synced)?;
    Ok(Disputed::Done(dispute_id))
}

/// Writes the configured disputes down that the ledger does not know from an earlier run.
///
/// # Errors
/// [`LedgerError`] when the ledger cannot be written.
pub(crate) fn open_configured(ledger: &mut Writer, enterprise: &str, disputes: &[ClosedDispute]) -> Result<(), LedgerError> {
    for configured in disputes.iter().filter(|one| ledger.book().dispute(&one.dispute_id).is_none()).collect::<Vec<_>>() {
        let id = uuid_of("dispute closure", &configured.dispute_id);
        // The amounts were held to what an amount is before the sandbox started.
        let amounts = numbers(&configured.adjusted_transfers).unwrap_or_default();
        let closure = Closure {
            closed_by: "admin".to_owned(),
            notes: "agreed".to_owned(),
            at_ms: CONFIGURED_AT_MS,
            transfers: agreed(&id, &configured.connection_id, &[], amounts),
            adjusted: configured.adjusted_transfers.clone(),
            id,
        };
        let dispute = Dispute {
            id: configured.dispute_id.clone(),
            enterprise: enterprise.to_owned(),
            connection: configured.connection_id.clone(),
            settlement_id: configured.disputed_settlement_id.clone(),
            expected: configured.adjusted_transfers.clone(),
            reason: None,
            created_ms: CONFIGURED_AT_MS,
            updated_ms: CONFIGURED_AT_MS,
            retraction: None,
            closure: Some(closure),
            settled_in: None,
        };
        ledger.commit(Record::Disputed(Box::new(dispute)), Durability::Written)?;
    }
    Ok(())
}

/// Whether a settlement's dispute window is open.
fn may_be_disputed(settlement: &Settlement, now_ms: i64) -> bool {
    settlement.status == Status::Pending && settlement.dispute_ends_ms.is_some_and(|ends| now_ms < ends)
}

/// Amounts read, or `None` where one is none or zero.
fn numbers(amounts: &BTreeMap<String, String>) -> Option<Vec<(String, BigDecimal)>> {
    let read = |(currency, text): (&String, &String)| {
        let amount = Amount::parse(text).ok().filter(|amount| !amount.is_zero())?;
        Some((currency.clone(), amount.value().clone()))
    };
    amounts.iter().map(read).collect()
}

/// The posted transfers that a dispute is about.
fn originals(book: &Book, dispute: &Dispute) -> Vec<Transfer> {
    let settlement = book.settlement_by_id(&dispute.settlement_id);
    let posted = settlement.into_iter().flat_map(|settlement| &settlement.transfers);
    posted.filter(|one| one.concerns(&dispute.connection) && one.dispute_closure_id.is_none()).cloned().collect()
}

/// What a connection receives by some transfers, by currency; what adds up to nothing is left out.
fn received(transfers: &[Transfer], connection: &str) -> BTreeMap<String, String> {
    let mut sums: BTreeMap<&str, BigDecimal> = BTreeMap::new();
    for transfer in transfers {
        let sum = sums.entry(&transfer.currency).or_default();
        if transfer.destination == connection { *sum += &transfer.quantity } else { *sum -= &transfer.quantity }
    }
    let texts = sums.into_iter().map(|(currency, sum)| (currency.to_owned(), canonical(&sum)));
    texts.filter(|(_, text)| text != "0").collect()
}

/// The movements of money that carry what was agreed: between the parties of the original transfer in that currency, or between
/// the partner and the connection where there was none.
fn agreed(closure_id: &str, connection: &str, originals: &[Transfer], amounts: Vec<(String, BigDecimal)>) -> Vec<Transfer> {
    let transfer = |(currency, amount): (String, BigDecimal)| {
        let (source, destination, quantity) = match originals.iter().find(|one| one.currency == currency) {
            Some(one) if one.destination == connection => (one.source.clone(), connection.to_owned(), amount),
            Some(one) => (Some(connection.to_owned()), one.destination.clone(), -amount),
            None => (None, connection.to_owned(), amount),
        };
        let id = Uuid::new_v4().to_string();
        let dispute_closure_id = Some(closure_id.to_owned());
        Transfer { id, source, destination, currency, quantity, dispute_closure_id, disputed: false }
    };
    amounts.into_iter().map(transfer).collect()
}
