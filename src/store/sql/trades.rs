//! Writes on BitGo Trade: each change under its errand's lease, on top of the sequence that was read.

use async_trait::async_trait;
use uuid::Uuid;

use super::driver::Driver;
use super::error::unavailable;
use super::events::sequence;
use super::row::{Row, parse};
use super::session::Session;
use super::statement::Statement;
use super::store::SqlStore;
use super::trade_events::{self, note};
use super::{anchored, errands, mirror};
use crate::domain::anchor::Head;
use crate::domain::audit::AuditSubject;
use crate::domain::ids::{EnterpriseId, RequestId, SettlementId};
use crate::domain::origin::Origin;
use crate::domain::signing::Signature;
use crate::domain::trade::{
    Nonces, Shown, TradeAsked, TradeChange, TradeHeader, TradeProgress, TradeReason, TradeState, TradeWrite,
};
use crate::store::{ErrandKind, ErrandLease, StoreError, TradeEvent, TradeListQuery, TradeRecorded, TradeSaved, TradeStore};

/// The columns that [`read`] reads, as part of a statement's text.
macro_rules! columns {
    () => {
        "id, enterprise_id, account_id, request_id, asked, key_id, caller, submit_before, created_at, state, sequence, attempts, \
         exposed, reason, detail, payload, nonces, signature, dispatched_at, in_doubt_since, shown, resolution, updated_at"
    };
}
pub(super) use columns;

/// A change that is to be saved.
struct Save {
    lease: Option<ErrandLease>,
    change: &'static str,
    is_anchored: bool,
    after: TradeWrite,
    floor: Option<Head>,
}

#[async_trait]
impl<D: Driver> TradeStore for SqlStore<D> {
    async fn record_trade(&self, write: &TradeWrite, origin: &Origin) -> Result<TradeRecorded, StoreError> {
        self.write((write.clone(), origin.clone()), |on, (write, origin)| Box::pin(record(on, write, origin))).await
    }

    async fn trade(&self, enterprise_id: &EnterpriseId, request_id: &RequestId) -> Result<Option<TradeWrite>, StoreError> {
        let named = (enterprise_id.clone(), request_id.clone());
        self.read(named, |on, (enterprise_id, request_id)| Box::pin(by_request(on, enterprise_id, request_id))).await
    }

    async fn trade_by_id(&self, id: Uuid) -> Result<Option<TradeWrite>, StoreError> {
        self.read(id, |on, id| Box::pin(by_id(on, *id))).await
    }

    async fn trade_of_settlement(
        &self,
        enterprise_id: &EnterpriseId,
        settlement_id: &SettlementId,
    ) -> Result<Option<TradeWrite>, StoreError> {
        let named = (enterprise_id.clone(), settlement_id.clone());
        self.read(named, |on, (enterprise_id, id)| Box::pin(by_settlement(on, enterprise_id, id))).await
    }

    async fn list_trades(&self, query: &TradeListQuery) -> Result<Vec<TradeWrite>, StoreError> {
        self.read(query.clone(), |on, query| Box::pin(list(on, query))).await
    }

    async fn trade_events(&self, id: Uuid, after_sequence: u64, limit: u32) -> Result<Vec<TradeEvent>, StoreError> {
        let of = (id, after_sequence, limit);
        self.read(of, |on, (id, after, limit)| Box::pin(trade_events::list(on, *id, *after, *limit))).await
    }

    async fn save_trade(
        &self,
        lease: Option<&ErrandLease>,
        change: &TradeChange,
        after: &TradeWrite,
    ) -> Result<TradeSaved, StoreError> {
        let save = Save {
            lease: lease.cloned(),
            change: change.name(),
            is_anchored: change.is_anchored(),
            after: after.clone(),
            floor: self.floor.now(),
        };
        self.write(save, |on, save| Box::pin(self::save(on, save))).await
    }
}

