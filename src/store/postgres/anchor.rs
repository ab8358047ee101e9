//! The anchor in a PostgreSQL database of its own: one row under a name, which replicas share.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Executor, PgPool, Row};
use tokio::sync::OnceCell;

use super::{PostgresOptions, checks, driver, open};
use crate::domain::anchor::{Head, JournalId, Link, Mark};
use crate::store::anchor::{Anchor, AnchorError, Held, Move};
use crate::store::sql::{Mode, OpenError, failed};

/// How often the table is made where others make it at the same moment.
const MAX_ATTEMPTS: u32 = 5;
const MAKE: &str = "CREATE TABLE IF NOT EXISTS gateway_anchor (name TEXT PRIMARY KEY, journal_id TEXT NOT NULL, \
                    epoch BIGINT NOT NULL, sequence BIGINT NOT NULL, link BYTEA NOT NULL, at TEXT NOT NULL)";

const READ: &str = "SELECT journal_id, epoch, sequence, link, at FROM gateway_anchor WHERE name = $1";
const HOLD: &str = "SELECT journal_id, epoch, sequence, link, at FROM gateway_anchor WHERE name = $1 FOR UPDATE";

/// The anchor in a database.
#[derive(Clone)]
pub struct PostgresAnchor {
    pool: PgPool,
    name: String,
    is_ready: Arc<OnceCell<()>>,
}

impl PostgresAnchor {
    /// The anchor in a database that may be down now. Before it is first used, the server is found fit for a journal and the
    /// table is made where it is missing. `name` tells the anchors of several gateways apart.
    ///
    /// # Errors
    /// [`OpenError::Url`].
    pub fn new(options: &PostgresOptions, name: String) -> Result<Self, OpenError> {
        Ok(Self { pool: open::pool_for_later(options)?, name, is_ready: Arc::default() })
    }

    async fn get_ready(&self) -> Result<(), OpenError> {
        checks::fit_for_a_journal(&self.pool).await?;
        make_table(&self.pool).await.map_err(failed)
    }

    /// Carries out what is asked, or reads, in a task that nothing cancels, and answers what stands there then.
    async fn run(&self, asked: Option<Move>) -> Result<Option<Mark>, AnchorError> {
        let anchor = self.clone();
        let working = tokio::spawn(async move {
            anchor.is_ready.get_or_try_init(|| anchor.get_ready()).await.map_err(AnchorError::unavailable)?;
            match asked {
                None => anchor.held().await?.mark(),
                Some(asked) => anchor.carry_out(&asked).await,
            }
        });
        working.await.map_err(AnchorError::unavailable)?
    }

    async fn held(&self) -> Result<Held, AnchorError> {
        let mut session = driver::begin(&self.pool, Mode::Read).await.map_err(AnchorError::unavailable)?;
        let held = read(&mut session, &self.name, READ).await.map_err(AnchorError::unavailable)?;
        session.commit().await.map_err(AnchorError::unavailable)?;
        Ok(held)
    }

    async fn carry_out(&self, asked: &Move) -> Result<Option<Mark>, AnchorError> {
        let mut session = driver::begin(&self.pool, Mode::Write).await.map_err(AnchorError::unavailable)?;
        let held = read(&mut session, &self.name, HOLD).await.map_err(AnchorError::unavailable)?;
        let Some(mark) = asked.decide(held)? else { return Ok(None) };
        if held != Held::Mark(mark) && !write(&mut session, &self.name, held, &mark).await.map_err(AnchorError::unavailable)? {
            // Another replica has written the first mark since it was looked for.
            return Ok(None);
        }
        session.commit().await.map_err(AnchorError::unavailable)?;
        Ok(Some(mark))
    }
}

#[async_trait]
impl Anchor for PostgresAnchor {
    async fn read(&self) -> Result<Option<Mark>, AnchorError> {
        self.run(None).await
    }

    async fn advance(&self, from: &Head, to: &Mark) -> Result<Mark, AnchorError> {
        Ok(self.run(Some(Move::Advance { from: *from, to: *to })).await?.unwrap_or(*to))
    }

    async fn begin(&self, from: Option<&Mark>, to: &Mark) -> Result<bool, AnchorError> {
        Ok(self.run(Some(Move::Begin { from: from.copied(), to: *to })).await?.is_some())
    }
}

/// Makes the table. Of several that make one at once, all but one may be told that it exists.
async fn make_table(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut attempt = 1;
    loop {
        match connection.execute(MAKE).await {
            Err(sqlx::Error::Database(_)) if attempt < MAX_ATTEMPTS => attempt += 1,
            made => return made.map(|_| ()),
        }
    }
}

async fn read(on: &mut PgConnection, name: &str, statement: &'static str) -> Result<Held, sqlx::Error> {
    let row = sqlx::query(statement).bind(name).persistent(false).fetch_optional(on).await?;
    Ok(row.map_or(Held::Nothing, |row| mark(&row).map_or(Held::Unreadable, Held::Mark)))
}

fn mark(row: &PgRow) -> Option<Mark> {
    let head = Head {
        journal: JournalId::from_text(row.try_get("journal_id").ok()?)?,
        epoch: u64::try_from(row.try_get::<i64, _>("epoch").ok()?).ok()?,
        sequence: u64::try_from(row.try_get::<i64, _>("sequence").ok()?).ok()?,
        link: Link::from_bytes(row.try_get::<&[u8], _>("link").ok()?.try_into().ok()?),
    };
    Some(Mark { head, at: row.try_get::<&str, _>("at").ok()?.parse().ok()? })
}

/// Writes a mark; whether it did, which it does not where a first one is there by now.
async fn write(on: &mut PgConnection, name: &str, held: Held, mark: &Mark) -> Result<bool, sqlx::Error> {
    const INSERT: &str = "INSERT INTO gateway_anchor (name, journal_id, epoch, sequence, link, at) \
                          VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING";
    const UPDATE: &str =
        "UPDATE gateway_anchor SET journal_id = $2, epoch = $3, sequence = $4, link = $5, at = $6 WHERE name = $1";
    let Mark { head, at } = mark;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let written = sqlx::query(if held == Held::Nothing { INSERT } else { UPDATE })
        .bind(name)
        .bind(head.journal.to_text())
        .bind(number(head.epoch))
        .bind(number(head.sequence))
        .bind(head.link.as_bytes().as_slice())
        .bind(at.to_string())
        .persistent(false)
        .execute(on)
        .await?;
    Ok(written.rows_affected() == 1)
}
