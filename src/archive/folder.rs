//! The archive as a folder of files that appear whole, for their owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use uuid::Uuid;

use super::{Archive, ArchiveError};
use crate::domain::anchor::JournalId;
use crate::domain::archive::ArchiveFile;

/// Says whose archive the folder is.
const OWNER: &str = "journal";

/// A folder.
#[derive(Debug, Clone)]
pub struct ArchiveFolder {
    path: PathBuf,
}

impl ArchiveFolder {
    /// The archive in a folder; nothing is touched before the first file.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

#[async_trait]
impl Archive for ArchiveFolder {
    async fn keep(&self, journal: JournalId, begins: bool, file: &ArchiveFile) -> Result<(), ArchiveError> {
        let (folder, file) = (self.path.clone(), file.clone());
        blocking(move || {
            own(&folder, journal, begins)?;
            write(&folder, &file.mark.name, &file.text).map_err(ArchiveError::Io)
        })
        .await
    }

    async fn read(&self, name: &str) -> Result<Option<String>, ArchiveError> {
        let path = self.path.join(name);
        blocking(move || match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ArchiveError::Io(error)),
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, ArchiveError> + Send + 'static) -> Result<T, ArchiveError> {
    tokio::task::spawn_blocking(work).await.map_err(|ended| ArchiveError::Io(io::Error::other(ended)))?
}

/// Holds the folder to be this journal's; one that is made, or was empty of any journal's files, becomes it.
fn own(folder: &Path, journal: JournalId, begins: bool) -> Result<(), ArchiveError> {
    match fs::read_to_string(folder.join(OWNER)) {
        Ok(owner) if owner.trim_end() == journal.to_text() => Ok(()),
        Ok(_) => Err(ArchiveError::NotThisJournals),
        Err(error) if error.kind() == io::ErrorKind::NotFound && begins => {
            let made = make_folder(folder).and_then(|()| write(folder, OWNER, &format!("{}\n", journal.to_text())));
            made.map_err(ArchiveError::Io)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ArchiveError::NotThisJournals),
        Err(error) => Err(ArchiveError::Io(error)),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file beside its place, syncs it, and puts it there; then the folder is synced too, so that the name is durable. What
/// is written has a name of its own, since another replica may be writing the same file: neither empties the other's.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let part = folder.join(format!("{name}.{}.part", Uuid::new_v4().simple()));
    let kept = write_synced(&part, text).and_then(|()| fs::rename(&part, folder.join(name)));
    if kept.is_err() {
        // Nobody ever reads it.
        let _ = fs::remove_file(&part);
    }
    kept.and_then(|()| File::open(folder)?.sync_all())
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
