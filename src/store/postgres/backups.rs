//! What a server says of its own backups: copying a database is its tools' business.

use sqlx::Row;

use super::driver;
use super::open::{PostgresOptions, pool};
use crate::store::sql::{Mode, OpenError, failed};

/// What a server keeps for a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerBackups {
    /// How much its write-ahead log holds: `minimal` allows no continuous archive. Absent for a relative that has none.
    pub wal_level: Option<String>,
    /// Whether the log is kept elsewhere as it is written: without that, a restore ends at the last dump.
    pub archive_mode: Option<String>,
    /// Whether pages carry checksums, so that a damaged one is found before it is copied.
    pub data_checksums: Option<String>,
}

/// Asks a server how it could be restored.
///
/// # Errors
/// [`OpenError::Database`] when it cannot be reached.
pub async fn backups(options: &PostgresOptions) -> Result<ServerBackups, OpenError> {
    const ASK: &str = "SELECT current_setting('wal_level', true), current_setting('archive_mode', true), \
                       current_setting('data_checksums', true)";
    let pool = pool(options).await?;
    let mut session = driver::begin(&pool, Mode::Read).await.map_err(failed)?;
    let row = sqlx::query(ASK).persistent(false).fetch_one(&mut *session).await.map_err(failed)?;
    session.commit().await.map_err(failed)?;
    pool.close().await;
    let setting = |index: usize| row.try_get(index).map_err(failed);
    Ok(ServerBackups { wal_level: setting(0)?, archive_mode: setting(1)?, data_checksums: setting(2)? })
}
