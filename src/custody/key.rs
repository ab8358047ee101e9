//! One key: its public half, where it came from and what it may sign.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::local::LocalSigner;
use super::xprv::{ExtendedKeyError, read_xprv};
use super::{Signer, SignerError};
use crate::domain::ids::KeyId;
use crate::domain::signing::{PublicKey, Purpose};
use crate::secret::Secret;

/// Where a key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// A file with an `xprv`.
    Xprv,
    /// A file with one BitGo `encryptedPrv`.
    EncryptedPrv,
    /// A BitGo Express external signer's file, with one `encryptedPrv` for each wallet.
    ExternalSignerFile,
    /// Made by this process for a development run.
    Generated,
}

impl KeySource {
    /// The name that people are shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Xprv => "xprv",
            Self::EncryptedPrv => "encrypted-prv",
            Self::ExternalSignerFile => "external-signer-file",
            Self::Generated => "generated",
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the configuration says about a key, whatever holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySettings {
    /// The key's name.
    pub id: KeyId,
    /// What the key may sign.
    pub purposes: BTreeSet<Purpose>,
    /// Whether the key may sign at all; a disabled key still verifies and is listed.
    pub enabled: bool,
    /// Whether the SignPayload RPC may sign settlement payloads with it. Such a
    /// signature moves money without the checks of InitiateSettlement.
    pub sign_payload_settlement: bool,
}

/// A key: public data and permissions; the signer behind it stays in this module.
#[derive(Clone)]
pub struct Key {
    settings: KeySettings,
    source: KeySource,
    public_key: PublicKey,
    signer: Arc<dyn Signer>,
}

/// Why an `xprv` makes no key.
#[derive(Debug, Error)]
pub enum XprvKeyError {
    /// The text is no `xprv`.
    #[error("the xprv cannot be read")]
    Text(#[source] ExtendedKeyError),
    /// The key is zero or not below the group's order.
    #[error("the xprv's key cannot sign")]
    Key(#[source] SignerError),
}

impl Key {
    /// A key behind any signer.
    #[must_use]
    pub fn with_signer(settings: KeySettings, source: KeySource, signer: Arc<dyn Signer>) -> Self {
        Self { settings, source, public_key: signer.public_key(), signer }
    }

    /// A key from the text of an `xprv`, held in this process's memory.
    ///
    /// # Errors
    /// [`XprvKeyError`] when the text is no mainnet `xprv`; it never repeats the text.
    pub fn from_xprv(settings: KeySettings, source: KeySource, xprv: &Secret) -> Result<Self, XprvKeyError> {
        let bytes = read_xprv(xprv.expose()).map_err(XprvKeyError::Text)?;
        let signer = LocalSigner::new(bytes).map_err(XprvKeyError::Key)?;
        Ok(Self::with_signer(settings, source, Arc::new(signer)))
    }

    /// The key's name.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.settings.id
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// Where the key came from.
    #[must_use]
    pub fn source(&self) -> KeySource {
        self.source
    }

    /// What the key may sign.
    #[must_use]
    pub fn purposes(&self) -> &BTreeSet<Purpose> {
        &self.settings.purposes
    }

    /// Whether the key may sign at all.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.settings.enabled
    }

    /// Whether the SignPayload RPC may sign settlement payloads with this key.
    #[must_use]
    pub fn may_sign_settlements_by_payload(&self) -> bool {
        self.settings.sign_payload_settlement
    }

    /// The signer, which [`super::sign_once`] alone asks for.
    pub(super) fn signer(&self) -> &dyn Signer {
        self.signer.as_ref()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("settings", &self.settings)
            .field("source", &self.source)
            .field("public_key", &self.public_key)
            .finish_non_exhaustive()
    }
}
