//! A signer whose key is in this process's memory.

use async_trait::async_trait;
use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{Message, SecretKey};
use zeroize::Zeroize;

use super::key_bytes::KeyBytes;
use super::verify::FIRST_HEADER;
use super::{Signer, SignerError};
use crate::domain::signing::{PublicKey, Signature};

/// How much of the stack is overwritten after a key was on it: more than
/// libsecp256k1's wrapper and this file use, and well under a microsecond.
const SCRUBBED_STACK_BYTES: usize = 8 * 1024;

/// Signs with RFC 6979 nonces and low s, byte for byte what BitGo's SDK writes.
#[derive(Debug)]
pub(super) struct LocalSigner {
    key: KeyBytes,
    public_key: PublicKey,
}

impl LocalSigner {
    /// Takes a key.
    ///
    /// # Errors
    /// [`SignerError`] when the key is zero or not below the group's order.
    pub(super) fn new(key: KeyBytes) -> Result<Self, SignerError> {
        let public_key = with_secret_key(&key, |secret| PublicKey::from_bytes(secret.public_key().serialize()))?;
        Ok(Self { key, public_key })
    }
}

#[async_trait]
impl Signer for LocalSigner {
    fn public_key(&self) -> PublicKey {
        self.public_key
    }

    async fn sign(&self, digest: [u8; 32]) -> Result<Signature, SignerError> {
        with_secret_key(&self.key, |secret| {
            // The safe interface blinds its context again after every signature.
            // That halves the rate, to about 28,000 a second and core, where the
            // venue takes six calls a second: the defence against side channels
            // is kept at its strongest.
            RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest), secret)
        })
        .map(|signature| compact(&signature))
    }
}

/// Lends a key in libsecp256k1's form, which is `Copy` and does not wipe itself,
/// and overwrites the stack that it was lent on.
fn with_secret_key<T>(key: &KeyBytes, use_key: impl FnOnce(&SecretKey) -> T) -> Result<T, SignerError> {
    let answer = lend(key, use_key);
    scrub_stack();
    answer
}

#[inline(never)]
fn lend<T>(key: &KeyBytes, use_key: impl FnOnce(&SecretKey) -> T) -> Result<T, SignerError> {
    let mut secret = SecretKey::from_secret_bytes(*key.expose()).map_err(|error| SignerError(error.into()))?;
    let answer = use_key(&secret);
    secret.non_secure_erase();
    Ok(answer)
}

#[inline(never)]
fn scrub_stack() {
    [0_u8; SCRUBBED_STACK_BYTES].zeroize();
}

fn compact(signature: &RecoverableSignature) -> Signature {
    let (recovery_id, r_and_s) = signature.serialize_compact();
    let mut bytes = [0; 65];
    let (header, rest) = bytes.split_at_mut(1);
    header.copy_from_slice(&[FIRST_HEADER + recovery_id.to_u8()]);
    rest.copy_from_slice(&r_and_s);
    Signature::from_bytes(bytes)
}
