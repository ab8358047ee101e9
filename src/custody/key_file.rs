//! Reading a file that holds a key.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The largest key file: an external signer's file for about two thousand wallets.
pub const MAX_KEY_FILE_BYTES: usize = 1024 * 1024;

/// Why a key file is not read. The content is never repeated.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read")]
    Unreadable(#[source] io::Error),
    /// The path leads to a folder, a pipe or a device.
    #[error("the path leads to no regular file")]
    NotAFile,
    /// The file's group or everybody may read, change or run it.
    #[error("the file is open to others (mode {mode:03o}): take away all rights but the owner's")]
    OpenToOthers {
        /// The permission bits.
        mode: u32,
    },
    /// The file is larger than [`MAX_KEY_FILE_BYTES`].
    #[error("the file is larger than {MAX_KEY_FILE_BYTES} bytes")]
    TooLarge,
}

/// Reads a key file that its owner alone can reach.
pub(super) fn read(path: &Path) -> Result<Secret, KeyFileError> {
    // Opening a pipe waits for a writer, so the kind is looked at first; what
    // was opened in the end is looked at again, since a path can be exchanged.
    check(&std::fs::metadata(path).map_err(KeyFileError::Unreadable)?)?;
    let mut file = File::open(path).map_err(KeyFileError::Unreadable)?;
    check(&file.metadata().map_err(KeyFileError::Unreadable)?)?;
    read_bounded(&mut file)
}

fn check(metadata: &Metadata) -> Result<(), KeyFileError> {
    if !metadata.is_file() {
        return Err(KeyFileError::NotAFile);
    }
    check_mode(metadata)
}

#[cfg(unix)]
fn check_mode(metadata: &Metadata) -> Result<(), KeyFileError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFileError::OpenToOthers { mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Metadata) -> Result<(), KeyFileError> {
    Ok(())
}

/// Fills a buffer that is never moved to a larger place, which would leave a copy behind.
fn read_bounded(from: &mut impl Read) -> Result<Secret, KeyFileError> {
    let mut buffer = Zeroizing::new(vec![0; MAX_KEY_FILE_BYTES + 1]);
    let mut length = 0;
    while let Some(free) = buffer.get_mut(length..)
        && !free.is_empty()
    {
        match from.read(free) {
            Ok(0) => {
                buffer.truncate(length);
                return Ok(Secret::new(std::mem::take(&mut *buffer)));
            }
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(KeyFileError::Unreadable(error)),
        }
    }
    Err(KeyFileError::TooLarge)
}
