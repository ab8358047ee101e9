//! What callers had recorded, and their limits: held in the transaction that records, so that two cannot pass together.

use std::collections::BTreeMap;

use bigdecimal::{BigDecimal, Zero};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::error::{damaged, unavailable};
use super::row::Row;
use super::session::Session;
use super::statement::Statement;
use crate::domain::ids::{CallerId, Currency};
use crate::domain::policy::{LimitExceeded, SpendLimit};
use crate::domain::settlement::NetTotal;
use crate::store::StoreError;

/// The rolling day that a daily limit covers.
const WINDOW_HOURS: i64 = 24;

/// Makes recordings of one caller wait for each other, where a limit of its day is held.
pub(super) async fn hold(on: &mut Session, caller: &CallerId, limits: &[SpendLimit]) -> Result<(), StoreError> {
    if let Some(lock) = on.dialect().lock_caller.filter(|_| limits.iter().any(|limit| limit.per_day.is_some())) {
        on.execute(Statement::new(lock).bind(caller.as_str())).await?;
    }
    Ok(())
}

/// The first limit that stands against the totals, if one does.
pub(super) async fn exceeded(
    on: &mut Session,
    caller: &CallerId,
    limits: &[SpendLimit],
    totals: &[NetTotal],
    now: Timestamp,
) -> Result<Option<LimitExceeded>, StoreError> {
    for limit in limits {
        let Some(total) = totals.iter().find(|total| total.currency == limit.currency) else { continue };
        let before = match limit.per_day {
            Some(_) => sum_of_day(on, caller, &limit.currency, now).await?,
            None => BigDecimal::zero(),
        };
        if let Err(exceeded) = limit.check(&decimal(&total.sum)?, &before) {
            return Ok(Some(exceeded));
        }
    }
    Ok(None)
}

/// What a caller had recorded of each of some currencies in the 24 hours before `now`.
pub(super) async fn of_day(
    on: &mut Session,
    caller: &CallerId,
    currencies: &[Currency],
    now: Timestamp,
) -> Result<BTreeMap<Currency, BigDecimal>, StoreError> {
    let mut sums = BTreeMap::new();
    for currency in currencies {
        sums.insert(currency.clone(), sum_of_day(on, caller, currency, now).await?);
    }
    Ok(sums)
}

/// What the caller had recorded in the 24 hours before `now`; what is exactly 24 hours old no longer counts. What seems
/// to lie ahead counts as well, so that a clock that steps back opens no second day.
async fn sum_of_day(on: &mut Session, caller: &CallerId, currency: &Currency, now: Timestamp) -> Result<BigDecimal, StoreError> {
    let from = now.checked_sub(SignedDuration::from_hours(WINDOW_HOURS)).unwrap_or(Timestamp::MIN);
    const AMOUNTS: &str = "SELECT amount FROM spend WHERE caller = $1 AND currency = $2 AND at > $3";
    let amounts = Statement::new(AMOUNTS).bind(caller.as_str()).bind(currency.as_str()).bind(from);
    on.rows(amounts).await?.iter().try_fold(BigDecimal::zero(), |sum, row: &Row| Ok(sum + decimal(row.plain("amount")?)?))
}

/// Notes what a settlement moves of each currency, limited or not: a limit that is configured later counts it too.
pub(super) async fn insert(
    on: &mut Session,
    id: Uuid,
    caller: &CallerId,
    totals: &[NetTotal],
    now: Timestamp,
) -> Result<(), StoreError> {
    let entries: Vec<(&str, &str)> = totals.iter().map(|total| (total.currency.as_str(), total.sum.as_str())).collect();
    let entries = serde_json::to_string(&entries).map_err(unavailable)?;
    on.execute(Statement::new(on.dialect().insert_spend).bind(id).bind(caller.as_str()).bind(now).bind(entries)).await?;
    Ok(())
}

fn decimal(text: &str) -> Result<BigDecimal, StoreError> {
    text.parse().map_err(|_| damaged("spend.amount"))
}
