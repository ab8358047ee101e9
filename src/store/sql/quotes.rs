//! Quotes, and the requests that they answer.

use async_trait::async_trait;
use jiff::Timestamp;

use super::confirmations;
use super::driver::Driver;
use super::error::{damaged, unavailable};
use super::quote_rows;
use super::row::{Row, parse};
use super::session::Session;
use super::statement::Statement;
use super::store::SqlStore;
use crate::domain::ids::{CallerId, MerchantId, RequestId, TxId};
use crate::domain::origin::Origin;
use crate::domain::quote::{Confirmation, ConfirmationAsked, Quote, QuoteRequest};
use crate::store::{CallbackTokenHash, ConfirmationRecorded, ErrandLease, QuoteRecorded, QuoteStore, StoreError};

#[async_trait]
impl<D: Driver> QuoteStore for SqlStore<D> {
    async fn record_quote_request(
        &self,
        caller: &CallerId,
        request_id: &RequestId,
        request: &QuoteRequest,
        now: Timestamp,
    ) -> Result<QuoteRecorded, StoreError> {
        let asked = Asked { caller: caller.clone(), request_id: request_id.clone(), request: request.clone(), now };
        self.write(asked, |on, asked| Box::pin(record_request(on, asked))).await
    }

    async fn record_quote(&self, quote: &Quote) -> Result<bool, StoreError> {
        self.write(quote.clone(), |on, quote| Box::pin(record_quote(on, quote))).await
    }

    async fn save_quote(&self, quote: &Quote) -> Result<(), StoreError> {
        self.write(quote.clone(), |on, quote| Box::pin(keep_reading(on, quote))).await
    }

    async fn quote(&self, merchant_id: &MerchantId, tx_id: &TxId) -> Result<Option<Quote>, StoreError> {
        let named = (merchant_id.clone(), tx_id.clone());
        self.read(named, |on, (merchant_id, tx_id)| Box::pin(find(on, merchant_id, tx_id))).await
    }

    async fn quote_by_tx_id(&self, tx_id: &TxId) -> Result<Option<Quote>, StoreError> {
        self.read(tx_id.clone(), |on, tx_id| Box::pin(by_tx_id(on, tx_id))).await
    }

    async fn quote_by_callback_token(&self, token: &CallbackTokenHash) -> Result<Option<Quote>, StoreError> {
        self.read(*token, |on, token| Box::pin(confirmations::by_token(on, token))).await
    }

    async fn record_confirmation(
        &self,
        merchant_id: &MerchantId,
        tx_id: &TxId,
        asked: &ConfirmationAsked,
        now: Timestamp,
        origin: &Origin,
    ) -> Result<ConfirmationRecorded, StoreError> {
        let (merchant_id, tx_id, asked, origin) = (merchant_id.clone(), tx_id.clone(), asked.clone(), origin.clone());
        let new = confirmations::NewConfirmation { merchant_id, tx_id, asked, now, origin };
        self.write(new, |on, new| Box::pin(confirmations::record(on, new))).await
    }

    async fn resume_confirmation(&self, quote: &Quote, after: &Confirmation) -> Result<(), StoreError> {
        let resumed = (quote.clone(), after.clone());
        self.write(resumed, |on, (quote, after)| Box::pin(confirmations::resume(on, quote, after))).await
    }

    async fn save_confirmation(
        &self,
        lease: &ErrandLease,
        quote: &Quote,
        token: Option<&CallbackTokenHash>,
    ) -> Result<(), StoreError> {
        let save =
            confirmations::Save { lease: lease.clone(), quote: quote.clone(), token: token.copied(), floor: self.floor.now() };
        self.write(save, |on, save| Box::pin(confirmations::save(on, save))).await
    }
}

/// A request for a quote, as it is recorded.
struct Asked {
    caller: CallerId,
    request_id: RequestId,
    request: QuoteRequest,
    now: Timestamp,
}

async fn record_request(on: &mut Session, asked: &Asked) -> Result<QuoteRecorded, StoreError> {
    const INSERT: &str = "INSERT INTO quote_request (caller, request_id, merchant_id, request, requested_at) \
                          VALUES ($1, $2, $3, $4, $5) ON CONFLICT (caller, request_id) DO NOTHING";
    let insert = Statement::new(INSERT)
        .bind(asked.caller.as_str())
        .bind(asked.request_id.as_str())
        .bind(asked.request.merchant_id.as_str())
        .bind(quote_rows::write_request(&asked.request).map_err(unavailable)?)
        .bind(asked.now);
    if on.execute(insert).await? == 1 { Ok(QuoteRecorded::New) } else { first(on, asked).await }
}

