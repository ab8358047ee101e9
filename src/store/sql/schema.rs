//! Which schema a database has, and whether this version may use it.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType};

use super::open_error::OpenError;

/// The newest schema that this version knows: the last of [`SchemaStatus::migrations`].
pub(in crate::store) const KNOWN_SCHEMA: i64 = 1;

/// Reads the two versions of a database that has a schema.
pub(in crate::store) const READ_VERSIONS: &str = "SELECT schema_version, oldest_binary_schema FROM gateway_meta";

/// The schema that a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaStatus {
    /// The schema; 0 for an empty database.
    pub found: i64,
    /// The oldest schema that a binary must know to use it: a version that was rolled back to may be behind `found`.
    pub needed: i64,
    /// The newest schema that this version knows.
    pub known: i64,
}

impl SchemaStatus {
    /// What stands in `gateway_meta`; nothing where there is no schema yet.
    pub(in crate::store) fn of(versions: Option<(i64, i64)>) -> Self {
        let (found, needed) = versions.unwrap_or((0, 0));
        Self { found, needed, known: KNOWN_SCHEMA }
    }

    /// Whether migrations are missing.
    ///
    /// # Errors
    /// [`OpenError::SchemaTooNew`] when this version would misread the database.
    pub(in crate::store) fn is_behind(self) -> Result<bool, OpenError> {
        if self.needed > self.known {
            return Err(OpenError::SchemaTooNew { needed: self.needed, known: self.known });
        }
        Ok(self.found < self.known)
    }

    /// Refuses a database that this version cannot read as it is.
    ///
    /// # Errors
    /// [`OpenError::SchemaTooNew`], or [`OpenError::SchemaBehind`].
    pub(in crate::store) fn must_be_known(self) -> Result<(), OpenError> {
        if self.is_behind()? { Err(OpenError::SchemaBehind { found: self.found, known: self.known }) } else { Ok(()) }
    }

    /// A migration. One that was released never changes; each sets both versions of `gateway_meta` itself.
    pub(in crate::store) fn migration(version: i64, name: &'static str, text: &'static str) -> Migration {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_was_rolled_back_to_runs_on_a_newer_schema_that_allows_it() {
        let newer = SchemaStatus::of(Some((KNOWN_SCHEMA + 1, KNOWN_SCHEMA)));
        assert!(!newer.is_behind().unwrap(), "nothing is migrated back");
        let too_new = SchemaStatus::of(Some((KNOWN_SCHEMA + 1, KNOWN_SCHEMA + 1)));
        assert!(matches!(too_new.is_behind(), Err(OpenError::SchemaTooNew { .. })));
    }

    #[test]
    fn an_empty_database_is_behind() {
        assert!(SchemaStatus::of(None).is_behind().unwrap());
    }
}
