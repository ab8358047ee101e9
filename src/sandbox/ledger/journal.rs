//! The append-only file under the ledger.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::LedgerError;
use super::record::Record;

/// The file's name inside the data directory.
const FILE_NAME: &str = "sandbox-ledger.jsonl";

/// Whether a record must survive a power cut before the answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Synced before [`Journal::append`] returns.
    Synced,
    /// Written, and synced together with the next synced record.
    Written,
}

/// The open file, locked against a second sandbox; or nothing, where nothing is kept.
pub(crate) struct Journal {
    file: Option<File>,
    broken: bool,
}

impl Journal {
    /// A journal that keeps nothing.
    pub(crate) fn nowhere() -> Self {
        Self { file: None, broken: false }
    }

    /// Opens or creates the file and reads what it holds.
    ///
    /// A last line that was torn by a crash was never answered for: it is dropped.
    ///
    /// # Errors
    /// [`LedgerError`] when the file cannot be opened, is in use, or is damaged anywhere else.
    pub(crate) fn open(dir: &Path) -> Result<(Self, Vec<Record>), LedgerError> {
        fs::create_dir_all(dir).map_err(LedgerError::File)?;
        let path = dir.join(FILE_NAME);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(LedgerError::File)?;
        file.try_lock().map_err(|_| LedgerError::InUse)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(LedgerError::File)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        bytes.truncate(whole);
        let records = read_lines(&bytes)?;
        cut_torn_end(&mut file, bytes.len(), dir).map_err(LedgerError::File)?;
        Ok((Self { file: Some(file), broken: false }, records))
    }

    /// Appends one record.
    ///
    /// # Errors
    /// [`LedgerError`] when it could not be written whole; every later append is refused then, since the file's end is unknown.
    pub(crate) fn append(&mut self, record: &Record, durability: Durability) -> Result<(), LedgerError> {
        if self.broken {
            return Err(LedgerError::Broken);
        }
        let Some(file) = self.file.as_mut() else { return Ok(()) };
        let mut line = serde_json::to_vec(record).map_err(LedgerError::Unwritable)?;
        line.push(b'\n');
        let written = file.write_all(&line).and_then(|()| match durability {
            Durability::Synced => file.sync_data(),
            Durability::Written => Ok(()),
        });
        written.map_err(|cause| {
            self.broken = true;
            LedgerError::File(cause)
        })
    }
}

fn read_lines(bytes: &[u8]) -> Result<Vec<Record>, LedgerError> {
    bytes
        .split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(place, line)| serde_json::from_slice(line).map_err(|cause| LedgerError::Damaged { line: place + 1, cause }))
        .collect()
}

fn cut_torn_end(file: &mut File, whole: usize, dir: &Path) -> io::Result<()> {
    let whole = u64::try_from(whole).map_err(io::Error::other)?;
    file.set_len(whole)?;
    file.seek(SeekFrom::Start(whole))?;
    file.sync_all()?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cancelled(tx_id: &str) -> Record {
        Record::Cancelled { tx_id: tx_id.to_owned(), at_ms: 1 }
    }

    #[test]
    fn what_was_appended_is_read_back_and_a_torn_end_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, records) = Journal::open(dir.path()).unwrap();
        assert!(records.is_empty());
        journal.append(&cancelled("a"), Durability::Synced).unwrap();
        journal.append(&cancelled("b"), Durability::Written).unwrap();
        drop(journal);
        let path = dir.path().join(FILE_NAME);
        let mut text = fs::read_to_string(&path).unwrap();
        text.push_str(r#"{"cancelled":{"tx"#);
        fs::write(&path, text).unwrap();

        let (mut journal, records) = Journal::open(dir.path()).unwrap();
        assert_eq!(records.len(), 2);
        journal.append(&cancelled("c"), Durability::Synced).unwrap();
        drop(journal);
        assert_eq!(Journal::open(dir.path()).unwrap().1.len(), 3);
    }

    #[test]
    fn a_line_torn_in_the_middle_refuses_to_start() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE_NAME), "{\"cancelled\":{\"tx\n{}\n").unwrap();
        assert!(matches!(Journal::open(dir.path()), Err(LedgerError::Damaged { line: 1, .. })));
    }

    #[test]
    fn a_second_sandbox_on_one_directory_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let _first = Journal::open(dir.path()).unwrap();
        assert!(matches!(Journal::open(dir.path()), Err(LedgerError::InUse)));
    }
}
