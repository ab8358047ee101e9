//! BitGo's `encryptedPrv`: a key under a passphrase, in the two formats that are in use.

use serde::Deserialize;
use thiserror::Error;

use crate::secret::Secret;

mod argon;
mod base64;
mod sjcl;
mod unescape;

/// The longest envelope; real ones have under a thousand bytes.
pub const MAX_ENVELOPE_BYTES: usize = 1024 * 1024;

/// Why an envelope stays closed. Neither content nor passphrase is ever repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// The envelope is longer than [`MAX_ENVELOPE_BYTES`].
    #[error("the envelope is longer than {MAX_ENVELOPE_BYTES} bytes")]
    TooLong,
    /// Not JSON, a field is missing, or one has the wrong type.
    #[error("not an encryptedPrv")]
    Malformed,
    /// The format's version is neither 1 nor 2.
    #[error("the encryptedPrv has an unknown version")]
    UnknownVersion,
    /// A field's value is outside what BitGo's own software takes.
    #[error("the encryptedPrv's field {field} is outside its limits")]
    OutOfLimits {
        /// The field's name.
        field: &'static str,
    },
    /// A field is not base64.
    #[error("the encryptedPrv's field {field} is not base64")]
    NotBase64 {
        /// The field's name.
        field: &'static str,
    },
    /// The passphrase is empty: most likely it was not configured.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The passphrase does not open the envelope, or the envelope was altered: the format cannot tell which.
    #[error("the passphrase does not open it, or it was altered")]
    WrongPassphrase,
}

#[derive(Deserialize)]
struct Version {
    v: Option<u64>,
}

/// Opens an envelope. Passphrases are taken byte for byte, without Unicode normalisation.
///
/// It costs from 2 ms to a second and up to 256 MiB: do it once, at start.
///
/// # Errors
/// [`EnvelopeError`]; [`EnvelopeError::WrongPassphrase`] alone says that the form was right.
pub fn open(text: &[u8], passphrase: &Secret) -> Result<Secret, EnvelopeError> {
    if text.len() > MAX_ENVELOPE_BYTES {
        return Err(EnvelopeError::TooLong);
    }
    if passphrase.expose().is_empty() {
        return Err(EnvelopeError::EmptyPassphrase);
    }
    match parse::<Version>(text)?.v {
        None | Some(1) => sjcl::open(&parse(text)?, passphrase),
        Some(2) => argon::open(&parse(text)?, passphrase),
        Some(_) => Err(EnvelopeError::UnknownVersion),
    }
}

/// The parser's own message is dropped, since it may repeat what it read.
fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, EnvelopeError> {
    serde_json::from_slice(text).map_err(|_| EnvelopeError::Malformed)
}
