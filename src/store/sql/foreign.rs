//! Settlements that this gateway did not send, and how far the patrol has come.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;

use super::driver::Driver;
use super::error::unavailable;
use super::row::{Row, parse};
use super::session::Session;
use super::statement::Statement;
use super::{SqlStore, errands, venue_row};
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::{ForeignOrigin, ForeignSettlement, RecordedSettlement};
use crate::domain::signing::SigningReference;
use crate::store::{ErrandLease, ForeignQuery, ForeignStore, PatrolMark, StoreError};

/// What a patrol saves.
struct Patrol {
    lease: ErrandLease,
    enterprise_id: EnterpriseId,
    mark: PatrolMark,
    found: Vec<ForeignSettlement>,
}

async fn mark(on: &mut Session, enterprise_id: &EnterpriseId) -> Result<Option<PatrolMark>, StoreError> {
    const READ: &str = "SELECT began_at, looked_at FROM patrol WHERE enterprise_id = $1";
    let Some(row) = on.row(Statement::new(READ).bind(enterprise_id.as_str())).await? else { return Ok(None) };
    Ok(Some(PatrolMark { began_at: row.instant("began_at")?, looked_at: row.instant("looked_at")? }))
}

async fn recorded_among(
    on: &mut Session,
    enterprise_id: &EnterpriseId,
    external_ids: &[ExternalId],
) -> Result<Vec<(String, RecordedSettlement)>, StoreError> {
    let ids: Vec<&str> = external_ids.iter().map(ExternalId::as_str).collect();
    let list = serde_json::to_string(&ids).map_err(unavailable)?;
    let rows = on.rows(Statement::new(on.dialect().recorded_among).bind(enterprise_id.as_str()).bind(list)).await?;
    let recorded = |row: &Row| {
        let recorded = RecordedSettlement { attempts: row.count("attempts")?, settlement_id: row.plain("venue_settlement_id")? };
        Ok((row.plain("external_id")?, recorded))
    };
    rows.iter().map(recorded).collect()
}

async fn signed_among(on: &mut Session, references: &[SigningReference]) -> Result<Vec<SigningReference>, StoreError> {
    let texts: Vec<String> = references.iter().map(SigningReference::to_text).collect();
    let list = serde_json::to_string(&texts).map_err(unavailable)?;
    let rows = on.rows(Statement::new(on.dialect().signed_among).bind(list)).await?;
    let signed = rows.iter().map(|row| row.plain("reference")).collect::<Result<HashSet<String>, _>>()?;
    let of = references.iter().zip(&texts).filter(|(_, text)| signed.contains(*text));
    Ok(of.map(|(reference, _)| reference.clone()).collect())
}

async fn save(on: &mut Session, patrol: &Patrol) -> Result<Vec<ForeignSettlement>, StoreError> {
    const KEEP: &str = "INSERT INTO patrol (enterprise_id, began_at, looked_at) VALUES ($1, $2, $3) \
                        ON CONFLICT (enterprise_id) DO UPDATE SET looked_at = excluded.looked_at";
    errands::hold(on, &patrol.lease).await?;
    let keep = Statement::new(KEEP).bind(patrol.enterprise_id.as_str());
    on.execute(keep.bind(patrol.mark.began_at).bind(patrol.mark.looked_at)).await?;
    let mut new = Vec::new();
    for found in &patrol.found {
        if insert(on, found).await? {
            new.push(found.clone());
        }
    }
    Ok(new)
}

/// Writes a finding unless it is there already.
async fn insert(on: &mut Session, found: &ForeignSettlement) -> Result<bool, StoreError> {
    const INSERT: &str = "INSERT INTO foreign_settlement (enterprise_id, settlement_id, venue, origin, found_at) \
                          VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let insert = Statement::new(INSERT)
        .bind(found.enterprise_id.as_str())
        .bind(ForeignSettlement::key_of(&found.venue.settlement_id))
        .bind(venue_row::write(&found.venue).map_err(unavailable)?)
        .bind(found.origin.as_str())
        .bind(found.found_at);
    Ok(on.execute(insert).await? == 1)
}

async fn list(on: &mut Session, query: &ForeignQuery) -> Result<Vec<ForeignSettlement>, StoreError> {
    const LIST: &str = "SELECT enterprise_id, venue, origin, found_at FROM foreign_settlement WHERE enterprise_id = $1 \
                        AND (found_at < $2 OR (found_at = $2 AND settlement_id < $3)) \
                        ORDER BY found_at DESC, settlement_id DESC LIMIT $4";
    let (at, id) = query.after.as_ref().map_or((Timestamp::MAX, ""), |(at, id)| (*at, id.as_str()));
    let key = if id.is_empty() { String::new() } else { ForeignSettlement::key_of(id) };
    let list = Statement::new(LIST).bind(query.enterprise_id.as_str()).bind(at).bind(key).bind(query.limit);
    let finding = |row: &Row| {
        Ok(ForeignSettlement {
            enterprise_id: row.read("enterprise_id", parse)?,
            venue: row.read("venue", venue_row::read)?,
            origin: row.read("origin", ForeignOrigin::from_name)?,
            found_at: row.instant("found_at")?,
        })
    };
    on.rows(list).await?.iter().map(finding).collect()
}

#[async_trait]
impl<D: Driver> ForeignStore for SqlStore<D> {
    async fn patrol_mark(&self, enterprise_id: &EnterpriseId) -> Result<Option<PatrolMark>, StoreError> {
        self.read(enterprise_id.clone(), |on, enterprise_id| Box::pin(mark(on, enterprise_id))).await
    }

    async fn recorded_among(
        &self,
        enterprise_id: &EnterpriseId,
        external_ids: &[ExternalId],
    ) -> Result<Vec<(String, RecordedSettlement)>, StoreError> {
        let among = (enterprise_id.clone(), external_ids.to_vec());
        self.read(among, |on, (enterprise_id, ids)| Box::pin(recorded_among(on, enterprise_id, ids))).await
    }

    async fn signed_among(&self, references: &[SigningReference]) -> Result<Vec<SigningReference>, StoreError> {
        self.read(references.to_vec(), |on, references| Box::pin(signed_among(on, references))).await
    }

    async fn save_patrol(
        &self,
        lease: &ErrandLease,
        enterprise_id: &EnterpriseId,
        mark: PatrolMark,
        found: &[ForeignSettlement],
    ) -> Result<Vec<ForeignSettlement>, StoreError> {
        let patrol = Patrol { lease: lease.clone(), enterprise_id: enterprise_id.clone(), mark, found: found.to_vec() };
        self.write(patrol, |on, patrol| Box::pin(save(on, patrol))).await
    }

    async fn foreign_settlements(&self, query: &ForeignQuery) -> Result<Vec<ForeignSettlement>, StoreError> {
        self.read(query.clone(), |on, query| Box::pin(list(on, query))).await
    }
}
