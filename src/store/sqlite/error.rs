//! How this folder's failures become the store's errors: causes kept, no text of theirs shown.

use crate::store::StoreError;

/// The database failed; what it said stays behind `source`.
pub(super) fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(cause))
}

/// A stored value is none that this version writes.
pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}
