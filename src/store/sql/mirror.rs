//! Domain values as JSON of this version's own: one definition for writing and for reading.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::text::{instant, read_instant};

/// A value that has a row to be written as.
pub(super) trait Mirror: Sized {
    /// What stands in the JSON.
    type Row: Serialize + DeserializeOwned;
    /// Writes the value.
    fn to_row(&self) -> Self::Row;
    /// Reads it; `None` when it is none that [`Mirror::to_row`] wrote.
    fn from_row(row: Self::Row) -> Option<Self>;
}

/// Writes a value as JSON.
pub(super) fn write<T: Mirror>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(&value.to_row())
}

/// Reads a value from JSON.
pub(super) fn read<T: Mirror>(text: &str) -> Option<T> {
    T::from_row(serde_json::from_str(text).ok()?)
}

impl Mirror for String {
    type Row = Self;
    fn to_row(&self) -> Self {
        self.clone()
    }
    fn from_row(row: Self) -> Option<Self> {
        Some(row)
    }
}

impl Mirror for bool {
    type Row = Self;
    fn to_row(&self) -> Self {
        *self
    }
    fn from_row(row: Self) -> Option<Self> {
        Some(row)
    }
}

impl Mirror for Timestamp {
    type Row = String;
    fn to_row(&self) -> String {
        instant(*self)
    }
    fn from_row(row: String) -> Option<Self> {
        read_instant(&row)
    }
}

impl<T: Mirror> Mirror for Option<T> {
    type Row = Option<T::Row>;
    fn to_row(&self) -> Self::Row {
        self.as_ref().map(T::to_row)
    }
    fn from_row(row: Self::Row) -> Option<Self> {
        row.map_or(Some(None), |row| T::from_row(row).map(Some))
    }
}

impl<T: Mirror> Mirror for Vec<T> {
    type Row = Vec<T::Row>;
    fn to_row(&self) -> Self::Row {
        self.iter().map(T::to_row).collect()
    }
    fn from_row(row: Self::Row) -> Option<Self> {
        row.into_iter().map(T::from_row).collect()
    }
}

impl<A: Mirror, B: Mirror> Mirror for (A, B) {
    type Row = (A::Row, B::Row);
    fn to_row(&self) -> Self::Row {
        (self.0.to_row(), self.1.to_row())
    }
    fn from_row(row: Self::Row) -> Option<Self> {
        Some((A::from_row(row.0)?, B::from_row(row.1)?))
    }
}

/// Mirrors a type that has a text and can be read from it.
macro_rules! mirror_text {
    ($($name:ty => $read:expr),+ $(,)?) => {$(
        impl $crate::store::sql::mirror::Mirror for $name {
            type Row = String;
            fn to_row(&self) -> String {
                self.as_str().to_owned()
            }
            fn from_row(row: String) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                read(&row)
            }
        }
    )+};
}

/// Mirrors a struct, member by member.
macro_rules! mirror_struct {
    ($row:ident of $name:ident { $($member:ident: $kind:ty),+ $(,)? }) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        pub(in crate::store::sql) struct $row {
            $($member: <$kind as $crate::store::sql::mirror::Mirror>::Row),+
        }

        impl $crate::store::sql::mirror::Mirror for $name {
            type Row = $row;
            fn to_row(&self) -> $row {
                $row { $($member: $crate::store::sql::mirror::Mirror::to_row(&self.$member)),+ }
            }
            fn from_row(row: $row) -> Option<Self> {
                Some(Self { $($member: <$kind as $crate::store::sql::mirror::Mirror>::from_row(row.$member)?),+ })
            }
        }
    };
}

pub(super) use {mirror_struct, mirror_text};
