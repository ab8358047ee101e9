//! Confirmations of quotes, the names of payouts, and callbacks' tokens.

use jiff::Timestamp;

use super::anchored;
use super::audit;
use super::confirmation_rows as rows;
use super::errands;
use super::error::{damaged, unavailable};
use super::events::sequence;
use super::quotes::{find, keep_reading};
use super::row::{Row, parse};
use super::session::Session;
use super::statement::Statement;
use crate::domain::anchor::Head;
use crate::domain::audit::AuditSubject;
use crate::domain::ids::{MerchantId, TxId};
use crate::domain::origin::Origin;
use crate::domain::quote::{Confirmation, ConfirmationAsked, ConfirmationReason, ConfirmationState, Quote};
use crate::store::{CallbackTokenHash, ConfirmationRecorded, ErrandKind, ErrandLease, StoreError};

/// A confirmation that is to be recorded.
pub(super) struct NewConfirmation {
    pub(super) merchant_id: MerchantId,
    pub(super) tx_id: TxId,
    pub(super) asked: ConfirmationAsked,
    pub(super) now: Timestamp,
    pub(super) origin: Origin,
}

/// A change that is to be saved.
pub(super) struct Save {
    pub(super) lease: ErrandLease,
    pub(super) quote: Quote,
    pub(super) token: Option<CallbackTokenHash>,
    /// What the journal must reach for an attempt.
    pub(super) floor: Option<Head>,
}

/// Records a confirmation where the quote has none, or a refused one, and the payout's name is free.
pub(super) async fn record(on: &mut Session, new: &NewConfirmation) -> Result<ConfirmationRecorded, StoreError> {
    let NewConfirmation { merchant_id, tx_id, asked, now, origin } = new;
    // The errand first, as its holder does, so that nobody waits in a circle; then whoever else would confirm this quote waits.
    errands::enlist_from(on, ErrandKind::Quote, tx_id.as_str(), *now, origin).await?;
    raise(on, merchant_id, tx_id).await?;
    let mut quote = find(on, merchant_id, tx_id).await?.ok_or_else(|| damaged("quote"))?;
    let refused = |confirmation: &Confirmation| confirmation.state == ConfirmationState::Refused;
    if quote.confirmation.as_ref().is_some_and(|confirmation| !refused(confirmation)) {
        on.keep_nothing();
        quote.sequence -= 1;
        return Ok(ConfirmationRecorded::Existing(Box::new(quote)));
    }
    if let Some(holder) = take_name(on, new).await? {
        on.keep_nothing();
        return Ok(ConfirmationRecorded::NameTaken(holder));
    }
    let revision = quote.confirmation.as_ref().map_or(0, |confirmation| confirmation.revision + 1);
    let confirmation = Confirmation { revision, ..Confirmation::new(asked.clone(), *now) };
    write(on, &quote, &confirmation).await?;
    quote.confirmation = Some(confirmation);
    Ok(ConfirmationRecorded::New(Box::new(quote)))
}

/// Makes a confirmation that rests go on, or end as a person decided, with what the venue says of the quote.
pub(super) async fn resume(on: &mut Session, quote: &Quote, after: &Confirmation) -> Result<(), StoreError> {
    errands::enlist(on, ErrandKind::Quote, quote.venue.tx_id.as_str(), after.updated_at).await?;
    keep_reading(on, quote).await?;
    raise(on, &quote.request.merchant_id, &quote.venue.tx_id).await?;
    update(on, quote, after).await
}

/// Saves a change by who holds the quote's errand.
pub(super) async fn save(on: &mut Session, save: &Save) -> Result<(), StoreError> {
    let quote = &save.quote;
    if save.lease.kind != ErrandKind::Quote || save.lease.subject != quote.venue.tx_id.as_str() {
        return Err(StoreError::Fenced);
    }
    errands::hold(on, &save.lease).await?;
    keep_reading(on, quote).await?;
    if let Some(confirmation) = &quote.confirmation {
        raise(on, &quote.request.merchant_id, &quote.venue.tx_id).await?;
        update(on, quote, confirmation).await?;
    }
    if let Some(token) = &save.token {
        keep_token(on, quote, token).await?;
    }
    match quote.confirmation.as_ref().filter(|confirmation| confirmation.is_anchored()) {
        Some(sending) => anchored::link(on, &subject(quote, sending), save.floor.as_ref()).await,
        None => Ok(()),
    }
}

