//! How this folder's failures become the store's errors: causes kept, no text of theirs shown.

use uuid::Uuid;

use crate::store::StoreError;

/// What PostgreSQL and its relatives say of a transaction that they could not order among others, and of a deadlock.
const CONFLICTS: [&str; 2] = ["40001", "40P01"];

/// The database failed; what it said stays behind `source`.
pub(in crate::store) fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(cause))
}

/// A stored value is none that this version writes.
pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}

/// The same error, which names the settlement that it was met in.
pub(super) fn in_settlement(error: StoreError, id: Uuid) -> StoreError {
    match error {
        StoreError::Damaged(what) => StoreError::Damaged(format!("{what} of settlement {id}")),
        other => other,
    }
}

/// Whether the database certainly undid the transaction and asks for it again.
pub(super) fn is_conflict(error: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = error else { return false };
    let database = cause.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    database.and_then(|error| error.code()).is_some_and(|code| CONFLICTS.contains(&code.as_ref()))
}
