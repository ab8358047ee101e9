//! Files that appear whole, for their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file cannot be read or written.
#[derive(Debug, Error)]
#[error("{} cannot be used", path.display())]
pub(super) struct FileError {
    /// The file.
    pub(super) path: PathBuf,
    /// Why.
    #[source]
    pub(super) source: std::io::Error,
}

/// A file that is being written beside the place that it will have.
pub(super) struct PrivateFile {
    path: PathBuf,
    part: PathBuf,
    writer: BufWriter<File>,
}

impl PrivateFile {
    /// Begins a file.
    pub(super) fn new(path: &Path) -> Result<Self, FileError> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let (path, part) = (path.to_owned(), PathBuf::from(part));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(|source| FileError { path: part.clone(), source })?;
        Ok(Self { path, part, writer: BufWriter::new(file) })
    }

    /// Writes text.
    pub(super) fn write(&mut self, text: &str) -> Result<(), FileError> {
        let written = self.writer.write_all(text.as_bytes());
        written.map_err(|source| FileError { path: self.part.clone(), source })
    }

    /// Puts the file in its place, where it is durable.
    pub(super) fn keep(mut self) -> Result<PathBuf, FileError> {
        let kept = self.writer.flush().and_then(|()| self.writer.get_ref().sync_all());
        let kept = kept.and_then(|()| fs::rename(&self.part, &self.path));
        kept.map(|()| self.path.clone()).map_err(|source| FileError { path: self.path, source })
    }
}
