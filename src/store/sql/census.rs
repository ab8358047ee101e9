//! A census of the journal: bounded reads along indexes that are there for the work itself.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::driver::Driver;
use super::row::{Row, parse};
use super::session::Session;
use super::standing_row;
use super::statement::Statement;
use super::store::SqlStore;
use super::text::read_instant;
use crate::domain::ids::EnterpriseId;
use crate::domain::origin::Origin;
use crate::domain::quote::ConfirmationState;
use crate::domain::settlement::State;
use crate::domain::trade::TradeState;
use crate::store::{Census, CensusQuery, CensusStore, ErrandKind, StoreError, Tally};

#[async_trait]
impl<D: Driver> CensusStore for SqlStore<D> {
    async fn census(&self, query: CensusQuery) -> Result<Census, StoreError> {
        self.read(query, |on, query| Box::pin(take(on, query))).await
    }

    async fn origin(&self, id: Uuid) -> Result<Origin, StoreError> {
        self.read(id, |on, id| Box::pin(origin(on, *id))).await
    }
}

async fn take(on: &mut Session, query: &CensusQuery) -> Result<Census, StoreError> {
    Ok(Census {
        settlements: settlements(on).await?,
        completed: completed(on, &query.enterprises).await?,
        unfunded: unfunded(on, query).await?,
        confirmations: confirmations(on).await?,
        trades: trades(on).await?,
        errands: errands(on).await?,
    })
}

/// By the index of what a later settlement is held against.
async fn settlements(on: &mut Session) -> Result<Vec<Tally<(EnterpriseId, State)>>, StoreError> {
    const READ: &str = "SELECT enterprise_id, state, COUNT(*) AS tally, MIN(created_at) AS oldest FROM \
                        (SELECT enterprise_id, state, created_at FROM settlement WHERE money = 'MAY_MOVE' LIMIT $1) AS open \
                        GROUP BY enterprise_id, state ORDER BY enterprise_id, state";
    let rows = on.rows(Statement::new(READ).bind(Census::MAX_COUNTED)).await?;
    rows.iter().map(|row| tally(row, (row.read("enterprise_id", parse)?, row.read("state", State::from_name)?))).collect()
}

/// Among the newest: a settlement that was recorded long before them and completed after them all is not waited for.
async fn completed(on: &mut Session, enterprises: &[EnterpriseId]) -> Result<Vec<(EnterpriseId, Timestamp)>, StoreError> {
    const READ: &str = "SELECT MAX(updated_at) AS last FROM (SELECT updated_at, money FROM settlement WHERE enterprise_id = $1 \
                        ORDER BY id DESC LIMIT $2) AS newest WHERE money = 'MOVED'";
    let mut completed = Vec::new();
    for enterprise in enterprises {
        let read = Statement::new(READ).bind(enterprise.as_str()).bind(Census::MAX_NEWEST);
        if let Some(row) = on.row(read).await?
            && let Some(last) = row.read_if_any("last", read_instant)?
        {
            completed.push((enterprise.clone(), last));
        }
    }
    Ok(completed)
}

/// What is lacking is told by a settlement's standing alone, which is JSON.
async fn unfunded(on: &mut Session, query: &CensusQuery) -> Result<Vec<Tally<EnterpriseId>>, StoreError> {
    const READ: &str = "SELECT enterprise_id, standing FROM settlement JOIN settlement_standing ON settlement_id = id \
                        WHERE money = 'MAY_MOVE' AND state IN ('PENDING', 'AWAITING_FUNDS') LIMIT $1";
    let mut ending: BTreeMap<EnterpriseId, Vec<Timestamp>> = BTreeMap::new();
    for row in on.rows(Statement::new(READ).bind(Census::MAX_WINDOWS)).await? {
        let standing = row.read("standing", standing_row::read)?;
        let counts = |end: &Timestamp| query.windows_end_after < *end && *end <= query.windows_end_by;
        if let Some(end) = standing.windows.top_up.filter(counts).filter(|_| !standing.shortfalls.is_empty()) {
            ending.entry(row.read("enterprise_id", parse)?).or_default().push(end);
        }
    }
    let tally = |(of, ends): (EnterpriseId, Vec<Timestamp>)| {
        let oldest = ends.iter().min().copied();
        Tally { of, count: u32::try_from(ends.len()).unwrap_or(u32::MAX), oldest }
    };
    Ok(ending.into_iter().map(tally).collect())
}

async fn confirmations(on: &mut Session) -> Result<Vec<Tally<ConfirmationState>>, StoreError> {
    const READ: &str = "SELECT state, COUNT(*) AS tally, MIN(recorded_at) AS oldest FROM \
                        (SELECT state, recorded_at FROM quote_confirmation \
                        WHERE state IN ('RECORDED', 'SENDING', 'UNKNOWN', 'NEEDS_OPERATOR') LIMIT $1) AS undecided \
                        GROUP BY state ORDER BY state";
    let rows = on.rows(Statement::new(READ).bind(Census::MAX_COUNTED)).await?;
    rows.iter().map(|row| tally(row, row.read("state", ConfirmationState::from_name)?)).collect()
}

async fn trades(on: &mut Session) -> Result<Vec<Tally<TradeState>>, StoreError> {
    const READ: &str = "SELECT state, COUNT(*) AS tally, MIN(created_at) AS oldest FROM \
                        (SELECT state, created_at FROM trade \
                        WHERE state IN ('RECEIVED', 'PREPARED', 'SIGNED', 'SUBMITTING', 'OUTCOME_UNKNOWN', 'NEEDS_OPERATOR') \
                        LIMIT $1) AS undecided GROUP BY state ORDER BY state";
    let rows = on.rows(Statement::new(READ).bind(Census::MAX_COUNTED)).await?;
    rows.iter().map(|row| tally(row, row.read("state", TradeState::from_name)?)).collect()
}

async fn errands(on: &mut Session) -> Result<Vec<Tally<ErrandKind>>, StoreError> {
    const READ: &str = "SELECT kind, COUNT(*) AS tally, MIN(due_at) AS oldest FROM \
                        (SELECT kind, due_at FROM errand WHERE lease_until IS NULL AND due_at > '' LIMIT $1) AS open \
                        GROUP BY kind ORDER BY kind";
    let rows = on.rows(Statement::new(READ).bind(Census::MAX_COUNTED)).await?;
    rows.iter().map(|row| tally(row, row.read("kind", ErrandKind::from_name)?)).collect()
}

fn tally<K>(row: &Row, of: K) -> Result<Tally<K>, StoreError> {
    Ok(Tally { of, count: row.count("tally")?, oldest: row.read_if_any("oldest", read_instant)? })
}

async fn origin(on: &mut Session, id: Uuid) -> Result<Origin, StoreError> {
    const READ: &str = "SELECT origin FROM settlement_intent WHERE settlement_id = $1";
    let Some(row) = on.row(Statement::new(READ).bind(id)).await? else { return Ok(Origin::default()) };
    Ok(row.plain::<Option<String>>("origin")?.map(|text| Origin::from_text(&text)).unwrap_or_default())
}
