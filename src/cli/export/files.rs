//! Files that appear whole, for their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::ExportError;

/// A file that is being written beside the place that it will have.
pub(super) struct PrivateFile {
    path: PathBuf,
    part: PathBuf,
    writer: BufWriter<File>,
}

impl PrivateFile {
    /// Begins a file in a folder.
    pub(super) fn new(folder: &Path, name: &str) -> Result<Self, ExportError> {
        let (path, part) = (folder.join(name), folder.join(format!("{name}.part")));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(|source| ExportError::File { path: part.clone(), source })?;
        Ok(Self { path, part, writer: BufWriter::new(file) })
    }

    /// Writes text.
    pub(super) fn write(&mut self, text: &str) -> Result<(), ExportError> {
        let written = self.writer.write_all(text.as_bytes());
        written.map_err(|source| ExportError::File { path: self.part.clone(), source })
    }

    /// Puts the file in its place, where it is durable.
    pub(super) fn keep(mut self) -> Result<PathBuf, ExportError> {
        let kept = self.writer.flush().and_then(|()| self.writer.get_ref().sync_all());
        let kept = kept.and_then(|()| fs::rename(&self.part, &self.path));
        kept.map(|()| self.path.clone()).map_err(|source| ExportError::File { path: self.path, source })
    }
}

/// A text as part of a file's name: what is no plain character is written as its bytes.
pub(super) fn plain(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_folder() {
        assert_eq!(plain("ent-1_A"), "ent-1_A");
        assert_eq!(plain("../é"), "%2E%2E%2F%C3%A9");
    }
}
