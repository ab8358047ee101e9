//! BIP-32's text form: 78 bytes and their checksum in base58.
//!
//! The bytes may be a private key, so each buffer here is wiped, and stands on
//! the heap: moving a wiped array would leave a copy behind on the stack.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The bytes of an extended key.
pub(super) const EXTENDED_KEY_BYTES: usize = 78;

/// The first four bytes of the double hash follow the key.
const CHECKED_BYTES: usize = EXTENDED_KEY_BYTES + 4;

/// The most base58 digits that 82 bytes can have; real keys have 111.
const MAX_TEXT_BYTES: usize = 112;

/// An extended key, and room for its checksum.
pub(super) struct ExtendedKey(Box<Zeroizing<[u8; CHECKED_BYTES]>>);

impl ExtendedKey {
    /// Room for a key.
    pub(super) fn zeroed() -> Self {
        Self(Box::new(Zeroizing::new([0; CHECKED_BYTES])))
    }

    /// Reads a text; `None` when it is not base58, or not of that length, or fails its checksum.
    pub(super) fn decode(text: &[u8]) -> Option<Self> {
        if text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let mut key = Self::zeroed();
        let length = bs58::decode(text).onto(key.0.as_mut_slice()).ok()?;
        let (bytes, sum) = key.0.split_first_chunk()?;
        (length == CHECKED_BYTES && *sum == checksum(bytes)).then_some(key)
    }

    /// Writes the text; `None` never happens, since the buffer holds the longest one.
    pub(super) fn encode(mut self) -> Option<Zeroizing<Vec<u8>>> {
        let (bytes, sum) = self.0.split_first_chunk_mut()?;
        sum.copy_from_slice(&checksum(bytes));
        let mut text = Zeroizing::new(vec![0; MAX_TEXT_BYTES]);
        let length = bs58::encode(self.0.as_slice()).onto(text.as_mut_slice()).ok()?;
        text.truncate(length);
        Some(text)
    }

    /// The bytes without the checksum.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0[..EXTENDED_KEY_BYTES]
    }

    /// The bytes without the checksum, to be filled.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0[..EXTENDED_KEY_BYTES]
    }
}

fn checksum(key: &[u8; EXTENDED_KEY_BYTES]) -> [u8; 4] {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(Sha256::digest(key)));
    [a, b, c, d]
}