fn subject(quote: &Quote, confirmation: &Confirmation) -> AuditSubject {
    AuditSubject::Confirmation {
        merchant_id: quote.request.merchant_id.clone(),
        tx_id: quote.venue.tx_id.clone(),
        revision: confirmation.revision,
    }
}

/// Lets a quote's sequence rise, which also makes other writers of it wait.
async fn raise(on: &mut Session, merchant_id: &MerchantId, tx_id: &TxId) -> Result<(), StoreError> {
    const RAISE: &str = "UPDATE quote SET sequence = sequence + 1 WHERE merchant_id = $1 AND tx_id = $2";
    let raised = on.execute(Statement::new(RAISE).bind(merchant_id.as_str()).bind(tx_id.as_str())).await?;
    if raised == 1 { Ok(()) } else { Err(damaged("quote")) }
}

/// Takes a payout's name for a quote; the quote that has it, where another one does.
///
/// The first statement waits for whoever else is at the name, so that the next one sees what came of it.
async fn take_name(on: &mut Session, new: &NewConfirmation) -> Result<Option<TxId>, StoreError> {
    const HOLD: &str = "INSERT INTO quote_payout (merchant_id, external_tx_id, tx_id) VALUES ($1, $2, $3) \
                        ON CONFLICT (merchant_id, external_tx_id) DO UPDATE SET tx_id = quote_payout.tx_id RETURNING tx_id";
    const IS_KEPT: &str = "SELECT state FROM quote_confirmation \
                           WHERE merchant_id = $1 AND external_tx_id = $2 AND tx_id = $3 AND state <> 'REFUSED'";
    const TAKE: &str = "UPDATE quote_payout SET tx_id = $3 WHERE merchant_id = $1 AND external_tx_id = $2";
    let about = |text, tx_id: &TxId| {
        let (merchant, name) = (new.merchant_id.as_str(), new.asked.external_tx_id.as_str());
        Statement::new(text).bind(merchant).bind(name).bind(tx_id.as_str())
    };
    let row = on.row(about(HOLD, &new.tx_id)).await?.ok_or_else(|| damaged("quote_payout"))?;
    let holder: TxId = row.read("tx_id", parse)?;
    if holder == new.tx_id {
        return Ok(None);
    }
    if on.row(about(IS_KEPT, &holder)).await?.is_some() {
        return Ok(Some(holder));
    }
    on.execute(about(TAKE, &new.tx_id)).await?;
    Ok(None)
}

async fn write(on: &mut Session, quote: &Quote, confirmation: &Confirmation) -> Result<(), StoreError> {
    const DELETE: &str = "DELETE FROM quote_confirmation WHERE merchant_id = $1 AND tx_id = $2 AND state = 'REFUSED'";
    const INSERT: &str = "INSERT INTO quote_confirmation (merchant_id, tx_id, external_tx_id, accept_partial, terms, caller, \
                          recorded_at, state, reason, detail, attempts, dispatched_at, doubt, updated_at, revision) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let (merchant, tx_id) = (quote.request.merchant_id.as_str(), quote.venue.tx_id.as_str());
    on.execute(Statement::new(DELETE).bind(merchant).bind(tx_id)).await?;
    let insert = Statement::new(INSERT)
        .bind(merchant)
        .bind(tx_id)
        .bind(confirmation.external_tx_id.as_str())
        .bind(confirmation.accept_partial)
        .bind(rows::write_terms(&confirmation.terms).map_err(unavailable)?)
        .bind(confirmation.caller.as_str())
        .bind(confirmation.recorded_at)
        .bind(confirmation.state.as_str())
        .bind(confirmation.reason.map(ConfirmationReason::as_str))
        .bind(confirmation.detail.as_deref())
        .bind(confirmation.attempts)
        .bind(confirmation.dispatched_at)
        .bind(rows::write_doubt(confirmation.doubt).map_err(unavailable)?)
        .bind(confirmation.updated_at)
        .bind(sequence(confirmation.revision)?);
    on.execute(insert).await?;
    audit::confirmation(on, quote, confirmation).await
}

