//! Where finished work goes that leaves the journal: a trait, and a folder behind it.

mod folder;

use std::io;

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::anchor::JournalId;
use crate::domain::archive::ArchiveFile;

pub use folder::ArchiveFolder;

/// Why a file was not kept, or not read. Nothing may leave the journal then.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The archive is not the one that this journal's earlier files went to: a volume that is not mounted, for instance.
    #[error("the archive is not this journal's")]
    NotThisJournals,
    /// It cannot be read or written.
    #[error("the archive cannot be read or written")]
    Io(#[source] io::Error),
}

/// The archive.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Keeps a file of a journal's, whole and durable when this answers. The same file may be kept again. `begins`: the journal
    /// has no files yet, so the archive becomes its own.
    async fn keep(&self, journal: JournalId, begins: bool, file: &ArchiveFile) -> Result<(), ArchiveError>;

    /// Reads a file's text; `None` where there is none of that name.
    async fn read(&self, name: &str) -> Result<Option<String>, ArchiveError>;
}
