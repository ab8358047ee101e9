//! Settlement rows, and how columns become values of the domain or the record is called damaged.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

use super::error::damaged;
use super::text::read_instant;
use super::venue_row;
use crate::domain::ids::Notes;
use crate::domain::settlement::{AmountUnit, Doubt, Header, Progress, Reason, Route, Settlement, State};
use crate::domain::signing::{PayloadDigest, Signature};
use crate::domain::time::Cutoff;
use crate::store::StoreError;

/// The columns that [`settlement`] reads, as part of a statement's text.
macro_rules! settlement_columns {
    () => {
        "id, enterprise_id, external_id, cutoff, notes, supersedes, nonce, route, amount_unit, key_id, caller, \
         submit_before, request_digest, leg_count, created_at, state, sequence, attempts, exposed, doubt, reason, detail, \
         payload_digest, signature, venue, dispatched_at, updated_at"
    };
}
pub(super) use settlement_columns;

/// A row whose columns are read by name.
pub(super) struct Columns<'r>(pub(super) &'r SqliteRow);

impl<'r> Columns<'r> {
    /// A column that the database's own types can carry.
    pub(super) fn plain<T>(&self, name: &str) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        self.0.try_get(name).map_err(|_| damaged(name))
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

/// Reads a settlement from [`settlement_columns`].
pub(super) fn settlement(row: &SqliteRow) -> Result<Settlement, StoreError> {
    let columns = Columns(row);
    Ok(Settlement { id: columns.plain("id")?, header: header(&columns)?, progress: progress(&columns)? })
}

fn header(columns: &Columns<'_>) -> Result<Header, StoreError> {
    Ok(Header {
        enterprise_id: columns.read("enterprise_id", parse)?,
        external_id: columns.read("external_id", parse)?,
        cutoff: columns.read_if_any("cutoff", |text| Cutoff::new(read_instant(text)?).ok())?,
        notes: columns.read_if_any("notes", |text| Notes::new(text).ok())?,
        supersedes: columns.read_if_any("supersedes", parse)?,
        nonce: columns.read("nonce", parse)?,
        route: columns.read("route", Route::from_name)?,
        amount_unit: columns.read("amount_unit", AmountUnit::from_name)?,
        key_id: columns.read("key_id", parse)?,
        caller: columns.read("caller", parse)?,
        submit_before: columns.read_if_any("submit_before", read_instant)?,
        request_digest: columns.bytes("request_digest")?,
        leg_count: columns.count("leg_count")?,
        created_at: columns.instant("created_at")?,
    })
}

fn progress(columns: &Columns<'_>) -> Result<Progress, StoreError> {
    Ok(Progress {
        state: columns.read("state", State::from_name)?,
        sequence: columns.count("sequence")?,
        attempts: columns.count("attempts")?,
        exposed: columns.plain("exposed")?,
        doubt: columns.read_if_any("doubt", Doubt::from_text)?,
        reason: columns.read_if_any("reason", Reason::from_name)?,
        detail: columns.plain("detail")?,
        payload_digest: columns.bytes_if_any("payload_digest")?.map(PayloadDigest::from_bytes),
        signature: columns.bytes_if_any("signature")?.map(Signature::from_bytes),
        venue: columns.read_if_any("venue", venue_row::read)?.map(Box::new),
        dispatched_at: columns.read_if_any("dispatched_at", read_instant)?,
        updated_at: columns.instant("updated_at")?,
    })
}
