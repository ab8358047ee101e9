//! Quotes, and the requests that they answer.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::database::{Database, commit};
use super::error::unavailable;
use super::rows::{Columns, parse};
use super::text::instant;
use super::{SqliteStore, quote_rows};
use crate::domain::ids::{CallerId, MerchantId, RequestId, TxId};
use crate::domain::quote::{Quote, QuoteRequest};
use crate::store::{QuoteRecorded, QuoteStore, StoreError};

#[async_trait]
impl QuoteStore for SqliteStore {
    async fn record_quote_request(
        &self,
        caller: &CallerId,
        request_id: &RequestId,
        request: &QuoteRequest,
        now: Timestamp,
    ) -> Result<QuoteRecorded, StoreError> {
        let (caller, request_id, request) = (caller.clone(), request_id.clone(), request.clone());
        self.database.in_task(move |db| record_request(db, caller, request_id, request, now)).await
    }

    async fn record_quote(&self, quote: &Quote) -> Result<bool, StoreError> {
        let quote = quote.clone();
        self.database.in_task(|db| record_quote(db, quote)).await
    }

    async fn save_quote(&self, quote: &Quote) -> Result<(), StoreError> {
        let quote = quote.clone();
        self.database.in_task(|db| save(db, quote)).await
    }

    async fn quote(&self, merchant_id: &MerchantId, tx_id: &TxId) -> Result<Option<Quote>, StoreError> {
        let (merchant_id, tx_id) = (merchant_id.clone(), tx_id.clone());
        self.database.in_task(|db| find(db, merchant_id, tx_id)).await
    }
}

async fn record_request(
    db: Database,
    caller: CallerId,
    request_id: RequestId,
    request: QuoteRequest,
    now: Timestamp,
) -> Result<QuoteRecorded, StoreError> {
    const INSERT: &str = "INSERT INTO quote_request (caller, request_id, merchant_id, request, requested_at) \
                          VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (caller, request_id) DO NOTHING";
    const FIRST: &str = "SELECT request, merchant_id, tx_id FROM quote_request WHERE caller = ?1 AND request_id = ?2";
    let text = quote_rows::write_request(&request).map_err(unavailable)?;
    let mut write = db.write().await?;
    let inserted = sqlx::query(INSERT)
        .bind(caller.as_str())
        .bind(request_id.as_str())
        .bind(request.merchant_id.as_str())
        .bind(text)
        .bind(instant(now))
        .execute(&mut *write)
        .await
        .map_err(unavailable)?;
    if inserted.rows_affected() == 1 {
        commit(write).await?;
        return Ok(QuoteRecorded::New);
    }
    let first = sqlx::query(FIRST).bind(caller.as_str()).bind(request_id.as_str());
    let row = first.fetch_one(&mut *write).await.map_err(unavailable)?;
    drop(write);
    let columns = Columns(&row);
    let quote = match columns.read_if_any("tx_id", parse)? {
        Some(tx_id) => find(db, columns.read("merchant_id", parse)?, tx_id).await?,
        None => None,
    };
    Ok(QuoteRecorded::Existing(Box::new(columns.read("request", quote_rows::read_request)?), quote.map(Box::new)))
}

/// Records a quote and links its request to it, unless the `tx_id` is recorded.
async fn record_quote(db: Database, quote: Quote) -> Result<bool, StoreError> {
    const INSERT: &str = "INSERT INTO quote (merchant_id, tx_id, caller, request, requested_at, venue, read_at) \
                          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    const LINK: &str = "UPDATE quote_request SET tx_id = ?3 WHERE caller = ?1 AND request_id = ?2 AND tx_id IS NULL";
    let Quote { request, caller, requested_at, venue, read_at } = quote;
    let request_text = quote_rows::write_request(&request).map_err(unavailable)?;
    let venue_text = quote_rows::write_quote(&venue).map_err(unavailable)?;
    let mut write = db.write().await?;
    let inserted = sqlx::query(INSERT)
        .bind(request.merchant_id.as_str())
        .bind(venue.tx_id.as_str())
        .bind(caller.as_str())
        .bind(request_text)
        .bind(instant(requested_at))
        .bind(venue_text)
        .bind(instant(read_at))
        .execute(&mut *write)
        .await
        .map_err(unavailable)?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    if let Some(request_id) = &request.request_id {
        let link = sqlx::query(LINK).bind(caller.as_str()).bind(request_id.as_str()).bind(venue.tx_id.as_str());
        link.execute(&mut *write).await.map_err(unavailable)?;
    }
    commit(write).await?;
    Ok(true)
}

/// Saves a reading of a recorded quote, unless a newer one is there.
async fn save(db: Database, quote: Quote) -> Result<(), StoreError> {
    const UPDATE: &str = "UPDATE quote SET venue = ?3, read_at = ?4 WHERE merchant_id = ?1 AND tx_id = ?2 AND read_at <= ?4";
    let Quote { request, venue, read_at, .. } = quote;
    let venue_text = quote_rows::write_quote(&venue).map_err(unavailable)?;
    let mut write = db.write().await?;
    sqlx::query(UPDATE)
        .bind(request.merchant_id.as_str())
        .bind(venue.tx_id.as_str())
        .bind(venue_text)
        .bind(instant(read_at))
        .execute(&mut *write)
        .await
        .map_err(unavailable)?;
    commit(write).await
}

async fn find(db: Database, merchant_id: MerchantId, tx_id: TxId) -> Result<Option<Quote>, StoreError> {
    const FIND: &str = "SELECT caller, request, requested_at, venue, read_at FROM quote WHERE merchant_id = ?1 AND tx_id = ?2";
    let query = sqlx::query(FIND).bind(merchant_id.as_str()).bind(tx_id.as_str());
    let row = query.fetch_optional(&db.readers).await.map_err(unavailable)?;
    row.as_ref().map(from_row).transpose()
}

fn from_row(row: &SqliteRow) -> Result<Quote, StoreError> {
    let columns = Columns(row);
    Ok(Quote {
        request: columns.read("request", quote_rows::read_request)?,
        caller: columns.read("caller", parse)?,
        requested_at: columns.instant("requested_at")?,
        venue: columns.read("venue", quote_rows::read_quote)?,
        read_at: columns.instant("read_at")?,
    })
}
