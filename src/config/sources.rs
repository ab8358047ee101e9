//! The only file of the configuration that reads the environment and the disk.

use std::path::Path;

use crate::files::{self, FileError};
use crate::secret::Secret;

/// The largest file with a token, a passphrase or a private key for TLS.
const MAX_SECRET_BYTES: usize = 64 * 1024;
/// The largest file of certificates: a system's whole bundle of authorities fits.
const MAX_PUBLIC_BYTES: usize = 1024 * 1024;
/// The largest configuration: some ten thousand callers.
const MAX_CONFIG_BYTES: usize = 4 * 1024 * 1024;

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

/// Reads the configuration's own text.
pub(super) fn read_config(path: &Path) -> Result<Vec<u8>, FileError> {
    files::read_plain(path, MAX_CONFIG_BYTES)
}

/// Reads a file that holds nothing secret, such as a certificate.
pub(super) fn read_public(path: &Path) -> Result<Vec<u8>, FileError> {
    files::read_plain(path, MAX_PUBLIC_BYTES)
}

/// Reads a file that its owner alone can reach.
pub(super) fn read_secret(path: &Path) -> Result<Secret, FileError> {
    files::read_secret(path, MAX_SECRET_BYTES)
}
