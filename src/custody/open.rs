//! Opening a key from the file that carries it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::envelope::{self, EnvelopeError};
use super::key::{Key, KeySettings, KeySource, XprvKeyError};

use crate::domain::ids::KeyId;
use crate::domain::signing::PublicKey;
use crate::files::{self, FileError};
use crate::secret::Secret;

/// The largest key file: an external signer's file for about two thousand wallets.
pub const MAX_KEY_FILE_BYTES: usize = 1024 * 1024;

/// Where a key lies and what opens it.
#[derive(Debug, Clone)]
pub enum KeyMaterial {
    /// A file with the text of an `xprv`.
    XprvFile(PathBuf),
    /// A file with one BitGo `encryptedPrv`.
    EncryptedPrvFile {
        /// The file.
        path: PathBuf,
        /// The wallet's passphrase.
        passphrase: Secret,
    },
    /// A BitGo Express external signer's file: JSON from wallet id to `encryptedPrv` text.
    ExternalSignerFile {
        /// The file.
        path: PathBuf,
        /// Which wallet's key is meant.
        wallet_id: String,
        /// The wallet's passphrase.
        passphrase: Secret,
    },
}

impl KeyMaterial {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::XprvFile(path) | Self::EncryptedPrvFile { path, .. } | Self::ExternalSignerFile { path, .. } => path,
        }
    }

    /// The name of this kind of source.
    #[must_use]
    pub fn source(&self) -> KeySource {
        match self {
            Self::XprvFile(_) => KeySource::Xprv,
            Self::EncryptedPrvFile { .. } => KeySource::EncryptedPrv,
            Self::ExternalSignerFile { .. } => KeySource::ExternalSignerFile,
        }
    }
}

/// A key could not be opened. It names key and file, never what the file says.
#[derive(Debug, Error)]
#[error("key {key} cannot be opened from {}", path.display())]
pub struct OpenKeyError {
    /// The key's name.
    pub key: KeyId,
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub reason: OpenFailure,
}

/// What is wrong with a key's file.
#[derive(Debug, Error)]
pub enum OpenFailure {
    /// The file cannot be read, or others could read it.
    #[error("the key file is refused")]
    File(#[source] FileError),
    /// The external signer's file is not JSON from wallet id to text.
    #[error("not an external signer's file: JSON from wallet id to encryptedPrv text")]
    NotASignerFile,
    /// The external signer's file has no such wallet.
    #[error("the external signer's file has no wallet {wallet_id}")]
    NoSuchWallet {
        /// The wallet that was asked for.
        wallet_id: String,
    },
    /// The `encryptedPrv` is malformed, or the passphrase does not open it.
    #[error("the encryptedPrv cannot be opened")]
    Envelope(#[source] EnvelopeError),
    /// What was read is no key.
    #[error("there is no usable key")]
    Key(#[source] XprvKeyError),
    /// The file holds another key than the configuration expects.
    #[error("the key's public half is {}, not the pinned one", derived.to_hex())]
    PinMismatch {
        /// The public half of the key in the file.
        derived: PublicKey,
    },
}

/// Opens a key, and holds it against its pinned public half if there is one.
///
/// It reads a file and derives a key for up to a second: call it at start, off
/// the threads that serve.
///
/// # Errors
/// [`OpenKeyError`] with key, file and reason.
pub fn open(settings: KeySettings, material: &KeyMaterial, pinned: Option<&PublicKey>) -> Result<Key, OpenKeyError> {
    let id = settings.id.clone();
    open_pinned(settings, material, pinned).map_err(|reason| OpenKeyError { key: id, path: material.path().to_owned(), reason })
}

fn open_pinned(settings: KeySettings, material: &KeyMaterial, pinned: Option<&PublicKey>) -> Result<Key, OpenFailure> {
    let content = files::read_secret(material.path(), MAX_KEY_FILE_BYTES).map_err(OpenFailure::File)?;
    let xprv = unwrap_xprv(content, material)?;
    let key = Key::from_xprv(settings, material.source(), &xprv).map_err(OpenFailure::Key)?;
    match pinned {
        Some(pinned) if *pinned != key.public_key() => Err(OpenFailure::PinMismatch { derived: key.public_key() }),
        Some(_) | None => Ok(key),
    }
}

/// The `xprv` inside a file's content.
fn unwrap_xprv(content: Secret, material: &KeyMaterial) -> Result<Secret, OpenFailure> {
    match material {
        KeyMaterial::XprvFile(_) => Ok(content),
        KeyMaterial::EncryptedPrvFile { passphrase, .. } => {
            envelope::open(content.expose(), passphrase).map_err(OpenFailure::Envelope)
        }
        KeyMaterial::ExternalSignerFile { wallet_id, passphrase, .. } => {
            let text = wallet(content.expose(), wallet_id)?;
            envelope::open(text.as_bytes(), passphrase).map_err(OpenFailure::Envelope)
        }
    }
}

/// One wallet's `encryptedPrv` in an external signer's file.
fn wallet(content: &[u8], wallet_id: &str) -> Result<String, OpenFailure> {
    let mut wallets: BTreeMap<String, String> = serde_json::from_slice(content).map_err(|_| OpenFailure::NotASignerFile)?;
    wallets.remove(wallet_id).ok_or_else(|| OpenFailure::NoSuchWallet { wallet_id: wallet_id.to_owned() })
}