async fn record(on: &mut Session, write: &TradeWrite, origin: &Origin) -> Result<TradeRecorded, StoreError> {
    const INSERT: &str = "INSERT INTO trade (id, enterprise_id, account_id, request_id, action, asked, key_id, caller, \
                          submit_before, created_at, state, terminal, sequence, attempts, exposed, updated_at) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, 0, 0, $10) \
                          ON CONFLICT (enterprise_id, request_id) DO NOTHING";
    let TradeWrite { id, header, progress } = write;
    let asked = &header.asked;
    let insert = Statement::new(INSERT)
        .bind(*id)
        .bind(asked.enterprise_id.as_str())
        .bind(asked.account_id.as_str())
        .bind(asked.request_id.as_str())
        .bind(asked.action.name())
        .bind(mirror::write(&asked.action).map_err(unavailable)?)
        .bind(header.key_id.as_str())
        .bind(header.caller.as_str())
        .bind(header.submit_before)
        .bind(header.created_at)
        .bind(progress.state.as_str())
        .bind(sequence(progress.sequence)?);
    if on.execute(insert).await? == 0 {
        let existing = by_request(on, &asked.enterprise_id, &asked.request_id).await?;
        return existing.map(|write| TradeRecorded::Existing(Box::new(write))).ok_or(StoreError::Fenced);
    }
    note(on, write, "RECEIVED").await?;
    errands::enlist_from(on, ErrandKind::Trade, &id.to_string(), header.created_at, origin).await?;
    Ok(TradeRecorded::New)
}

async fn save(on: &mut Session, save: &Save) -> Result<TradeSaved, StoreError> {
    let Save { lease, change, is_anchored, after, floor } = save;
    let subject = after.id.to_string();
    match lease {
        Some(lease) if lease.kind == ErrandKind::Trade && lease.subject == subject => errands::hold(on, lease).await?,
        Some(_) => return Err(StoreError::Fenced),
        None => errands::enlist(on, ErrandKind::Trade, &subject, after.progress.updated_at).await?,
    }
    if is_held_by_another(on, after).await? {
        on.keep_nothing();
        return Ok(TradeSaved::PayloadHeld);
    }
    update(on, after).await?;
    note(on, after, change).await?;
    if *is_anchored {
        let subject = AuditSubject::Trade { id: after.id, sequence: after.progress.sequence };
        anchored::link(on, &subject, floor.as_ref()).await?;
    }
    Ok(TradeSaved::Saved)
}

/// Whether another write of the account that may take effect has the payload's nonces. The index refuses what two do at once.
async fn is_held_by_another(on: &mut Session, after: &TradeWrite) -> Result<bool, StoreError> {
    const HELD: &str = "SELECT id FROM trade WHERE enterprise_id = $1 AND account_id = $2 AND nonces = $3 \
                        AND state <> 'NOT_ACCEPTED' AND id <> $4";
    let Some(nonces) = after.progress.nonces.as_ref().filter(|_| after.progress.state != TradeState::NotAccepted) else {
        return Ok(false);
    };
    let asked = &after.header.asked;
    let held = Statement::new(HELD)
        .bind(asked.enterprise_id.as_str())
        .bind(asked.account_id.as_str())
        .bind(nonces.to_text())
        .bind(after.id);
    Ok(on.row(held).await?.is_some())
}

async fn update(on: &mut Session, after: &TradeWrite) -> Result<(), StoreError> {
    const UPDATE: &str = "UPDATE trade SET state = $3, terminal = $4, sequence = $5, attempts = $6, exposed = $7, reason = $8, \
                          detail = $9, payload = $10, nonces = $11, signature = $12, dispatched_at = $13, in_doubt_since = $14, \
                          shown = $15, venue_settlement_id = $16, resolution = $17, updated_at = $18 \
                          WHERE id = $1 AND sequence = $2";
    let progress = &after.progress;
    let now = sequence(progress.sequence)?;
    let shown = shown(progress);
    let update = Statement::new(UPDATE)
        .bind(after.id)
        .bind(now - 1)
        .bind(progress.state.as_str())
        .bind(progress.state.is_terminal())
        .bind(now)
        .bind(progress.attempts)
        .bind(progress.exposed)
        .bind(progress.reason.map(TradeReason::as_str))
        .bind(progress.detail.as_deref())
        .bind(progress.payload.as_deref())
        .bind(progress.nonces.as_ref().map(Nonces::to_text))
        .bind(progress.signature.as_ref().map(|signature| signature.as_bytes().as_slice()))
        .bind(progress.dispatched_at)
        .bind(progress.in_doubt_since)
        .bind(shown.as_ref().map(mirror::write).transpose().map_err(unavailable)?)
        .bind(after.settlement_id().filter(|id| !id.contains('\0')))
        .bind(progress.resolution.as_ref().map(mirror::write).transpose().map_err(unavailable)?)
        .bind(progress.updated_at);
    if on.execute(update).await? == 0 { Err(StoreError::Fenced) } else { Ok(()) }
}

