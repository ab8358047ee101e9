//! What was asked, with its legs: written once, read back byte for byte.

use std::borrow::Cow;

use uuid::Uuid;

use super::error::{damaged, in_settlement, unavailable};
use super::row::{Row, parse};
use super::rows;
use super::session::Session;
use super::statement::Statement;
use crate::domain::amount::Amount;
use crate::domain::ids::{ConnectionId, Currency};
use crate::domain::origin::Origin;
use crate::domain::settlement::{Asked, Intent, Leg, Settlement, SettlementAmounts};
use crate::store::{Archived, StoreError};

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
pub(super) async fn insert(on: &mut Session, id: Uuid, intent: &Intent, legs: &str, origin: &Origin) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO settlement_intent (settlement_id, asked_nonce, legs, origin) VALUES ($1, $2, $3, $4)";
    let nonce = intent.asked.nonce.as_ref().map(|nonce| nonce.as_str());
    on.execute(Statement::new(INSERT).bind(id).bind(nonce).bind(legs).bind(origin.to_text())).await?;
    Ok(())
}

/// Reads an intent and holds it against the digest of its request; [`StoreError::Archived`] once its legs have left the journal.
pub(super) async fn read(on: &mut Session, id: Uuid) -> Result<Intent, StoreError> {
    const READ: &str = concat!(
        "SELECT ",
        rows::settlement_columns!(),
        ", asked_nonce, legs FROM settlement LEFT JOIN settlement_intent ON settlement_id = id WHERE id = $1"
    );
    let row = on.row(Statement::new(READ).bind(id)).await?;
    let row = row.ok_or_else(|| damaged("no intent is stored under this id"))?;
    from_row(&row).map_err(|error| in_settlement(error, id))
}

/// Reads the texts of an intent as they are stored: the nonce that was asked for, and the legs.
pub(super) async fn texts(on: &mut Session, id: Uuid) -> Result<(Option<String>, String), StoreError> {
    const READ: &str = "SELECT asked_nonce, legs FROM settlement_intent WHERE settlement_id = $1";
    let row = on.row(Statement::new(READ).bind(id)).await?.ok_or_else(|| damaged("legs"))?;
    Ok((row.plain("asked_nonce")?, row.plain("legs")?))
}

fn from_row(row: &Row) -> Result<Intent, StoreError> {
    let Settlement { header, archived_in, .. } = rows::settlement(row)?;
    if let Some(file) = archived_in {
        return Err(StoreError::Archived(Archived::InFile(file)));
    }
    let request_digest = header.request_digest;
    let asked = Asked {
        enterprise_id: header.enterprise_id,
        external_id: header.external_id,
        amounts: row.read("legs", read_legs)?,
        cutoff: header.cutoff,
        notes: header.notes,
        nonce: row.read_if_any("asked_nonce", parse)?,
        supersedes: header.supersedes,
    };
    // What was recorded is what was asked: a leg that changed since is found before anything is signed for it.
    if asked.digest() != request_digest {
        return Err(damaged("request_digest"));
    }
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

/// Reads what [`legs_text`] writes.
pub(super) fn read_legs(text: &str) -> Option<SettlementAmounts> {
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
