//! The inbox: deliveries, and the settlements that they make due.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::driver::Driver;
use super::errands;
use super::error::{damaged, unavailable};
use super::row::{Row, parse};
use super::session::Session;
use super::statement::Statement;
use super::store::SqlStore;
use super::text::read_instant;
use crate::domain::ids::EnterpriseId;
use crate::store::{About, Delivery, DeliveryOutcome, ErrandKind, ErrandLease, Hastened, InboxStore, Received, StoreError};

/// The most deliveries that are forgotten at once.
const FORGOTTEN_AT_ONCE: u32 = 500;

const WAITING: &str = "SELECT id, lane, unique_key, about, body, received_at FROM delivery \
                       WHERE lane = $1 AND acted_at IS NULL ORDER BY id LIMIT $2";

const CLOSE: &str = "UPDATE delivery SET outcome = $2, acted_at = $3 WHERE id = $1 AND acted_at IS NULL";

#[async_trait]
impl<D: Driver> InboxStore for SqlStore<D> {
    async fn receive(&self, delivery: &Delivery) -> Result<Received, StoreError> {
        self.write(delivery.clone(), |on, delivery| Box::pin(receive(on, delivery))).await
    }

    async fn waiting_deliveries(&self, lane: &str, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let waiting = self.read((lane.to_owned(), limit), |on, (lane, limit)| Box::pin(waiting(on, lane, *limit))).await;
        if let Err(StoreError::Damaged(_)) = &waiting {
            // One that cannot be read must not stand before all others for ever.
            self.write((lane.to_owned(), limit), |on, (lane, limit)| Box::pin(set_aside(on, lane, *limit))).await?;
        }
        waiting
    }

    async fn close_delivery(
        &self,
        lease: &ErrandLease,
        id: Uuid,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let closed = (lease.clone(), id, outcome, now);
        self.write(closed, |on, (lease, id, outcome, now)| Box::pin(close(on, lease, *id, *outcome, *now))).await
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(before, |on, before| Box::pin(forget(on, *before))).await
    }

    async fn hasten_named(&self, enterprise_id: &EnterpriseId, name: &str, now: Timestamp) -> Result<Hastened, StoreError> {
        let named = (enterprise_id.clone(), name.to_owned(), now);
        self.write(named, |on, (enterprise, name, now)| Box::pin(hasten_named(on, enterprise, name, *now))).await
    }

    async fn hasten_all(&self, enterprise_id: &EnterpriseId, now: Timestamp) -> Result<u64, StoreError> {
        self.write((enterprise_id.clone(), now), |on, (enterprise, now)| Box::pin(hasten_all(on, enterprise, *now))).await
    }
}

async fn receive(on: &mut Session, delivery: &Delivery) -> Result<Received, StoreError> {
    const INSERT: &str = "INSERT INTO delivery (id, lane, unique_key, about, body, received_at) \
                          VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (lane, unique_key) DO NOTHING";
    const FIRST: &str = "SELECT body FROM delivery WHERE lane = $1 AND unique_key = $2";
    let insert = Statement::new(INSERT)
        .bind(delivery.id)
        .bind(delivery.lane.as_str())
        .bind(delivery.key.as_slice())
        .bind(write_about(&delivery.about)?)
        .bind(delivery.body.as_slice())
        .bind(delivery.received_at);
    if on.execute(insert).await? == 1 {
        errands::enlist(on, ErrandKind::Delivery, &delivery.lane, delivery.received_at).await?;
        return Ok(Received::New);
    }
    let first = Statement::new(FIRST).bind(delivery.lane.as_str()).bind(delivery.key.as_slice());
    let row = on.row(first).await?.ok_or_else(|| damaged("delivery"))?;
    Ok(if row.plain::<&[u8]>("body")? == delivery.body { Received::Repeat } else { Received::OtherBody })
}

async fn waiting(on: &mut Session, lane: &str, limit: u32) -> Result<Vec<Delivery>, StoreError> {
    on.rows(Statement::new(WAITING).bind(lane).bind(limit)).await?.iter().map(from_row).collect()
}

/// Closes those of the waiting deliveries that cannot be read; what they are about is found by polling.
async fn set_aside(on: &mut Session, lane: &str, limit: u32) -> Result<(), StoreError> {
    let now = on.now().await?;
    for row in on.rows(Statement::new(WAITING).bind(lane).bind(limit)).await? {
        if matches!(from_row(&row), Err(StoreError::Damaged(_))) {
            let close = Statement::new(CLOSE).bind(row.plain::<Uuid>("id")?).bind(DeliveryOutcome::SetAside.as_str()).bind(now);
            on.execute(close).await?;
        }
    }
    Ok(())
}

async fn close(
    on: &mut Session,
    lease: &ErrandLease,
    id: Uuid,
    outcome: DeliveryOutcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    errands::hold(on, lease).await?;
    on.execute(Statement::new(CLOSE).bind(id).bind(outcome.as_str()).bind(now)).await?;
    Ok(())
}

