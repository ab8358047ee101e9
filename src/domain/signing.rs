//! What a key may sign, what a signature is for, and the journal that keeps
//! one key from ever signing two different payloads for one reference.
//!
//! BitGo's signing scheme has no domain separation: the same key and the same
//! framing sign settlements, allocations and withdrawals alike. So the guard
//! is keyed by what the bytes *mean* ([`SigningReference`]), whichever RPC
//! brought them, and [`SigningJournal::reserve`] is committed before a key is
//! touched.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::ids::{EnterpriseId, ExternalId, KeyId};

/// What a payload is for; a key signs only the purposes that the configuration gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// A Go Network settlement (seed 000).
    Settlement,
    /// A trade settlement's payload, version 1.2.0 (seed 003).
    Trade,
    /// An allocation or deallocation of funds to a connection.
    Allocation,
    /// Opening, retracting or closing a settlement dispute.
    Dispute,
    /// Anything else: no key has this by default, since it can sign a withdrawal.
    Raw,
}

impl Purpose {
    /// All purposes, in the order in which they are listed to people.
    pub const ALL: [Self; 5] = [Self::Settlement, Self::Trade, Self::Allocation, Self::Dispute, Self::Raw];

    /// The name that configuration, answers and the journal use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settlement => "settlement",
            Self::Trade => "trade",
            Self::Allocation => "allocation",
            Self::Dispute => "dispute",
            Self::Raw => "raw",
        }
    }

    /// Reads the name that [`Purpose::as_str`] writes.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }
}

/// SHA-256 of a payload's UTF-8 bytes: which payload a signature is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PayloadDigest([u8; 32]);

impl PayloadDigest {
    /// The digest of a payload.
    #[must_use]
    pub fn of(payload: &str) -> Self {
        Self(Sha256::digest(payload.as_bytes()).into())
    }

    /// Takes a digest that was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        base16ct::lower::encode_string(&self.0)
    }
}

impl fmt::Debug for PayloadDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// A recoverable signature as BitGo writes it: `31 + recovery id`, r and s; 65 bytes, low s.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 65]);

impl Signature {
    /// Takes the 65 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 65]) -> Self {
        Self(bytes)
    }

    /// Reads 130 hexadecimal digits, lower or upper case.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 65];
        let decoded = base16ct::mixed::decode(text, &mut bytes).ok()?.len();
        (decoded == 65).then_some(Self(bytes))
    }

    /// The 65 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }

    /// 130 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        base16ct::lower::encode_string(&self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// A compressed secp256k1 public key: 33 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 33]);

impl PublicKey {
    /// Takes the 33 bytes of a compressed point; whether it lies on the curve is the verifier's business.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 33]) -> Self {
        Self(bytes)
    }

    /// Reads 66 hexadecimal digits, lower or upper case.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 33];
        let decoded = base16ct::mixed::decode(text, &mut bytes).ok()?.len();
        (decoded == 33).then_some(Self(bytes))
    }

    /// The 33 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    /// 66 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        base16ct::lower::encode_string(&self.0)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// What a signature commits its key to. Two different payloads never get a
/// signature under one reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SigningReference {
    /// A settlement of an enterprise.
    Settlement {
        /// The key.
        key: KeyId,
        /// The enterprise that the key signs settlements for.
        enterprise: EnterpriseId,
        /// The settlement's external id.
        external_id: ExternalId,
    },
    /// A trade settlement's payload.
    Trade {
        /// The key.
        key: KeyId,
        /// `nonceHold` of the payload.
        nonce_hold: String,
        /// `nonceSettle` of the payload.
        nonce_settle: String,
    },
    /// An allocation or deallocation.
    Allocation {
        /// The key.
        key: KeyId,
        /// `nonce` of the payload.
        nonce: String,
    },
    /// A dispute's opening, retraction or closure.
    Dispute {
        /// The key.
        key: KeyId,
        /// `nonce` of the payload.
        nonce: String,
    },
    /// Bytes that mean nothing to this gateway: the payload's digest stands for itself.
    Raw {
        /// The key.
        key: KeyId,
        /// The payload's digest.
        digest: PayloadDigest,
    },
}

