//! Why a store was not opened.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a store was not opened. No message holds the database's address or a text of its own.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has the file open. One process at a time may: a second would work on the same settlements.
    #[error("the store {} is in use by another process", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A newer version of the gateway has changed the schema in a way that this one would misread.
    #[error("the store needs a version that knows schema {needed}, and this one knows schemas up to {known}")]
    SchemaTooNew {
        /// The oldest schema that a binary must know to use the store.
        needed: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// The schema is older than this version's, and nothing may be changed.
    #[error("the store has schema {found}, and this version reads schema {known}: bring it up to date first")]
    SchemaBehind {
        /// The schema that was found; 0 for an empty database.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// The folder, the database or the lock file cannot be made or opened.
    #[error("the store's files at {} cannot be used", path.display())]
    File {
        /// The database.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is no longer what was written. It is neither read nor written, so that it can be looked into.
    #[error("the store {} is damaged: {found}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// The first place that does not hold together, as a page and a table's number.
        found: String,
    },
    /// The address is none that PostgreSQL can be reached at.
    #[error("the database's URL cannot be used")]
    Url(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address is not even text.
    #[error("the database's URL is not text")]
    NotText,
    /// The server is older than every version that this one was tried with.
    #[error("the database server is PostgreSQL {found}, and {needed} or later is needed")]
    ServerTooOld {
        /// The major version that was found.
        found: i64,
        /// The oldest major version that will do.
        needed: i64,
    },
    /// The server answers commits before they are safe: what was acknowledged could be lost, and paid twice.
    #[error("the database server has {setting} off, so that a commit may be lost after it was acknowledged")]
    NotDurable {
        /// The setting.
        setting: &'static str,
    },
    /// The server only reads: a standby, or a database that is set so.
    #[error("the database server takes no writes: it is a standby or set to read only")]
    ReadOnly,
    /// The schema could not be brought up to date; the database is as it was.
    #[error("the store's schema cannot be brought up to date")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database did not open, or not as it must.
    #[error("the store cannot be opened")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The database's own failure, kept behind the message.
pub(in crate::store) fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> OpenError {
    OpenError::Database(Box::new(cause))
}
