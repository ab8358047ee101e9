//! The files: a folder and a database that only their owner can read, and the lock that one process holds.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::OpenError;

/// The lock that keeps a second process away; given back when it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct LockFile(File);

impl LockFile {
    /// Gives the lock back.
    pub(super) fn release(&self) -> io::Result<()> {
        self.0.unlock()
    }
}

/// Makes what is missing and takes the lock, before SQLite sees the path.
pub(super) fn prepare(database: &Path) -> Result<LockFile, OpenError> {
    let lock = lock(database)?;
    // SQLite gives its journal files the permissions that it finds on the database.
    private_file(database).map_err(|source| OpenError::File { path: database.to_owned(), source })?;
    Ok(lock)
}

/// Takes the lock of a database that may not exist, making the folder where that is missing.
pub(super) fn lock(database: &Path) -> Result<LockFile, OpenError> {
    let file = |source| OpenError::File { path: database.to_owned(), source };
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make_folder(folder).map_err(file)?;
    }
    let lock = private_file(&lock_path(database)).map_err(file)?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse { path: database.to_owned() },
        TryLockError::Error(source) => file(source),
    })?;
    Ok(LockFile(lock))
}

/// Makes an empty file that its owner alone can read, in the place of one that was left behind.
pub(super) fn fresh_file(path: &Path) -> io::Result<File> {
    let file = private_file(path)?;
    file.set_len(0)?;
    Ok(file)
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// Makes a folder and those above it that are missing, for their owner alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens a file, making it where it is missing, and takes from others the right to read it.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
