//! The older format: SJCL's JSON, PBKDF2 and AES-CCM.

use aes::cipher::{BlockCipherEncrypt, BlockSizeUser};
use aes::{Aes128, Aes192, Aes256};
use ccm::aead::array::ArraySize;
use ccm::aead::{AeadInOut, KeyInit};
use ccm::consts::{U7, U8, U9, U10, U11, U12, U13, U16};
use ccm::{Ccm, Nonce, NonceSize, TagSize};
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{EnvelopeError, base64, unescape::unescape};
use crate::secret::Secret;

/// SJCL refuses to derive a key in this many rounds or fewer.
const MAX_REFUSED_ITERATIONS: u32 = 100;
/// BitGo's software refuses more, before it does any work.
const MAX_ITERATIONS: u32 = 100_000;
/// CCM's shortest nonce.
const MIN_IV_BYTES: usize = 7;
/// The longest iv that SJCL takes; CCM uses its beginning.
const MAX_IV_BYTES: usize = 16;
/// From this length on, a plaintext's length takes three bytes of CCM's counter block instead of two.
const LONG_PLAINTEXT_BYTES: usize = 65_536;

/// The envelope as it is written; what is missing takes SJCL's defaults.
#[derive(Deserialize)]
pub(super) struct Envelope {
    iv: String,
    salt: String,
    ct: String,
    #[serde(default = "default_iterations")]
    iter: u32,
    #[serde(default = "default_key_bits")]
    ks: u32,
    #[serde(default = "default_tag_bits")]
    ts: u32,
    #[serde(default = "default_mode")]
    mode: String,
    #[serde(default = "default_cipher")]
    cipher: String,
    #[serde(default)]
    adata: String,
}

fn default_iterations() -> u32 {
    1000
}

fn default_key_bits() -> u32 {
    128
}

fn default_tag_bits() -> u32 {
    64
}

fn default_mode() -> String {
    "ccm".to_owned()
}

fn default_cipher() -> String {
    "aes".to_owned()
}

/// AES with one of its three key sizes.
trait Cipher: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit {}

impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit> Cipher for C {}

/// What CCM is given, whatever the sizes.
struct Sealed<'a> {
    nonce: &'a [u8],
    associated: &'a [u8],
    /// Ciphertext and tag; the plaintext once it is opened.
    buffer: Zeroizing<Vec<u8>>,
}

/// Opens an envelope.
pub(super) fn open(envelope: &Envelope, passphrase: &Secret) -> Result<Secret, EnvelopeError> {
    check_limits(envelope)?;
    let iv = base64::decode("iv", &envelope.iv)?;
    let salt = base64::decode("salt", &envelope.salt)?;
    let buffer = Zeroizing::new(base64::decode("ct", &envelope.ct)?);
    let nonce = nonce_of(&iv, buffer.len(), envelope.ts)?;
    let associated = unescape(&envelope.adata).ok_or(EnvelopeError::OutOfLimits { field: "adata" })?;
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::pbkdf2_hmac::<Sha256>(passphrase.expose(), &salt, envelope.iter, key.as_mut_slice());
    let sealed = Sealed { nonce, associated: associated.as_bytes(), buffer };
    let mut plaintext = by_key_size(&key, envelope.ks, envelope.ts, sealed)?;
    Ok(Secret::new(std::mem::take(&mut *plaintext)))
}

fn check_limits(envelope: &Envelope) -> Result<(), EnvelopeError> {
    let limits = [
        ("mode", envelope.mode == "ccm"),
        ("cipher", envelope.cipher == "aes"),
        ("iter", envelope.iter > MAX_REFUSED_ITERATIONS && envelope.iter <= MAX_ITERATIONS),
        ("ks", matches!(envelope.ks, 128 | 192 | 256)),
        ("ts", matches!(envelope.ts, 64 | 96 | 128)),
    ];
    match limits.into_iter().find(|(_, kept)| !kept) {
        Some((field, _)) => Err(EnvelopeError::OutOfLimits { field }),
        None => Ok(()),
    }
}

/// The part of the iv that CCM uses: the longer the text, the shorter the nonce.
fn nonce_of(iv: &[u8], sealed_bytes: usize, tag_bits: u32) -> Result<&[u8], EnvelopeError> {
    if !(MIN_IV_BYTES..=MAX_IV_BYTES).contains(&iv.len()) {
        return Err(EnvelopeError::OutOfLimits { field: "iv" });
    }
    let tag_bytes = tag_bits as usize / 8;
    let plaintext_bytes = sealed_bytes.checked_sub(tag_bytes).ok_or(EnvelopeError::OutOfLimits { field: "ct" })?;
    let room = if plaintext_bytes >= LONG_PLAINTEXT_BYTES { 12 } else { 13 };
    Ok(iv.get(..room).unwrap_or(iv))
}

fn by_key_size(key: &[u8; 32], key_bits: u32, tag_bits: u32, sealed: Sealed<'_>) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    match key_bits {
        128 => by_tag_size::<Aes128>(&key[..16], tag_bits, sealed),
        192 => by_tag_size::<Aes192>(&key[..24], tag_bits, sealed),
        _ => by_tag_size::<Aes256>(key, tag_bits, sealed),
    }
}

fn by_tag_size<C: Cipher>(key: &[u8], tag_bits: u32, sealed: Sealed<'_>) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    match tag_bits {
        64 => by_nonce_size::<C, U8>(key, sealed),
        96 => by_nonce_size::<C, U12>(key, sealed),
        _ => by_nonce_size::<C, U16>(key, sealed),
    }
}

fn by_nonce_size<C: Cipher, M: ArraySize + TagSize>(key: &[u8], sealed: Sealed<'_>) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    match sealed.nonce.len() {
        7 => unseal::<C, M, U7>(key, sealed),
        8 => unseal::<C, M, U8>(key, sealed),
        9 => unseal::<C, M, U9>(key, sealed),
        10 => unseal::<C, M, U10>(key, sealed),
        11 => unseal::<C, M, U11>(key, sealed),
        12 => unseal::<C, M, U12>(key, sealed),
        _ => unseal::<C, M, U13>(key, sealed),
    }
}

/// Opens the text where it lies, so that the plaintext exists once.
fn unseal<C: Cipher, M: ArraySize + TagSize, N: ArraySize + NonceSize>(
    key: &[u8],
    mut sealed: Sealed<'_>,
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let cipher = Ccm::<C, M, N>::new_from_slice(key).map_err(|_| EnvelopeError::OutOfLimits { field: "ks" })?;
    let nonce = Nonce::<N>::try_from(sealed.nonce).map_err(|_| EnvelopeError::OutOfLimits { field: "iv" })?;
    cipher.decrypt_in_place(&nonce, sealed.associated, &mut *sealed.buffer).map_err(|_| EnvelopeError::WrongPassphrase)?;
    Ok(sealed.buffer)
}
