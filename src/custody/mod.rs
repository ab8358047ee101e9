//! Keys, and the only way to a signature.
//!
//! A private key enters through [`open`] or [`Key::from_xprv`] and never leaves:
//! nothing public here returns one, and a [`Key`] does not lend its signer.
//! Whoever wants a signature calls [`sign_once`], which reserves the reference
//! in the journal before the key is touched.
//!
//! Another kind of key (an HSM's, a cloud's) is one more file that implements
//! [`Signer`].

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::signing::{PublicKey, Signature};

mod base58check;
pub mod envelope;
mod generate;
mod key;
mod key_bytes;
mod keyring;
mod local;
mod message;
mod open;
mod sign_once;
mod signer_ledger;
mod verify;
mod xprv;

pub use generate::{GenerateError, generate_xprv};
pub use key::{Key, KeySettings, KeySource, XprvKeyError};
pub use keyring::{Keyring, KeyringError};
pub use message::message_digest;
pub use open::{KeyMaterial, MAX_KEY_FILE_BYTES, OpenFailure, OpenKeyError, open};
pub use sign_once::{SignOnceError, SignedPayload, sign_once};
pub use verify::{VerifyFailure, verify};
pub use xprv::{ExtendedKeyError, read_xpub};

/// Something that holds a private key: public data in, signature out.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The public half of the key.
    fn public_key(&self) -> PublicKey;

    /// Signs a digest that [`message_digest`] made.
    ///
    /// # Errors
    /// [`SignerError`] when no signature could be had; whether one was made is then unknown.
    async fn sign(&self, digest: [u8; 32]) -> Result<Signature, SignerError>;
}

/// The holder of a key gave no signature.
#[derive(Debug, Error)]
#[error("the signer gave no signature")]
pub struct SignerError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
