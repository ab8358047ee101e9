//! What callers had recorded, and their limits: held in the transaction that records, so that two cannot pass together.

use bigdecimal::{BigDecimal, Zero};
use jiff::{SignedDuration, Timestamp};
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use super::error::{damaged, unavailable};
use super::text::instant;
use crate::domain::ids::{CallerId, Currency};
use crate::domain::policy::{LimitExceeded, SpendLimit};
use crate::domain::settlement::NetTotal;
use crate::store::StoreError;

/// The rolling day that a daily limit covers.
const WINDOW_HOURS: i64 = 24;

/// The first limit that stands against the totals, if one does.
pub(super) async fn exceeded(
    write: &mut Transaction<'static, Sqlite>,
    caller: &CallerId,
    limits: &[SpendLimit],
    totals: &[NetTotal],
    now: Timestamp,
) -> Result<Option<LimitExceeded>, StoreError> {
    for limit in limits {
        let Some(total) = totals.iter().find(|total| total.currency == limit.currency) else { continue };
        let before = match limit.per_day {
            Some(_) => sum_of_day(write, caller, &limit.currency, now).await?,
            None => BigDecimal::zero(),
        };
        if let Err(exceeded) = limit.check(&decimal(&total.sum)?, &before) {
            return Ok(Some(exceeded));
        }
    }
    Ok(None)
}

/// What the caller had recorded in the 24 hours before `now`; what is exactly 24 hours old no longer counts. What seems
/// to lie ahead counts as well, so that a clock that steps back opens no second day.
async fn sum_of_day(
    write: &mut Transaction<'static, Sqlite>,
    caller: &CallerId,
    currency: &Currency,
    now: Timestamp,
) -> Result<BigDecimal, StoreError> {
    let from = now.checked_sub(SignedDuration::from_hours(WINDOW_HOURS)).unwrap_or(Timestamp::MIN);
    let amounts: Vec<String> = sqlx::query_scalar("SELECT amount FROM spend WHERE caller = ?1 AND currency = ?2 AND at > ?3")
        .bind(caller.as_str().to_owned())
        .bind(currency.as_str().to_owned())
        .bind(instant(from))
        .fetch_all(&mut **write)
        .await
        .map_err(unavailable)?;
    amounts.iter().try_fold(BigDecimal::zero(), |sum, amount| Ok(sum + decimal(amount)?))
}

/// Notes what a settlement moves of each currency, limited or not: a limit that is configured later counts it too.
pub(super) async fn insert(
    write: &mut Transaction<'static, Sqlite>,
    id: Uuid,
    caller: &CallerId,
    totals: &[NetTotal],
    now: Timestamp,
) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO spend (settlement_id, caller, currency, amount, at) \
                          SELECT ?1, ?2, value ->> 0, value ->> 1, ?3 FROM json_each(?4)";
    let rows: Vec<(&str, &str)> = totals.iter().map(|total| (total.currency.as_str(), total.sum.as_str())).collect();
    sqlx::query(INSERT)
        .bind(id)
        .bind(caller.as_str().to_owned())
        .bind(instant(now))
        .bind(serde_json::to_string(&rows).map_err(unavailable)?)
        .execute(&mut **write)
        .await
        .map_err(unavailable)?;
    Ok(())
}

fn decimal(text: &str) -> Result<BigDecimal, StoreError> {
    text.parse().map_err(|_| damaged("spend.amount"))
}
