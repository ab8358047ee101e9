//! Settlements that only the venue has, and what is unfinished here.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::driver::Driver;
use super::error::unavailable;
use super::row::{Row, parse};
use super::session::Session;
use super::statement::Statement;
use super::text::read_instant;
use super::{SqlStore, audit, once, rows, settlements, trades, venue_row};
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::{AdoptedBy, AdoptedSettlement, Settlement};
use crate::domain::time::Cutoff;
use crate::domain::trade::TradeWrite;
use crate::store::{AdoptionStore, SettlementName, StoreError};

/// Reads what was adopted under an external id.
pub(super) async fn read(
    on: &mut Session,
    enterprise_id: &EnterpriseId,
    external_id: &ExternalId,
) -> Result<Option<AdoptedSettlement>, StoreError> {
    const READ: &str = "SELECT enterprise_id, external_id, venue, adopted_by, adopted_at FROM adopted_settlement \
                        WHERE enterprise_id = $1 AND external_id = $2";
    let row = on.row(Statement::new(READ).bind(enterprise_id.as_str()).bind(external_id.as_str())).await?;
    row.map(|row| adopted(&row)).transpose()
}

/// Reads what was adopted.
pub(super) fn adopted(row: &Row) -> Result<AdoptedSettlement, StoreError> {
    Ok(AdoptedSettlement {
        enterprise_id: row.read("enterprise_id", parse)?,
        external_id: row.read("external_id", parse)?,
        venue: row.read("venue", venue_row::read)?,
        by: row.read("adopted_by", AdoptedBy::from_name)?,
        at: row.instant("adopted_at")?,
    })
}

async fn adopt(on: &mut Session, settlements: &Vec<AdoptedSettlement>) -> Result<Vec<AdoptedSettlement>, StoreError> {
    let mut new = Vec::new();
    for found in settlements {
        // Held as who records one holds it, so that an external id is either recorded or adopted.
        once::hold(on, &found.enterprise_id).await?;
        let name = SettlementName::External(found.external_id.clone());
        let is_ours = settlements::by_name(on, &found.enterprise_id, &name).await?.is_some();
        if !is_ours && insert(on, found).await? {
            audit::adopted(on, found).await?;
            new.push(found.clone());
        }
    }
    Ok(new)
}

async fn insert(on: &mut Session, found: &AdoptedSettlement) -> Result<bool, StoreError> {
    const INSERT: &str = "INSERT INTO adopted_settlement (enterprise_id, external_id, settlement_id, cutoff, venue, adopted_by, \
                          adopted_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (enterprise_id, external_id) DO NOTHING";
    let insert = Statement::new(INSERT)
        .bind(found.enterprise_id.as_str())
        .bind(found.external_id.as_str())
        .bind(found.venue.settlement_id.replace('\0', "\u{fffd}"))
        .bind(found.cutoff().map(Cutoff::to_text))
        .bind(venue_row::write(&found.venue).map_err(unavailable)?)
        .bind(found.by.as_str())
        .bind(found.at);
    Ok(on.execute(insert).await? == 1)
}

async fn unfinished(on: &mut Session, after: Option<Uuid>, limit: u32) -> Result<Vec<Settlement>, StoreError> {
    const LIST: &str =
        concat!("SELECT ", rows::settlement_columns!(), " FROM settlement WHERE terminal = 0 AND id > $1 ORDER BY id LIMIT $2");
    let list = Statement::new(LIST).bind(after.unwrap_or(Uuid::nil())).bind(limit);
    on.rows(list).await?.iter().map(rows::settlement).collect()
}

async fn undecided_confirmations(on: &mut Session) -> Result<u64, StoreError> {
    const COUNT: &str = "SELECT COUNT(*) AS undecided FROM quote_confirmation WHERE state IN ('RECORDED', 'SENDING', 'UNKNOWN')";
    on.row(Statement::new(COUNT)).await?.map_or(Ok(0), |row| row.count("undecided"))
}

/// The newest settlement, the newest signature and the last patrol: each an index away.
async fn last_recorded_at(on: &mut Session) -> Result<Option<Timestamp>, StoreError> {
    const LAST: &str = "SELECT MAX(at) AS at FROM (\
                        SELECT * FROM (SELECT created_at AS at FROM settlement ORDER BY id DESC LIMIT 1) AS newest \
                        UNION ALL SELECT * FROM (SELECT signed_at AS at FROM signing_reservation \
                        WHERE journal_sequence IS NOT NULL ORDER BY journal_sequence DESC LIMIT 1) AS signed \
                        UNION ALL SELECT looked_at AS at FROM patrol) AS last";
    match on.row(Statement::new(LAST)).await? {
        Some(row) => row.read_if_any("at", read_instant),
        None => Ok(None),
    }
}

#[async_trait]
impl<D: Driver> AdoptionStore for SqlStore<D> {
    async fn adopt(&self, settlements: &[AdoptedSettlement]) -> Result<Vec<AdoptedSettlement>, StoreError> {
        self.write(settlements.to_vec(), |on, settlements| Box::pin(adopt(on, settlements))).await
    }

    async fn unfinished(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Settlement>, StoreError> {
        self.read((after, limit), |on, (after, limit)| Box::pin(unfinished(on, *after, *limit))).await
    }

    async fn unfinished_trades(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<TradeWrite>, StoreError> {
        self.read((after, limit), |on, (after, limit)| Box::pin(trades::unfinished(on, *after, *limit))).await
    }

    async fn undecided_confirmations(&self) -> Result<u64, StoreError> {
        self.read((), |on, ()| Box::pin(undecided_confirmations(on))).await
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read((), |on, ()| Box::pin(last_recorded_at(on))).await
    }
}
