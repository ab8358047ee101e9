//! Whether a server is fit for a journal.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::driver::{self, ANSWER_TIMEOUT};
use super::open::{PostgresOptions, pool};
use crate::store::StoreError;
use crate::store::sql::{Mode, OpenError, Statement, failed, unavailable};

/// The oldest version of PostgreSQL that will do.
const OLDEST_POSTGRES: i64 = 15;
/// How PostgreSQL's version number counts majors.
const VERSIONS_IN_A_MAJOR: i64 = 10_000;

/// What a server says of how it keeps what it acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerDurability {
    /// Its name and version in words.
    pub version: String,
    /// When a commit is acknowledged; absent where a database knows no other way than once it is durable.
    pub synchronous_commit: Option<String>,
    /// Whether it waits for its disk.
    pub fsync: Option<String>,
}

/// Asks a server whether it is fit for a journal, and how it keeps what it acknowledged. Nothing is changed.
///
/// # Errors
/// [`OpenError`] when it cannot be reached, and when it is not fit.
pub async fn durability(options: &PostgresOptions) -> Result<ServerDurability, OpenError> {
    let pool = pool(options).await?;
    let asked = ask(&pool, ANSWER_TIMEOUT).await.map_err(failed);
    pool.close().await;
    let server = asked?;
    server.is_fit()?;
    Ok(ServerDurability { version: server.version, synchronous_commit: server.synchronous_commit, fsync: server.fsync })
}

/// What a server says of itself.
struct Server {
    /// Its name and version in words: databases that speak PostgreSQL's language give their own.
    version: String,
    version_number: i64,
    /// Whether commits wait for the disk; absent where a database knows no other way.
    synchronous_commit: Option<String>,
    fsync: Option<String>,
    is_standby: bool,
}

/// Refuses a server that would lose what it acknowledged, that takes no writes, or that is too old.
pub(super) async fn fit_for_a_journal(pool: &PgPool, answer_timeout: Duration) -> Result<(), OpenError> {
    ask(pool, answer_timeout).await.map_err(failed)?.is_fit()
}

async fn ask(pool: &PgPool, answer_timeout: Duration) -> Result<Server, StoreError> {
    const ASK: &str = "SELECT version(), CAST(current_setting('server_version_num') AS BIGINT), \
                       current_setting('synchronous_commit', true), current_setting('fsync', true), pg_is_in_recovery()";
    let mut transaction = driver::begin_bounded(pool, Mode::Read, answer_timeout).await?;
    let rows = transaction.rows(Statement::new(ASK)).await?;
    transaction.commit().await?;
    let row = rows.first().ok_or_else(|| unavailable(sqlx::Error::RowNotFound))?;
    server(row).map_err(unavailable)
}

fn server(row: &PgRow) -> Result<Server, sqlx::Error> {
    Ok(Server {
        version: row.try_get(0)?,
        version_number: row.try_get(1)?,
        synchronous_commit: row.try_get(2)?,
        fsync: row.try_get(3)?,
        is_standby: row.try_get(4)?,
    })
}

impl Server {
    fn is_fit(&self) -> Result<(), OpenError> {
        let is_off = |setting: &Option<String>| setting.as_deref() == Some("off");
        let found = self.version_number / VERSIONS_IN_A_MAJOR;
        // Others count by the version of PostgreSQL that they began from, which says nothing of them.
        if self.version.starts_with("PostgreSQL ") && !self.version.contains("-YB-") && found < OLDEST_POSTGRES {
            Err(OpenError::ServerTooOld { found, needed: OLDEST_POSTGRES })
        } else if is_off(&self.synchronous_commit) {
            Err(OpenError::NotDurable { setting: "synchronous_commit" })
        } else if is_off(&self.fsync) {
            Err(OpenError::NotDurable { setting: "fsync" })
        } else if self.is_standby {
            Err(OpenError::ReadOnly)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit() -> Server {
        Server {
            version: "PostgreSQL 15.4 on x86_64".to_owned(),
            version_number: 150_004,
            synchronous_commit: Some("on".to_owned()),
            fsync: Some("on".to_owned()),
            is_standby: false,
        }
    }

    #[test]
    fn only_a_server_that_keeps_what_it_acknowledged_will_do() {
        fit().is_fit().unwrap();
        let off = || Some("off".to_owned());
        let lazy = Server { synchronous_commit: off(), ..fit() };
        assert!(matches!(lazy.is_fit(), Err(OpenError::NotDurable { setting: "synchronous_commit" })));
        let unsynced = Server { fsync: off(), ..fit() };
        assert!(matches!(unsynced.is_fit(), Err(OpenError::NotDurable { setting: "fsync" })));
        assert!(matches!(Server { is_standby: true, ..fit() }.is_fit(), Err(OpenError::ReadOnly)));
    }

    #[test]
    fn an_old_server_is_refused_and_relatives_are_not_judged_by_their_ancestor() {
        let of = |version: &str, version_number| Server { version: version.to_owned(), version_number, ..fit() };
        let refused = of("PostgreSQL 14.9 on x86_64", 140_009).is_fit();
        assert!(matches!(refused, Err(OpenError::ServerTooOld { found: 14, needed: 15 })));
        of("CockroachDB CCL v25.1.0", 130_000).is_fit().unwrap();
        of("PostgreSQL 11.2-YB-2.20.0.0-b0 on x86_64", 110_002).is_fit().unwrap();
    }
}
