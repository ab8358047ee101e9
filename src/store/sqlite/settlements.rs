//! Reading settlements.

use jiff::Timestamp;
use sqlx::{Executor, Sqlite};
use uuid::Uuid;

use super::database::Database;
use super::error::unavailable;
use super::rows::{self, Columns};
use super::text::instant;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{Settlement, State};
use crate::store::{ListQuery, Material, SettlementName, StoreError};

/// Reads a settlement by name.
pub(super) async fn by_name(
    db: Database,
    enterprise_id: EnterpriseId,
    name: SettlementName,
) -> Result<Option<Settlement>, StoreError> {
    find(&db.readers, &enterprise_id, &name).await
}

/// Reads a settlement by name, in whichever transaction.
pub(super) async fn find(
    on: impl Executor<'_, Database = Sqlite>,
    enterprise_id: &EnterpriseId,
    name: &SettlementName,
) -> Result<Option<Settlement>, StoreError> {
    const EXTERNAL: &str =
        concat!("SELECT ", rows::settlement_columns!(), " FROM settlement WHERE enterprise_id = ?1 AND external_id = ?2");
    const VENUE: &str = concat!(
        "SELECT ",
        rows::settlement_columns!(),
        " FROM settlement WHERE enterprise_id = ?1 AND venue_settlement_id = ?2 ORDER BY id DESC LIMIT 1"
    );
    let (statement, name) = match name {
        SettlementName::External(id) => (EXTERNAL, id.as_str()),
        SettlementName::Venue(id) => (VENUE, id.as_str()),
    };
    let row = sqlx::query(statement).bind(enterprise_id.as_str()).bind(name).fetch_optional(on).await.map_err(unavailable)?;
    row.as_ref().map(rows::settlement).transpose()
}

/// Reads a settlement by its journal id.
pub(super) async fn by_id(db: Database, id: Uuid) -> Result<Option<Settlement>, StoreError> {
    const BY_ID: &str = concat!("SELECT ", rows::settlement_columns!(), " FROM settlement WHERE id = ?1");
    let row = sqlx::query(BY_ID).bind(id).fetch_optional(&db.readers).await.map_err(unavailable)?;
    row.as_ref().map(rows::settlement).transpose()
}

/// Reads the large texts.
pub(super) async fn material(db: Database, id: Uuid) -> Result<Material, StoreError> {
    let query = sqlx::query("SELECT payload, body FROM settlement_material WHERE settlement_id = ?1").bind(id);
    let Some(row) = query.fetch_optional(&db.readers).await.map_err(unavailable)? else {
        return Ok(Material::default());
    };
    let columns = Columns(&row);
    Ok(Material { payload: columns.plain("payload")?, body: columns.plain("body")? })
}

/// Lists settlements. An absent filter is one that lets everything pass, so that one statement does for all.
pub(super) async fn list(db: Database, query: ListQuery) -> Result<Vec<Settlement>, StoreError> {
    const LIST: &str = concat!(
        "SELECT ",
        rows::settlement_columns!(),
        " FROM settlement WHERE enterprise_id = ?1 AND id < ?2 AND created_at >= ?3 AND created_at < ?4 \
         AND (?5 IS NULL OR state IN (SELECT value FROM json_each(?5))) ORDER BY id DESC LIMIT ?6"
    );
    let rows = sqlx::query(LIST)
        .bind(query.enterprise_id.as_str())
        .bind(query.after.unwrap_or(Uuid::max()))
        .bind(instant(query.created_from.unwrap_or(Timestamp::MIN)))
        .bind(instant(query.created_before.unwrap_or(Timestamp::MAX)))
        .bind(states_text(&query.states)?)
        .bind(query.limit)
        .fetch_all(&db.readers)
        .await
        .map_err(unavailable)?;
    rows.iter().map(rows::settlement).collect()
}

/// The states as a JSON list; `None` for all.
fn states_text(states: &[State]) -> Result<Option<String>, StoreError> {
    let names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    if names.is_empty() { Ok(None) } else { serde_json::to_string(&names).map(Some).map_err(unavailable) }
}
