//! The schema and its versions, for replicas that may start at once.
//!
//! All that is missing is applied in one transaction, under the lock of a row:
//! not every database has advisory locks, and a pooler would misplace them.

use sqlx::migrate::{Migration, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{Executor, PgPool};

use super::driver;
use super::open::{self, PostgresOptions};
use crate::store::sql::{Mode, OpenError, READ_VERSIONS, SchemaStatus, failed};

/// How often the lock's table is made where others make it at the same moment.
const MAX_ATTEMPTS: u32 = 5;
/// Long enough for another replica's migration.
const LIMITS: &str = "SET LOCAL statement_timeout = 600000; SET LOCAL lock_timeout = 600000";
const MAKE_LOCK: &str = "CREATE TABLE IF NOT EXISTS gateway_migration_lock (only_row BIGINT PRIMARY KEY CHECK (only_row = 1)); \
                         INSERT INTO gateway_migration_lock (only_row) VALUES (1) ON CONFLICT (only_row) DO NOTHING";
const TAKE_LOCK: &str = "SELECT only_row FROM gateway_migration_lock WHERE only_row = 1 FOR UPDATE";
/// The migrator prepares statements, which would stay on a pooler's connection.
const FORGET_STATEMENTS: &str = "DEALLOCATE ALL";

/// Brings the schema up to date, or refuses one that this version would misread.
pub(super) async fn up_to_date(pool: &PgPool) -> Result<(), OpenError> {
    if read_status(pool).await.map_err(failed)?.is_behind()? {
        make_lock(pool).await.map_err(failed)?;
        migrate(pool).await?;
    }
    Ok(())
}

async fn migrate(pool: &PgPool) -> Result<(), OpenError> {
    let mut transaction = driver::begin(pool, Mode::Write).await.map_err(failed)?;
    let on = &mut *transaction;
    for statement in [LIMITS, TAKE_LOCK, FORGET_STATEMENTS] {
        on.execute(statement).await.map_err(failed)?;
    }
    // Another replica may have held the lock, and may have been a newer version.
    if status(on).await.map_err(failed)?.is_behind()? {
        let mut migrator = Migrator::with_migrations(migrations());
        migrator.set_locking(false);
        migrator.run_direct(None, on, false).await.map_err(|error| OpenError::Migration(Box::new(error)))?;
    }
    on.execute(FORGET_STATEMENTS).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Makes the lock's table and row. Of several that make one table at once, all but one may be told that it exists.
async fn make_lock(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let on = &mut *connection;
    let mut attempt = 1;
    loop {
        match on.execute(MAKE_LOCK).await {
            Err(sqlx::Error::Database(_)) if attempt < MAX_ATTEMPTS => attempt += 1,
            made => return made.map(|_| ()),
        }
    }
}

/// Reads which schema a database has, and changes nothing.
///
/// # Errors
/// [`OpenError::Database`] when it cannot be reached.
pub async fn schema(options: &PostgresOptions) -> Result<SchemaStatus, OpenError> {
    let pool = open::pool(options).await?;
    let status = read_status(&pool).await.map_err(failed);
    pool.close().await;
    status
}

async fn read_status(pool: &PgPool) -> Result<SchemaStatus, sqlx::Error> {
    let mut transaction = driver::begin(pool, Mode::Read).await?;
    let status = status(&mut transaction).await?;
    transaction.commit().await?;
    Ok(status)
}

async fn status(on: &mut PgConnection) -> Result<SchemaStatus, sqlx::Error> {
    const HAS_SCHEMA: &str = "SELECT to_regclass('gateway_meta') IS NOT NULL";
    let has_schema: bool = sqlx::query_scalar(HAS_SCHEMA).persistent(false).fetch_one(&mut *on).await?;
    let versions = if has_schema { Some(sqlx::query_as(READ_VERSIONS).persistent(false).fetch_one(on).await?) } else { None };
    Ok(SchemaStatus::of(versions))
}

/// Every migration, oldest first.
fn migrations() -> Vec<Migration> {
    vec![SchemaStatus::migration(1, "journal", include_str!("../migrations/postgres/0001_journal.sql"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sql::KNOWN_SCHEMA;

    #[test]
    fn the_known_schema_is_the_last_migration() {
        assert_eq!(migrations().last().unwrap().version, KNOWN_SCHEMA);
    }
}
