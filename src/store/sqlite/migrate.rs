//! The schema and its versions.

use sqlx::SqlSafeStr;
use sqlx::SqlitePool;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::open::{OpenError, failed};

/// The newest schema that this version knows: the last of [`migrations`].
const SCHEMA_VERSION: i64 = 1;

/// Brings the schema up to date, or refuses one that a newer version wrote.
pub(super) async fn up_to_date(writer: &SqlitePool) -> Result<(), OpenError> {
    let found = version(writer).await.map_err(failed)?;
    if found > SCHEMA_VERSION {
        return Err(OpenError::SchemaTooNew { found, known: SCHEMA_VERSION });
    }
    let migrator = Migrator::with_migrations(migrations());
    migrator.run(writer).await.map_err(|error| OpenError::Migration(Box::new(error)))
}

/// The schema that the database has; 0 for an empty one.
async fn version(writer: &SqlitePool) -> Result<i64, sqlx::Error> {
    let tables = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'gateway_meta'";
    let has_schema: i64 = sqlx::query_scalar(tables).fetch_one(writer).await?;
    if has_schema == 0 {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT schema_version FROM gateway_meta").fetch_one(writer).await
}

/// Every migration, oldest first. One that was released never changes; each sets `gateway_meta.schema_version` itself.
fn migrations() -> Vec<Migration> {
    let journal = include_str!("../migrations/sqlite/0001_journal.sql");
    vec![Migration::new(1, "journal".into(), MigrationType::Simple, journal.into_sql_str(), false)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_schema_is_the_last_migration() {
        assert_eq!(migrations().last().unwrap().version, SCHEMA_VERSION);
    }
}
