//! The newer format: Argon2id, an optional HKDF step, and AES-256-GCM.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use hkdf::Hkdf;
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{EnvelopeError, base64};
use crate::secret::Secret;

/// The most memory that BitGo's software spends, in KiB: 256 MiB.
const MAX_MEMORY_KIB: u32 = 262_144;
/// The most passes over that memory.
const MAX_PASSES: u32 = 16;
/// The most lanes.
const MAX_LANES: u32 = 16;
/// Argon2 needs this much memory for each lane.
const MIN_MEMORY_KIB_PER_LANE: u32 = 8;
/// What the keys of one encryption session are told apart by, beside their salts.
const SESSION_INFO: &[u8] = b"bitgo-v2-session";

/// The envelope as it is written.
#[derive(Deserialize)]
pub(super) struct Envelope {
    m: u32,
    t: u32,
    p: u32,
    salt: String,
    #[serde(rename = "hkdfSalt")]
    hkdf_salt: Option<String>,
    iv: String,
    ct: String,
    #[serde(default)]
    adata: String,
}

/// Opens an envelope.
pub(super) fn open(envelope: &Envelope, passphrase: &Secret) -> Result<Secret, EnvelopeError> {
    check_limits(envelope)?;
    let salt = base64::decode("salt", &envelope.salt)?;
    let hkdf_salt = envelope.hkdf_salt.as_deref().map(|salt| base64::decode("hkdfSalt", salt)).transpose()?;
    let nonce = base64::decode("iv", &envelope.iv)?;
    let nonce = nonce.as_slice().try_into().map_err(|_| EnvelopeError::OutOfLimits { field: "iv" })?;
    let mut buffer = Zeroizing::new(base64::decode("ct", &envelope.ct)?);
    let mut key = Zeroizing::new([0; 32]);
    derive(envelope, passphrase, &salt, &mut key)?;
    if let Some(hkdf_salt) = hkdf_salt {
        derive_again(&mut key, &hkdf_salt)?;
    }
    Aes256Gcm::new((&*key).into())
        .decrypt_in_place(nonce, envelope.adata.as_bytes(), &mut *buffer)
        .map_err(|_| EnvelopeError::WrongPassphrase)?;
    Ok(Secret::new(std::mem::take(&mut *buffer)))
}

fn check_limits(envelope: &Envelope) -> Result<(), EnvelopeError> {
    let limits = [
        ("t", (1..=MAX_PASSES).contains(&envelope.t)),
        ("p", (1..=MAX_LANES).contains(&envelope.p)),
        ("m", envelope.m <= MAX_MEMORY_KIB && envelope.m / MIN_MEMORY_KIB_PER_LANE >= envelope.p),
    ];
    match limits.into_iter().find(|(_, kept)| !kept) {
        Some((field, _)) => Err(EnvelopeError::OutOfLimits { field }),
        None => Ok(()),
    }
}

/// Makes the passphrase's key; the memory that it was made in is wiped too.
fn derive(envelope: &Envelope, passphrase: &Secret, salt: &[u8], key: &mut [u8; 32]) -> Result<(), EnvelopeError> {
    let params =
        Params::new(envelope.m, envelope.t, envelope.p, Some(32)).map_err(|_| EnvelopeError::OutOfLimits { field: "m" })?;
    let mut memory = Zeroizing::new(vec![Block::default(); params.block_count()]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(passphrase.expose(), salt, key, memory.as_mut_slice())
        .map_err(|_| EnvelopeError::OutOfLimits { field: "salt" })
}

/// Makes the key of one envelope out of its session's.
fn derive_again(key: &mut [u8; 32], salt: &[u8]) -> Result<(), EnvelopeError> {
    Hkdf::<Sha256>::new(Some(salt), key).expand(SESSION_INFO, key).map_err(|_| EnvelopeError::OutOfLimits { field: "hkdfSalt" })
}