/// What was recorded first under a request id, and its quote where the venue had answered.
async fn first(on: &mut Session, asked: &Asked) -> Result<QuoteRecorded, StoreError> {
    const FIRST: &str = "SELECT request, merchant_id, tx_id FROM quote_request WHERE caller = $1 AND request_id = $2";
    let first = Statement::new(FIRST).bind(asked.caller.as_str()).bind(asked.request_id.as_str());
    let row = on.row(first).await?.ok_or_else(|| damaged("quote_request"))?;
    let quote = match row.read_if_any("tx_id", parse)? {
        Some(tx_id) => find(on, &row.read("merchant_id", parse)?, &tx_id).await?,
        None => None,
    };
    Ok(QuoteRecorded::Existing(Box::new(row.read("request", quote_rows::read_request)?), quote.map(Box::new)))
}

/// Records a quote and links its request to it, unless the `tx_id` is recorded.
async fn record_quote(on: &mut Session, quote: &Quote) -> Result<bool, StoreError> {
    const INSERT: &str = "INSERT INTO quote (merchant_id, tx_id, caller, request, requested_at, venue, read_at) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    const LINK: &str = "UPDATE quote_request SET tx_id = $3 WHERE caller = $1 AND request_id = $2 AND tx_id IS NULL";
    let Quote { request, caller, requested_at, venue, read_at, .. } = quote;
    let insert = Statement::new(INSERT)
        .bind(request.merchant_id.as_str())
        .bind(venue.tx_id.as_str())
        .bind(caller.as_str())
        .bind(quote_rows::write_request(request).map_err(unavailable)?)
        .bind(*requested_at)
        .bind(quote_rows::write_quote(venue).map_err(unavailable)?)
        .bind(*read_at);
    if on.execute(insert).await? == 0 {
        return Ok(false);
    }
    if let Some(request_id) = &request.request_id {
        let link = Statement::new(LINK).bind(caller.as_str()).bind(request_id.as_str()).bind(venue.tx_id.as_str());
        on.execute(link).await?;
    }
    Ok(true)
}

/// Saves a reading of a recorded quote, unless a newer one is there, or one of a later stage: the venue's copies lag, and what has
/// ended would never be looked at again. A reading that says nothing else changes its time alone.
pub(super) async fn keep_reading(on: &mut Session, quote: &Quote) -> Result<(), StoreError> {
    // Whoever else would save one waits for this transaction's end.
    const HOLD: &str = "UPDATE quote SET read_at = read_at WHERE merchant_id = $1 AND tx_id = $2 RETURNING venue";
    const UPDATE: &str = "UPDATE quote SET sequence = sequence + CASE WHEN venue = $3 THEN 0 ELSE 1 END, venue = $3, read_at = $4 \
                          WHERE merchant_id = $1 AND tx_id = $2 AND read_at <= $4";
    let Quote { request, venue, read_at, .. } = quote;
    let (merchant_id, tx_id) = (request.merchant_id.as_str(), venue.tx_id.as_str());
    let Some(row) = on.row(Statement::new(HOLD).bind(merchant_id).bind(tx_id)).await? else { return Ok(()) };
    if venue.is_behind(&row.read("venue", quote_rows::read_quote)?) {
        return Ok(());
    }
    let update = Statement::new(UPDATE)
        .bind(merchant_id)
        .bind(tx_id)
        .bind(quote_rows::write_quote(venue).map_err(unavailable)?)
        .bind(*read_at);
    on.execute(update).await?;
    Ok(())
}

/// Reads a merchant's quote with its confirmation.
pub(super) async fn find(on: &mut Session, merchant_id: &MerchantId, tx_id: &TxId) -> Result<Option<Quote>, StoreError> {
    const FIND: &str = "SELECT caller, request, requested_at, venue, read_at, sequence FROM quote \
                        WHERE merchant_id = $1 AND tx_id = $2";
    let found = on.row(Statement::new(FIND).bind(merchant_id.as_str()).bind(tx_id.as_str())).await?;
    let Some(row) = found else { return Ok(None) };
    let confirmation = confirmations::of_quote(on, merchant_id, tx_id).await?;
    Ok(Some(Quote { confirmation, ..from_row(&row)? }))
}

async fn by_tx_id(on: &mut Session, tx_id: &TxId) -> Result<Option<Quote>, StoreError> {
    const FIND: &str = "SELECT merchant_id FROM quote WHERE tx_id = $1";
    match on.row(Statement::new(FIND).bind(tx_id.as_str())).await? {
        Some(row) => find(on, &row.read("merchant_id", parse)?, tx_id).await,
        None => Ok(None),
    }
}

fn from_row(row: &Row) -> Result<Quote, StoreError> {
    Ok(Quote {
        request: row.read("request", quote_rows::read_request)?,
        caller: row.read("caller", parse)?,
        requested_at: row.instant("requested_at")?,
        venue: row.read("venue", quote_rows::read_quote)?,
        read_at: row.instant("read_at")?,
        sequence: row.count("sequence")?,
        confirmation: None,
    })
}
