//! What was asked, with its legs: written once, read back byte for byte.

use std::borrow::Cow;

use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use super::database::Database;
use super::error::{damaged, unavailable};
use super::rows::{self, Columns, parse};
use crate::domain::amount::Amount;
use crate::domain::ids::{ConnectionId, Currency};
use crate::domain::settlement::{Asked, Intent, Leg, Settlement, SettlementAmounts};
use crate::store::StoreError;

/// One leg: connection, counterparty, currency, amount.
type LegRow<'a> = (Cow<'a, str>, Option<Cow<'a, str>>, Cow<'a, str>, Cow<'a, str>);

/// The legs as one text: made before a transaction begins, since there may be 20,000.
pub(super) fn legs_text(amounts: &SettlementAmounts) -> Result<String, StoreError> {
    let rows: Vec<LegRow<'_>> = amounts.legs().iter().map(leg_row).collect();
    serde_json::to_string(&rows).map_err(unavailable)
}

fn leg_row(leg: &Leg) -> LegRow<'_> {
    (
        leg.connection_id.as_str().into(),
        leg.counterparty_connection_id.as_ref().map(|id| id.as_str().into()),
        leg.currency.as_str().into(),
        leg.amount.as_str().into(),
    )
}

/// Writes what the settlement's row does not hold.
pub(super) async fn insert(
    write: &mut Transaction<'static, Sqlite>,
    id: Uuid,
    intent: &Intent,
    legs: String,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO settlement_intent (settlement_id, asked_nonce, legs) VALUES (?1, ?2, ?3)")
        .bind(id)
        .bind(intent.asked.nonce.as_ref().map(|nonce| nonce.as_str().to_owned()))
        .bind(legs)
        .execute(&mut **write)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// Reads an intent.
pub(super) async fn read(db: Database, id: Uuid) -> Result<Intent, StoreError> {
    const READ: &str = concat!(
        "SELECT ",
        rows::settlement_columns!(),
        ", asked_nonce, legs FROM settlement JOIN settlement_intent ON settlement_id = id WHERE id = ?1"
    );
    let row = sqlx::query(READ).bind(id).fetch_optional(&db.readers).await.map_err(unavailable)?;
    from_row(&row.ok_or_else(|| damaged("no intent is stored under this id"))?)
}

fn from_row(row: &SqliteRow) -> Result<Intent, StoreError> {
    let Settlement { header, .. } = rows::settlement(row)?;
    let columns = Columns(row);
    let asked = Asked {
        enterprise_id: header.enterprise_id,
        external_id: header.external_id,
        amounts: columns.read("legs", read_legs)?,
        cutoff: header.cutoff,
        notes: header.notes,
        nonce: columns.read_if_any("asked_nonce", parse)?,
        supersedes: header.supersedes,
    };
    Ok(Intent {
        asked,
        nonce: header.nonce,
        route: header.route,
        amount_unit: header.amount_unit,
        key_id: header.key_id,
        caller: header.caller,
        submit_before: header.submit_before,
    })
}

fn read_legs(text: &str) -> Option<SettlementAmounts> {
    let rows: Vec<LegRow<'_>> = serde_json::from_str(text).ok()?;
    let legs: Option<Vec<Leg>> = rows.iter().map(read_leg).collect();
    SettlementAmounts::new(legs?).ok()
}

fn read_leg((connection, counterparty, currency, amount): &LegRow<'_>) -> Option<Leg> {
    let counterparty_connection_id = match counterparty {
        Some(id) => Some(ConnectionId::new(id.as_ref()).ok()?),
        None => None,
    };
    Some(Leg {
        connection_id: ConnectionId::new(connection.as_ref()).ok()?,
        counterparty_connection_id,
        currency: Currency::new(currency.as_ref()).ok()?,
        amount: Amount::parse(amount).ok()?,
    })
}
