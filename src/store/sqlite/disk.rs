//! A disk that could not keep what it was given, which is told once.
//!
//! After a sync that failed, the system holds what was written for clean and
//! drops it: the next sync succeeds and proves nothing. So the first failure
//! is the last word. Nothing more is read or written until the process is
//! started anew, and the file then shows what it kept.

use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;
use tracing::error;

use crate::store::StoreError;
use crate::store::sql::unavailable;

/// What SQLite says of a sync that failed: of a file, and of its folder.
const SYNC_FAILED: [&str; 2] = ["1034", "1290"];

/// The disk failed before.
#[derive(Debug, Error)]
#[error("the disk failed to keep what was written: the process must be started anew")]
struct Failed;

/// Whether the disk has kept everything so far.
#[derive(Debug, Default)]
pub(super) struct Disk {
    has_failed: AtomicBool,
}

impl Disk {
    /// Refuses everything once the disk has failed.
    pub(super) fn keeps(&self) -> Result<(), StoreError> {
        if self.has_failed.load(Ordering::SeqCst) { Err(unavailable(Failed)) } else { Ok(()) }
    }

    /// Looks for a sync that failed.
    pub(super) fn heard(&self, error: &StoreError) {
        let StoreError::Unavailable(cause) = error else { return };
        let told = cause.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
        let is_sync = told.and_then(|told| told.code()).is_some_and(|code| SYNC_FAILED.contains(&code.as_ref()));
        if is_sync && !self.has_failed.swap(true, Ordering::SeqCst) {
            error!(
                "the disk failed to keep what was written: nothing more is read or written until this process is started anew"
            );
        }
    }
}
