//! The only file of the configuration that reads the environment and the disk.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The largest file with a token, a passphrase or a private key for TLS.
const MAX_SECRET_BYTES: usize = 64 * 1024;
/// The largest file of certificates: a system's whole bundle of authorities fits.
const MAX_PUBLIC_BYTES: usize = 1024 * 1024;
/// The largest configuration: some ten thousand callers.
const MAX_CONFIG_BYTES: usize = 4 * 1024 * 1024;
/// More room than a secret needs, so that reading never moves the buffer and leaves a copy behind.
const SLACK_BYTES: usize = 64;

/// Where environment variables come from. Handed in, so that a test needs no process of its own.
pub trait Environment: Send + Sync {
    /// The variable's value; `None` when it is not set.
    fn variable(&self, name: &str) -> Option<Secret>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<Secret> {
        std::env::var_os(name).map(|value| Secret::new(value.into_encoded_bytes()))
    }
}

/// Why a file was not read. It says nothing of the content.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read")]
    Unreadable(#[source] io::Error),
    /// The path leads to a folder, a pipe or a device.
    #[error("the path leads to no regular file")]
    NotAFile,
    /// The file's group or everybody may reach it.
    #[error("the file is open to others (mode {mode:03o}): take away all rights but the owner's")]
    OpenToOthers {
        /// The permission bits.
        mode: u32,
    },
    /// The file is larger than files of its kind are.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge {
        /// The most bytes that are read.
        max_bytes: usize,
    },
}

/// Reads the configuration's own text.
pub(super) fn read_config(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    read_into(&mut bytes, path, MAX_CONFIG_BYTES, |_| Ok(()))?;
    Ok(bytes)
}

/// Reads a file that holds nothing secret, such as a certificate.
pub(super) fn read_public(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    read_into(&mut bytes, path, MAX_PUBLIC_BYTES, |_| Ok(()))?;
    Ok(bytes)
}

/// Reads a file that its owner alone can reach.
pub(super) fn read_secret(path: &Path) -> Result<Secret, FileError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_BYTES + SLACK_BYTES));
    read_into(&mut bytes, path, MAX_SECRET_BYTES, owner_only)?;
    Ok(Secret::new(std::mem::take(&mut *bytes)))
}

type Check = fn(&Metadata) -> Result<(), FileError>;

fn read_into(bytes: &mut Vec<u8>, path: &Path, max_bytes: usize, allowed: Check) -> Result<(), FileError> {
    let check = |metadata: &Metadata| if metadata.is_file() { allowed(metadata) } else { Err(FileError::NotAFile) };
    // Opening a pipe waits for a writer, so the kind is looked at first; what
    // was opened in the end is looked at again, since a path can be exchanged.
    check(&std::fs::metadata(path).map_err(FileError::Unreadable)?)?;
    let file = File::open(path).map_err(FileError::Unreadable)?;
    check(&file.metadata().map_err(FileError::Unreadable)?)?;
    file.take(max_bytes as u64 + 1).read_to_end(bytes).map_err(FileError::Unreadable)?;
    if bytes.len() > max_bytes { Err(FileError::TooLarge { max_bytes }) } else { Ok(()) }
}

#[cfg(unix)]
fn owner_only(metadata: &Metadata) -> Result<(), FileError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(FileError::OpenToOthers { mode }) }
}

#[cfg(not(unix))]
fn owner_only(_: &Metadata) -> Result<(), FileError> {
    Ok(())
}