/// Writes a confirmation's progress on top of the revision before it.
async fn update(on: &mut Session, quote: &Quote, confirmation: &Confirmation) -> Result<(), StoreError> {
    const UPDATE: &str = "UPDATE quote_confirmation SET state = $3, reason = $4, detail = $5, attempts = $6, dispatched_at = $7, \
                          doubt = $8, updated_at = $9, resolution = $11, revision = revision + 1 \
                          WHERE merchant_id = $1 AND tx_id = $2 AND revision = $10 - 1";
    let update = Statement::new(UPDATE)
        .bind(quote.request.merchant_id.as_str())
        .bind(quote.venue.tx_id.as_str())
        .bind(confirmation.state.as_str())
        .bind(confirmation.reason.map(ConfirmationReason::as_str))
        .bind(confirmation.detail.as_deref())
        .bind(confirmation.attempts)
        .bind(confirmation.dispatched_at)
        .bind(rows::write_doubt(confirmation.doubt).map_err(unavailable)?)
        .bind(confirmation.updated_at)
        .bind(sequence(confirmation.revision)?)
        .bind(rows::write_resolution(confirmation.resolution.as_ref()).map_err(unavailable)?);
    if on.execute(update).await? == 1 { audit::confirmation(on, quote, confirmation).await } else { Err(StoreError::Fenced) }
}

async fn keep_token(on: &mut Session, quote: &Quote, token: &CallbackTokenHash) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO quote_callback (token_sha256, merchant_id, tx_id) VALUES ($1, $2, $3)";
    let (merchant, tx_id) = (quote.request.merchant_id.as_str(), quote.venue.tx_id.as_str());
    on.execute(Statement::new(INSERT).bind(token.as_slice()).bind(merchant).bind(tx_id)).await?;
    Ok(())
}

/// Finds the quote that a callback's token belongs to.
pub(super) async fn by_token(on: &mut Session, token: &CallbackTokenHash) -> Result<Option<Quote>, StoreError> {
    const FIND: &str = "SELECT merchant_id, tx_id FROM quote_callback WHERE token_sha256 = $1";
    let Some(row) = on.row(Statement::new(FIND).bind(token.as_slice())).await? else { return Ok(None) };
    find(on, &row.read("merchant_id", parse)?, &row.read("tx_id", parse)?).await
}

/// Reads a quote's confirmation.
pub(super) async fn of_quote(
    on: &mut Session,
    merchant_id: &MerchantId,
    tx_id: &TxId,
) -> Result<Option<Confirmation>, StoreError> {
    const FIND: &str = "SELECT external_tx_id, accept_partial, terms, caller, recorded_at, state, reason, detail, attempts, \
                        dispatched_at, doubt, resolution, updated_at, revision FROM quote_confirmation \
                        WHERE merchant_id = $1 AND tx_id = $2";
    let found = on.row(Statement::new(FIND).bind(merchant_id.as_str()).bind(tx_id.as_str())).await?;
    found.as_ref().map(from_row).transpose()
}

fn from_row(row: &Row) -> Result<Confirmation, StoreError> {
    Ok(Confirmation {
        external_tx_id: row.read("external_tx_id", parse)?,
        accept_partial: row.flag("accept_partial")?,
        terms: row.read("terms", rows::read_terms)?,
        caller: row.read("caller", parse)?,
        recorded_at: row.instant("recorded_at")?,
        state: row.read("state", ConfirmationState::from_name)?,
        reason: row.read_if_any("reason", ConfirmationReason::from_name)?,
        detail: row.plain("detail")?,
        attempts: row.count("attempts")?,
        dispatched_at: row.read_if_any("dispatched_at", super::text::read_instant)?,
        doubt: row.read_if_any("doubt", rows::read_doubt)?,
        resolution: row.read_if_any("resolution", rows::read_resolution)?,
        updated_at: row.instant("updated_at")?,
        revision: row.count("revision")?,
    })
}