async fn forget(on: &mut Session, before: Timestamp) -> Result<u64, StoreError> {
    const FORGET: &str = "DELETE FROM delivery WHERE id IN \
                          (SELECT id FROM delivery WHERE acted_at < $1 ORDER BY acted_at LIMIT $2)";
    on.execute(Statement::new(FORGET).bind(before).bind(FORGOTTEN_AT_ONCE)).await
}

/// What is under way and was never sent keeps its own pace: no venue can have called about it.
async fn hasten_named(
    on: &mut Session,
    enterprise_id: &EnterpriseId,
    name: &str,
    now: Timestamp,
) -> Result<Hastened, StoreError> {
    const NAMED: &str = "SELECT terminal, exposed, due_at, lease_until FROM settlement WHERE enterprise_id = $1 \
                         AND external_id = $2 UNION ALL SELECT terminal, exposed, due_at, lease_until FROM settlement \
                         WHERE enterprise_id = $1 AND venue_settlement_id = $2 AND external_id <> $2";
    const HASTEN: &str = "UPDATE settlement SET due_at = $3 WHERE enterprise_id = $1 \
                          AND (external_id = $2 OR venue_settlement_id = $2) \
                          AND terminal = 0 AND exposed = 1 AND lease_until IS NULL AND due_at > $3";
    const DETAILS: &str = "UPDATE settlement_standing SET details_due_at = $3 WHERE details_due_at > $3 AND settlement_id IN \
                           (SELECT id FROM settlement WHERE enterprise_id = $1 \
                           AND (external_id = $2 OR venue_settlement_id = $2) AND terminal = 0)";
    for statement in [HASTEN, DETAILS] {
        on.execute(Statement::new(statement).bind(enterprise_id.as_str()).bind(name).bind(now)).await?;
    }
    let mut hastened = Hastened::default();
    for row in on.rows(Statement::new(NAMED).bind(enterprise_id.as_str()).bind(name)).await? {
        hastened.known += 1;
        if row.flag("terminal")? || !row.flag("exposed")? {
            continue;
        }
        let is_due = row.read_if_any("due_at", read_instant)?.is_some_and(|due_at| due_at <= now);
        match row.read_if_any("lease_until", read_instant)? {
            Some(_) => hastened.held += 1,
            None => hastened.due += u32::from(is_due),
        }
    }
    Ok(hastened)
}

async fn hasten_all(on: &mut Session, enterprise_id: &EnterpriseId, now: Timestamp) -> Result<u64, StoreError> {
    const HASTEN: &str = "UPDATE settlement SET due_at = $2 WHERE enterprise_id = $1 \
                          AND terminal = 0 AND exposed = 1 AND lease_until IS NULL AND due_at > $2";
    const DETAILS: &str = "UPDATE settlement_standing SET details_due_at = $2 WHERE details_due_at > $2 AND settlement_id IN \
                           (SELECT id FROM settlement WHERE enterprise_id = $1 AND terminal = 0)";
    // A settlement's row before its standing's, as wherever both are written: nobody waits in a circle.
    let hastened = on.execute(Statement::new(HASTEN).bind(enterprise_id.as_str()).bind(now)).await?;
    on.execute(Statement::new(DETAILS).bind(enterprise_id.as_str()).bind(now)).await?;
    Ok(hastened)
}

fn from_row(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.plain("id")?,
        lane: row.plain::<String>("lane")?,
        key: row.bytes("unique_key")?,
        about: row.read("about", read_about)?,
        body: row.plain::<Vec<u8>>("body")?,
        received_at: row.instant("received_at")?,
    })
}

/// What a delivery is about, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum AboutJson {
    Settlements { enterprises: Vec<String>, names: Vec<String> },
    Quote { merchant_id: String, tx_id: String },
}

fn write_about(about: &About) -> Result<String, StoreError> {
    let json = match about {
        About::Settlements { enterprises, names } => {
            let enterprises = enterprises.iter().map(ToString::to_string).collect();
            AboutJson::Settlements { enterprises, names: names.clone() }
        }
        About::Quote { merchant_id, tx_id } => {
            AboutJson::Quote { merchant_id: merchant_id.to_string(), tx_id: tx_id.to_string() }
        }
    };
    serde_json::to_string(&json).map_err(unavailable)
}

fn read_about(text: &str) -> Option<About> {
    Some(match serde_json::from_str(text).ok()? {
        AboutJson::Settlements { enterprises, names } => {
            About::Settlements { enterprises: enterprises.iter().map(|id| parse(id)).collect::<Option<_>>()?, names }
        }
        AboutJson::Quote { merchant_id, tx_id } => About::Quote { merchant_id: parse(&merchant_id)?, tx_id: parse(&tx_id)? },
    })
}
