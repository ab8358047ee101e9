//! Reading settlements.

use jiff::Timestamp;
use uuid::Uuid;

use super::error::{damaged, in_settlement, unavailable};
use super::row::Row;
use super::rows;
use super::session::Session;
use super::statement::Statement;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{Settlement, State, body_digest};
use crate::domain::signing::PayloadDigest;
use crate::store::{ListQuery, Material, SettlementName, StoreError};

/// Reads a settlement by name.
pub(super) async fn by_name(
    on: &mut Session,
    enterprise_id: &EnterpriseId,
    name: &SettlementName,
) -> Result<Option<Settlement>, StoreError> {
    const EXTERNAL: &str =
        concat!("SELECT ", rows::settlement_columns!(), " FROM settlement WHERE enterprise_id = $1 AND external_id = $2");
    const VENUE: &str = concat!(
        "SELECT ",
        rows::settlement_columns!(),
        " FROM settlement WHERE enterprise_id = $1 AND venue_settlement_id = $2 ORDER BY id DESC LIMIT 1"
    );
    let (statement, name) = match name {
        SettlementName::External(id) => (EXTERNAL, id.as_str()),
        SettlementName::Venue(id) => (VENUE, id.as_str()),
    };
    let row = on.row(Statement::new(statement).bind(enterprise_id.as_str()).bind(name)).await?;
    row.as_ref().map(rows::settlement).transpose()
}

/// Reads a settlement by its journal id.
pub(super) async fn by_id(on: &mut Session, id: Uuid) -> Result<Option<Settlement>, StoreError> {
    const BY_ID: &str = concat!("SELECT ", rows::settlement_columns!(), " FROM settlement WHERE id = $1");
    let row = on.row(Statement::new(BY_ID).bind(id)).await?;
    row.as_ref().map(rows::settlement).transpose()
}

/// Reads the large texts and holds them against their digests: nothing is signed or sent that changed since it was stored.
pub(super) async fn material(on: &mut Session, id: Uuid) -> Result<Material, StoreError> {
    const READ: &str = "SELECT payload, body, body_digest, payload_digest FROM settlement_material \
                        JOIN settlement ON id = settlement_id WHERE settlement_id = $1";
    match on.row(Statement::new(READ).bind(id)).await? {
        Some(row) => whole_material(&row).map_err(|error| in_settlement(error, id)),
        None => Ok(Material::default()),
    }
}

fn whole_material(row: &Row) -> Result<Material, StoreError> {
    let material = Material { payload: row.plain("payload")?, body: row.plain("body")? };
    let payload_digest = row.bytes_if_any("payload_digest")?.map(PayloadDigest::from_bytes);
    if material.payload.as_deref().map(PayloadDigest::of) != payload_digest {
        return Err(damaged("payload"));
    }
    if material.body.as_deref().map(body_digest) != row.bytes_if_any("body_digest")? {
        return Err(damaged("body"));
    }
    Ok(material)
}

/// Reads what may still move money, by the index of what a later settlement is held against.
pub(super) async fn open(on: &mut Session, enterprise_id: &EnterpriseId, limit: u32) -> Result<Vec<Settlement>, StoreError> {
    const OPEN: &str = concat!(
        "SELECT ",
        rows::settlement_columns!(),
        " FROM settlement WHERE enterprise_id = $1 AND money = 'MAY_MOVE' ORDER BY id LIMIT $2"
    );
    let open = Statement::new(OPEN).bind(enterprise_id.as_str()).bind(limit);
    on.rows(open).await?.iter().map(rows::settlement).collect()
}

/// Lists settlements. An absent filter is one that lets everything pass, so that one statement does for all.
pub(super) async fn list(on: &mut Session, query: &ListQuery) -> Result<Vec<Settlement>, StoreError> {
    let list = Statement::new(on.dialect().list)
        .bind(query.enterprise_id.as_str())
        .bind(query.after.unwrap_or(Uuid::max()))
        .bind(query.created_from.unwrap_or(Timestamp::MIN))
        .bind(query.created_before.unwrap_or(Timestamp::MAX))
        .bind(states_text(&query.states)?)
        .bind(query.limit);
    on.rows(list).await?.iter().map(rows::settlement).collect()
}

/// The states as a JSON list; `None` for all.
pub(super) fn states_text(states: &[State]) -> Result<Option<String>, StoreError> {
    let names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    if names.is_empty() { Ok(None) } else { serde_json::to_string(&names).map(Some).map_err(unavailable) }
}