impl SigningReference {
    /// The purpose that a key needs for this reference.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Settlement { .. } => Purpose::Settlement,
            Self::Trade { .. } => Purpose::Trade,
            Self::Allocation { .. } => Purpose::Allocation,
            Self::Dispute { .. } => Purpose::Dispute,
            Self::Raw { .. } => Purpose::Raw,
        }
    }

    /// The key that signs.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        match self {
            Self::Settlement { key, .. }
            | Self::Trade { key, .. }
            | Self::Allocation { key, .. }
            | Self::Dispute { key, .. }
            | Self::Raw { key, .. } => key,
        }
    }

    /// One text per reference, unambiguous since each part carries its length: the journal's key.
    #[must_use]
    pub fn to_text(&self) -> String {
        let digest;
        let parts: [&str; 3] = match self {
            Self::Settlement { key, enterprise, external_id } => [key.as_str(), enterprise.as_str(), external_id.as_str()],
            Self::Trade { key, nonce_hold, nonce_settle } => [key.as_str(), nonce_hold, nonce_settle],
            Self::Allocation { key, nonce } | Self::Dispute { key, nonce } => [key.as_str(), nonce, ""],
            Self::Raw { key, digest: of } => {
                digest = of.to_hex();
                [key.as_str(), &digest, ""]
            }
        };
        let mut text = self.purpose().as_str().to_owned();
        for part in parts {
            text.push_str(&format!(" {}:{part}", part.len()));
        }
        text
    }
}

/// A signature that the journal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureRecord {
    /// The signature; a repeat gets this one and no other.
    pub signature: Signature,
    /// The record's place in the journal, rising by commit.
    pub journal_sequence: u64,
    /// When it was recorded.
    pub signed_at: Timestamp,
}

/// What the journal says to a request to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// The reference is reserved for this digest and nothing is signed yet, or the signature was lost before it was recorded.
    Reserved,
    /// This digest was signed before: here is the signature.
    Signed(SignatureRecord),
    /// Another digest holds this reference: refuse.
    Conflict {
        /// The digest that holds the reference.
        holder: PayloadDigest,
    },
}

/// The journal could not answer; nothing may be signed.
#[derive(Debug, Error)]
#[error("the signing journal did not answer")]
pub struct JournalError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The guard's memory, implemented by the store.
///
/// This and [`super::time`] are the domain's only ports. Both methods are
/// durable when they return, and both may be repeated.
#[async_trait]
pub trait SigningJournal: Send + Sync {
    /// Reserves a reference for a digest, for ever. The first digest wins, whoever asks.
    async fn reserve(&self, reference: &SigningReference, digest: PayloadDigest) -> Result<Reservation, JournalError>;

    /// Records the signature for a reservation. If one is recorded already, that one is returned and the new one is dropped.
    async fn record(
        &self,
        reference: &SigningReference,
        digest: PayloadDigest,
        signature: Signature,
    ) -> Result<SignatureRecord, JournalError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(hold: &str, settle: &str) -> SigningReference {
        SigningReference::Trade { key: KeyId::new("k").unwrap(), nonce_hold: hold.to_owned(), nonce_settle: settle.to_owned() }
    }

    #[test]
    fn references_with_shifted_parts_never_meet() {
        assert_ne!(trade("a 1:b", "c").to_text(), trade("a", "b 1:c").to_text());
        assert_eq!(trade("a", "b").to_text(), "trade 1:k 1:a 1:b");
    }

    #[test]
    fn a_signature_is_exactly_130_hex_digits() {
        assert!(Signature::from_hex(&"1f".repeat(65)).is_some());
        assert!(Signature::from_hex(&"1f".repeat(64)).is_none());
        assert!(Signature::from_hex(&"1f".repeat(66)).is_none());
        assert!(Signature::from_hex("zz").is_none());
    }

    #[test]
    fn purposes_read_back_their_names() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::from_name(purpose.as_str()), Some(purpose));
        }
    }
}
