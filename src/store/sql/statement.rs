//! A statement with its values, before it is known which database runs it.

use jiff::Timestamp;
use sqlx::query::Query;
use sqlx::{Arguments, Database, Encode, Type};
use uuid::Uuid;

use super::text::instant;

/// A value in a form that every database keeps.
#[derive(Debug, Clone)]
pub(in crate::store) enum Value {
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Number(i64),
    Id(Uuid),
}

/// A statement whose places are `$1`, `$2` and so on.
#[derive(Debug, Clone)]
pub(in crate::store) struct Statement {
    text: &'static str,
    values: Vec<Value>,
}

impl Statement {
    pub(in crate::store) fn new(text: &'static str) -> Self {
        Self { text, values: Vec::new() }
    }

    /// Fills the next place.
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// The statement for one driver.
    pub(super) fn for_driver<DB>(self) -> Query<'static, DB, DB::Arguments>
    where
        DB: Database,
        DB::Arguments: Arguments<Database = DB>,
        Option<String>: for<'q> Encode<'q, DB> + Type<DB>,
        Option<Vec<u8>>: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
    {
        self.values.into_iter().fold(sqlx::query(self.text), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
            Value::Number(number) => query.bind(number),
            Value::Id(id) => query.bind(id),
        })
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Text(Some(instant(at)))
    }
}

impl From<Option<Timestamp>> for Value {
    fn from(at: Option<Timestamp>) -> Self {
        Self::Text(at.map(instant))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(Some(bytes.to_vec()))
    }
}

impl From<Option<&[u8]>> for Value {
    fn from(bytes: Option<&[u8]>) -> Self {
        Self::Bytes(bytes.map(<[u8]>::to_vec))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}

/// A yes is 1 and a no is 0: partial indexes compare them alike in every database.
impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Number(i64::from(flag))
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}
