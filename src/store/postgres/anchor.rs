//! The anchor in a PostgreSQL database of its own: one row under a name, which replicas share.
//!
//! Its server may go away without a word, as the journal's may: every answer is awaited for a bounded time, and a connection
//! that did not answer is closed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use tokio::sync::OnceCell;

use super::driver::{ANSWER_TIMEOUT, begin_bounded};
use super::{PostgresOptions, checks, open};
use crate::domain::anchor::{Head, JournalId, Link, Mark};
use crate::store::StoreError;
use crate::store::anchor::{Anchor, AnchorError, Held, Move};
use crate::store::sql::{Mode, OpenError, ServerTransaction, Statement, failed};

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
    pub(super) answer_timeout: Duration,
    is_ready: Arc<OnceCell<()>>,
}

impl PostgresAnchor {
    /// The anchor in a database that may be down now. Before it is first used, the server is found fit for a journal and the
    /// table is made where it is missing. `name` tells the anchors of several gateways apart.
    ///
    /// # Errors
    /// [`OpenError::Url`].
    pub fn new(options: &PostgresOptions, name: String) -> Result<Self, OpenError> {
        let pool = open::pool_for_later(options)?;
        Ok(Self { pool, name, answer_timeout: ANSWER_TIMEOUT, is_ready: Arc::default() })
    }

    async fn get_ready(&self) -> Result<(), OpenError> {
        checks::fit_for_a_journal(&self.pool, self.answer_timeout).await?;
        self.make_table().await.map_err(failed)
    }

    /// Makes the table. Of several that make one at once, all but one may be told that it exists.
    async fn make_table(&self) -> Result<(), StoreError> {
        let mut attempt = 1;
        loop {
            let mut transaction = self.transaction(Mode::Write).await?;
            match transaction.execute(Statement::new(MAKE)).await {
                Ok(_) => return transaction.commit().await,
                Err(error) if attempt < MAX_ATTEMPTS && is_of_the_database(&error) => attempt += 1,
                Err(error) => return Err(error),
            }
            transaction.abandon().await;
        }
    }

    pub(super) async fn transaction(&self, mode: Mode) -> Result<ServerTransaction, StoreError> {
        begin_bounded(&self.pool, mode, self.answer_timeout).await
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
        let mut transaction = self.transaction(Mode::Read).await.map_err(AnchorError::unavailable)?;
        let held = read(&mut transaction, &self.name, READ).await.map_err(AnchorError::unavailable)?;
        transaction.commit().await.map_err(AnchorError::unavailable)?;
        Ok(held)
    }

    async fn carry_out(&self, asked: &Move) -> Result<Option<Mark>, AnchorError> {
        let mut transaction = self.transaction(Mode::Write).await.map_err(AnchorError::unavailable)?;
        let held = read(&mut transaction, &self.name, HOLD).await.map_err(AnchorError::unavailable)?;
        match asked.decide(held) {
            Ok(Some(mark)) if held == Held::Mark(mark) || self.wrote(&mut transaction, held, &mark).await? => {
                transaction.commit().await.map_err(AnchorError::unavailable)?;
                Ok(Some(mark))
            }
            // Another replica has written since, or something else stands there.
            decided => {
                transaction.abandon().await;
                decided.map(|_| None)
            }
        }
    }

    async fn wrote(&self, on: &mut ServerTransaction, held: Held, mark: &Mark) -> Result<bool, AnchorError> {
        write(on, &self.name, held, mark).await.map_err(AnchorError::unavailable)
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

/// Whether the server answered, and did not like it.
fn is_of_the_database(error: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = error else { return false };
    cause.downcast_ref::<sqlx::Error>().is_some_and(|error| error.as_database_error().is_some())
}

async fn read(on: &mut ServerTransaction, name: &str, statement: &'static str) -> Result<Held, StoreError> {
    let rows = on.rows(Statement::new(statement).bind(name)).await?;
    Ok(rows.first().map_or(Held::Nothing, |row| mark(row).map_or(Held::Unreadable, Held::Mark)))
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
async fn write(on: &mut ServerTransaction, name: &str, held: Held, mark: &Mark) -> Result<bool, StoreError> {
    const INSERT: &str = "INSERT INTO gateway_anchor (name, journal_id, epoch, sequence, link, at) \
                          VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING";
    const UPDATE: &str =
        "UPDATE gateway_anchor SET journal_id = $2, epoch = $3, sequence = $4, link = $5, at = $6 WHERE name = $1";
    let Mark { head, at } = mark;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let write = Statement::new(if held == Held::Nothing { INSERT } else { UPDATE })
        .bind(name)
        .bind(head.journal.to_text())
        .bind(number(head.epoch))
        .bind(number(head.sequence))
        .bind(head.link.as_bytes().as_slice())
        .bind(at.to_string());
    Ok(on.execute(write).await? == 1)
}
