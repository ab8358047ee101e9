//! One row of a result, and how its columns become values of the domain or the record is called damaged.

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type};

use super::error::damaged;
use super::text::read_instant;
use crate::store::StoreError;

/// A row whose columns are read by name.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// A column that each database's own types can carry.
    pub(super) fn plain<'r, T>(&'r self, name: &str) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        let value = match self {
            Self::Sqlite(row) => row.try_get(name),
            Self::Postgres(row) => row.try_get(name),
        };
        value.map_err(|_| damaged(name))
    }

    /// A text that must mean something.
    pub(super) fn read<T>(&self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        read(self.plain::<&str>(name)?).ok_or_else(|| damaged(name))
    }

    /// A text that must mean something where it is present.
    pub(super) fn read_if_any<T>(&self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
        let text = self.plain::<Option<&str>>(name)?;
        text.map(|text| read(text).ok_or_else(|| damaged(name))).transpose()
    }

    /// A number that is never negative.
    pub(super) fn count<T: TryFrom<i64>>(&self, name: &str) -> Result<T, StoreError> {
        T::try_from(self.plain::<i64>(name)?).map_err(|_| damaged(name))
    }

    /// A yes or a no.
    pub(super) fn flag(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.plain::<i64>(name)? != 0)
    }

    /// An instant.
    pub(super) fn instant(&self, name: &str) -> Result<Timestamp, StoreError> {
        self.read(name, read_instant)
    }

    /// Bytes of one length.
    pub(super) fn bytes<const N: usize>(&self, name: &str) -> Result<[u8; N], StoreError> {
        self.plain::<&[u8]>(name)?.try_into().map_err(|_| damaged(name))
    }

    /// Bytes of one length, where they are present.
    pub(super) fn bytes_if_any<const N: usize>(&self, name: &str) -> Result<Option<[u8; N]>, StoreError> {
        let bytes = self.plain::<Option<&[u8]>>(name)?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| damaged(name))).transpose()
    }
}

/// Reads a name, an id or another text that its type can parse.
pub(super) fn parse<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}
