//! The key pair that the venue signs its calls with, and its public half as it is given out.

use std::fmt::{self, Debug, Formatter};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The file's name inside the data directory.
const FILE_NAME: &str = "sandbox-callback-key.der";
/// How many characters a line of PEM has.
const PEM_LINE_CHARACTERS: usize = 64;

/// Why there is no key to sign calls with.
#[derive(Debug, Error)]
pub enum CallbackKeyError {
    /// None could be made.
    #[error("no key for the sandbox's calls could be made")]
    Unmade,
    /// The bytes are no RSA private key in PKCS#8.
    #[error("the key for the sandbox's calls is no RSA key in PKCS#8")]
    Malformed,
    /// The file could not be read or written.
    #[error("the file of the key for the sandbox's calls failed")]
    File(#[source] io::Error),
}

/// An RSA key of 2048 bits.
#[derive(Clone)]
pub struct CallbackKey {
    pair: Arc<KeyPair>,
}

impl Debug for CallbackKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackKey")
    }
}

impl CallbackKey {
    /// Makes one.
    ///
    /// # Errors
    /// [`CallbackKeyError::Unmade`] when the machine has no randomness.
    pub fn generate() -> Result<Self, CallbackKeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| CallbackKeyError::Unmade)?;
        Ok(Self { pair: Arc::new(pair) })
    }

    /// Reads one from PKCS#8 in DER.
    ///
    /// # Errors
    /// [`CallbackKeyError::Malformed`] when it is none.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, CallbackKeyError> {
        let pair = KeyPair::from_pkcs8(der).map_err(|_| CallbackKeyError::Malformed)?;
        Ok(Self { pair: Arc::new(pair) })
    }

    /// The one that a folder keeps, made where there is none: what was given out stays good over a restart.
    pub(crate) fn kept_in(folder: &Path) -> Result<Self, CallbackKeyError> {
        let path = folder.join(FILE_NAME);
        match fs::read(&path) {
            Ok(der) => return Self::from_pkcs8(&der),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => (),
            Err(cause) => return Err(CallbackKeyError::File(cause)),
        }
        let key = Self::generate()?;
        let der: Pkcs8V1Der<'static> = key.pair.as_der().map_err(|_| CallbackKeyError::Unmade)?;
        let unfinished = path.with_extension("unfinished");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .map_err(CallbackKeyError::File)?;
        file.write_all(der.as_ref()).and_then(|()| file.sync_all()).map_err(CallbackKeyError::File)?;
        fs::rename(&unfinished, &path).map_err(CallbackKeyError::File)?;
        Ok(key)
    }

    /// The public key as PEM (`SubjectPublicKeyInfo`).
    ///
    /// # Errors
    /// [`CallbackKeyError::Unmade`] when it cannot be written.
    pub fn public_pem(&self) -> Result<String, CallbackKeyError> {
        let der: PublicKeyX509Der<'static> = self.pair.public_key().as_der().map_err(|_| CallbackKeyError::Unmade)?;
        let text = Base64::encode_string(der.as_ref());
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        for (place, character) in text.chars().enumerate() {
            if place > 0 && place.is_multiple_of(PEM_LINE_CHARACTERS) {
                pem.push('\n');
            }
            pem.push(character);
        }
        pem.push_str("\n-----END PUBLIC KEY-----\n");
        Ok(pem)
    }

    /// The public key as a JSON Web Key Set.
    ///
    /// # Errors
    /// [`CallbackKeyError::Unmade`] when it cannot be written.
    pub fn public_jwks(&self) -> Result<String, CallbackKeyError> {
        let (modulus, exponent) = numbers(self.pair.public_key().as_ref()).ok_or(CallbackKeyError::Unmade)?;
        let key = json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.key_id(),
            "n": Base64UrlUnpadded::encode_string(modulus),
            "e": Base64UrlUnpadded::encode_string(exponent),
        });
        Ok(json!({ "keys": [key] }).to_string())
    }

    /// What the key is called in tokens and in the key set.
    pub(super) fn key_id(&self) -> String {
        let digest = base16ct::lower::encode_string(&Sha256::digest(self.pair.public_key().as_ref()));
        digest.chars().take(16).collect()
    }

    /// RS256 over some bytes.
    pub(super) fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).ok()?;
        Some(signature)
    }
}

/// Modulus and exponent of an `RSAPublicKey` in DER (RFC 8017), without leading zeros.
fn numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = element(0x30, der)?;
    let (modulus, rest) = element(0x02, sequence)?;
    let (exponent, _) = element(0x02, rest)?;
    Some((without_zero(modulus), without_zero(exponent)))
}

fn without_zero(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}

/// An element's content and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=127 => (usize::from(*short), rest),
        _ => {
            let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (bytes.iter().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?, rest)
        }
    };
    if *first == tag { rest.split_at_checked(length) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_a_folder_keeps_is_the_same_after_a_restart_and_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let first = CallbackKey::kept_in(folder.path()).unwrap();
        let second = CallbackKey::kept_in(folder.path()).unwrap();
        assert_eq!(first.public_pem().unwrap(), second.public_pem().unwrap());
        let mode = fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        fs::write(folder.path().join(FILE_NAME), "nonsense").unwrap();
        assert!(matches!(CallbackKey::kept_in(folder.path()), Err(CallbackKeyError::Malformed)));
    }

    #[test]
    fn the_key_set_holds_a_modulus_of_2048_bits_and_the_usual_exponent() {
        let key = CallbackKey::generate().unwrap();
        let (modulus, exponent) = numbers(key.pair.public_key().as_ref()).unwrap();
        assert_eq!((modulus.len(), exponent), (256, &[1, 0, 1][..]));
    }
}
