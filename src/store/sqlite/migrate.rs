//! The schema and its versions.

use std::path::Path;

use sqlx::migrate::{Migration, Migrator};
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection, SqlitePool};

use super::open::connection;
use crate::store::sql::{OpenError, READ_VERSIONS, SchemaStatus, failed};

/// Brings the schema up to date, or refuses one that this version would misread.
pub(super) async fn up_to_date(writer: &SqlitePool) -> Result<(), OpenError> {
    let mut on = writer.acquire().await.map_err(failed)?;
    if status(&mut on).await.map_err(failed)?.is_behind()? {
        let migrator = Migrator::with_migrations(migrations());
        migrator.run_direct(None, &mut *on, false).await.map_err(|error| OpenError::Migration(Box::new(error)))?;
    }
    Ok(())
}

/// Reads which schema a file has, and changes nothing.
///
/// # Errors
/// [`OpenError::Database`] when there is no such file or it is no database.
pub async fn schema(path: &Path) -> Result<SchemaStatus, OpenError> {
    let mut on = connection(path).read_only(true).connect().await.map_err(failed)?;
    let status = status(&mut on).await.map_err(failed)?;
    on.close().await.map_err(failed)?;
    Ok(status)
}

async fn status(on: &mut SqliteConnection) -> Result<SchemaStatus, sqlx::Error> {
    let tables = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'gateway_meta'";
    let has_schema: i64 = sqlx::query_scalar(tables).fetch_one(&mut *on).await?;
    let versions = if has_schema == 0 { None } else { Some(sqlx::query_as(READ_VERSIONS).fetch_one(on).await?) };
    Ok(SchemaStatus::of(versions))
}

/// Every migration, oldest first.
fn migrations() -> Vec<Migration> {
    vec![SchemaStatus::migration(1, "journal", include_str!("../migrations/sqlite/0001_journal.sql"))]
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