/// What the venue shows: a creation has a settlement, any other write an affirmation.
fn shown(progress: &TradeProgress) -> Option<Shown> {
    let settlement = progress.settlement.clone().map(Shown::Settlement);
    settlement.or_else(|| progress.affirmation.clone().map(Shown::Affirmation))
}

async fn by_request(
    on: &mut Session,
    enterprise_id: &EnterpriseId,
    request_id: &RequestId,
) -> Result<Option<TradeWrite>, StoreError> {
    const FIND: &str = concat!("SELECT ", columns!(), " FROM trade WHERE enterprise_id = $1 AND request_id = $2");
    let row = on.row(Statement::new(FIND).bind(enterprise_id.as_str()).bind(request_id.as_str())).await?;
    row.as_ref().map(read).transpose()
}

/// Reads a write by its journal id.
pub(super) async fn by_id(on: &mut Session, id: Uuid) -> Result<Option<TradeWrite>, StoreError> {
    const FIND: &str = concat!("SELECT ", columns!(), " FROM trade WHERE id = $1");
    let row = on.row(Statement::new(FIND).bind(id)).await?;
    row.as_ref().map(read).transpose()
}

async fn by_settlement(
    on: &mut Session,
    enterprise_id: &EnterpriseId,
    settlement_id: &SettlementId,
) -> Result<Option<TradeWrite>, StoreError> {
    const FIND: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM trade WHERE enterprise_id = $1 AND venue_settlement_id = $2 AND action = 'CREATE' ORDER BY id DESC LIMIT 1"
    );
    let row = on.row(Statement::new(FIND).bind(enterprise_id.as_str()).bind(settlement_id.as_str())).await?;
    row.as_ref().map(read).transpose()
}

async fn list(on: &mut Session, query: &TradeListQuery) -> Result<Vec<TradeWrite>, StoreError> {
    const LIST: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM trade WHERE enterprise_id = $1 AND account_id = $2 AND action = 'CREATE' AND id < $3 ORDER BY id DESC LIMIT $4"
    );
    let list = Statement::new(LIST)
        .bind(query.enterprise_id.as_str())
        .bind(query.account_id.as_str())
        .bind(query.after.unwrap_or(Uuid::max()))
        .bind(query.limit);
    on.rows(list).await?.iter().map(read).collect()
}

/// Writes that are not at their end, by rising ids.
pub(super) async fn unfinished(on: &mut Session, after: Option<Uuid>, limit: u32) -> Result<Vec<TradeWrite>, StoreError> {
    const LIST: &str = concat!("SELECT ", columns!(), " FROM trade WHERE terminal = 0 AND id > $1 ORDER BY id LIMIT $2");
    let list = Statement::new(LIST).bind(after.unwrap_or(Uuid::nil())).bind(limit);
    on.rows(list).await?.iter().map(read).collect()
}

/// Reads a write.
pub(super) fn read(row: &Row) -> Result<TradeWrite, StoreError> {
    let asked = TradeAsked {
        enterprise_id: row.read("enterprise_id", parse)?,
        account_id: row.read("account_id", parse)?,
        request_id: row.read("request_id", parse)?,
        action: row.read("asked", mirror::read)?,
    };
    let header = TradeHeader {
        asked,
        key_id: row.read("key_id", parse)?,
        caller: row.read("caller", parse)?,
        submit_before: row.instant("submit_before")?,
        created_at: row.instant("created_at")?,
    };
    let (settlement, affirmation) = match row.read_if_any("shown", mirror::read)? {
        Some(Shown::Settlement(settlement)) => (Some(settlement), None),
        Some(Shown::Affirmation(affirmation)) => (None, Some(affirmation)),
        None => (None, None),
    };
    let progress = TradeProgress {
        state: row.read("state", TradeState::from_name)?,
        sequence: row.count("sequence")?,
        attempts: row.count("attempts")?,
        exposed: row.flag("exposed")?,
        reason: row.read_if_any("reason", TradeReason::from_name)?,
        detail: row.plain("detail")?,
        payload: row.plain("payload")?,
        nonces: row.read_if_any("nonces", Nonces::from_text)?,
        signature: row.bytes_if_any("signature")?.map(Signature::from_bytes),
        dispatched_at: row.read_if_any("dispatched_at", super::text::read_instant)?,
        in_doubt_since: row.read_if_any("in_doubt_since", super::text::read_instant)?,
        settlement,
        affirmation,
        resolution: row.read_if_any("resolution", mirror::read)?,
        updated_at: row.instant("updated_at")?,
    };
    Ok(TradeWrite { id: row.plain("id")?, header, progress })
}
