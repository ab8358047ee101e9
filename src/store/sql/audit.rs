//! Writing audit records: in the transaction that does what they say, or it is not done.

use uuid::Uuid;

use super::error::unavailable;
use super::mirror;
use super::session::Session;
use super::statement::Statement;
use crate::domain::audit::{
    AuditEntry, SettlementChanged, TradeChanged, confirmation_changed, payload_signed, reference_reserved, settlement_adopted,
    settlement_changed, trade_changed,
};
use crate::domain::quote::{Confirmation, Quote};
use crate::domain::settlement::{AdoptedSettlement, Meaning, Settlement, TimelineEntry};
use crate::domain::signing::{PayloadDigest, Signature};
use crate::domain::trade::TradeWrite;
use crate::store::StoreError;
use jiff::Timestamp;

/// Writes a record, which waits to be chained.
pub(super) async fn insert(on: &mut Session, entry: &AuditEntry) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO audit_record (id, kind, subject, at, content) VALUES ($1, $2, $3, $4, $5)";
    let insert = Statement::new(INSERT)
        .bind(Uuid::now_v7())
        .bind(entry.kind.as_str())
        .bind(entry.subject.as_str())
        .bind(entry.at)
        .bind(entry.content.as_str());
    on.execute(insert).await?;
    Ok(())
}

/// A settlement changed; `body` is what is sent, where the change fixes it.
pub(super) async fn settlement(
    on: &mut Session,
    change: &str,
    after: &Settlement,
    body: Option<&[u8]>,
) -> Result<(), StoreError> {
    let progress = &after.progress;
    let entry = TimelineEntry {
        sequence: progress.sequence,
        change: change.to_owned(),
        state: progress.state,
        reason: progress.reason,
        detail: progress.detail.clone(),
        attempts: progress.attempts,
        at: progress.updated_at,
    };
    let meaning = Meaning::of(after);
    insert(on, &settlement_changed(SettlementChanged { settlement: after, entry: &entry, meaning: &meaning, body })).await
}

/// A write on BitGo Trade changed.
pub(super) async fn trade(on: &mut Session, change: &str, after: &TradeWrite) -> Result<(), StoreError> {
    let progress = &after.progress;
    let entry = trade_changed(TradeChanged {
        write: after,
        asked: &mirror::write(&after.header.asked.action).map_err(unavailable)?,
        sequence: progress.sequence,
        change,
        state: progress.state,
        reason: progress.reason,
        detail: progress.detail.as_deref(),
        attempts: progress.attempts,
        at: progress.updated_at,
    });
    insert(on, &entry).await
}

/// A quote's confirmation changed.
pub(super) async fn confirmation(on: &mut Session, quote: &Quote, after: &Confirmation) -> Result<(), StoreError> {
    insert(on, &confirmation_changed(&quote.request.merchant_id, &quote.venue.tx_id, after)).await
}

/// A settlement was adopted.
pub(super) async fn adopted(on: &mut Session, found: &AdoptedSettlement) -> Result<(), StoreError> {
    insert(on, &settlement_adopted(found)).await
}

/// A reference was reserved.
pub(super) async fn reserved(on: &mut Session, reference: &str, digest: PayloadDigest, at: Timestamp) -> Result<(), StoreError> {
    insert(on, &reference_reserved(reference, digest, at)).await
}

/// A payload was signed.
pub(super) async fn signed(
    on: &mut Session,
    reference: &str,
    digest: PayloadDigest,
    signature: &Signature,
    at: Timestamp,
) -> Result<(), StoreError> {
    insert(on, &payload_signed(reference, digest, signature, at)).await
}
