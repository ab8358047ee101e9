//! A throw-away key for a development run.

use thiserror::Error;
use zeroize::Zeroizing;

use super::key_bytes::KeyBytes;
use super::local::LocalSigner;
use super::xprv::write_xprv;
use crate::domain::time::{Entropy, EntropyError};
use crate::secret::Secret;

/// Why no key was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// There is no randomness to make a key from.
    #[error("no randomness for a new key")]
    Entropy(#[source] EntropyError),
    /// The bytes are no key, which true randomness gives once in 2^127 times: the source is broken.
    #[error("the source of randomness gave no usable key")]
    Unusable,
}

/// Makes a key and writes it as an `xprv`, to be kept in a file and opened like any other.
///
/// # Errors
/// [`GenerateError`] when the source of randomness fails or is broken.
pub fn generate_xprv(entropy: &dyn Entropy) -> Result<Secret, GenerateError> {
    let (mut key, mut chain_code) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    entropy.fill(key.as_mut_slice()).map_err(GenerateError::Entropy)?;
    entropy.fill(chain_code.as_mut_slice()).map_err(GenerateError::Entropy)?;
    LocalSigner::new(KeyBytes::copy_of(&key)).map_err(|_| GenerateError::Unusable)?;
    let mut text = write_xprv(&key, &chain_code).ok_or(GenerateError::Unusable)?;
    Ok(Secret::new(std::mem::take(&mut *text)))
}
