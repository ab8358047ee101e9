//! BIP-32's text form: 78 bytes and their checksum in base58.
//!
//! The bytes may be a private key, so no buffer here is left behind unwiped.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The bytes of an extended key.
pub(super) const EXTENDED_KEY_BYTES: usize = 78;

/// The first four bytes of the double hash follow the key.
const CHECKSUM_BYTES: usize = 4;

const CHECKED_BYTES: usize = EXTENDED_KEY_BYTES + CHECKSUM_BYTES;

/// The most base58 digits that 82 bytes can have; real keys have 111.
const MAX_TEXT_BYTES: usize = 113;

/// The bytes of an extended key; `None` when the text is not base58, or not of that length, or fails its checksum.
pub(super) fn decode(text: &[u8]) -> Option<Zeroizing<[u8; EXTENDED_KEY_BYTES]>> {
    if text.len() > MAX_TEXT_BYTES {
        return None;
    }
    let mut checked = Zeroizing::new([0; CHECKED_BYTES]);
    let length = bs58::decode(text).onto(checked.as_mut_slice()).ok()?;
    let (key, sum) = checked.split_first_chunk()?;
    (length == CHECKED_BYTES && *sum == checksum(key)).then(|| Zeroizing::new(*key))
}

/// The text of an extended key; `None` never happens, since the buffer holds the longest text.
pub(super) fn encode(key: &[u8; EXTENDED_KEY_BYTES]) -> Option<Zeroizing<Vec<u8>>> {
    let mut checked = Zeroizing::new([0; CHECKED_BYTES]);
    let (bytes, sum) = checked.split_first_chunk_mut()?;
    *bytes = *key;
    sum.copy_from_slice(&checksum(key));
    let mut text = Zeroizing::new(vec![0; MAX_TEXT_BYTES]);
    let length = bs58::encode(checked.as_slice()).onto(text.as_mut_slice()).ok()?;
    text.truncate(length);
    Some(text)
}

fn checksum(key: &[u8; EXTENDED_KEY_BYTES]) -> [u8; CHECKSUM_BYTES] {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(Sha256::digest(key)));
    [a, b, c, d]
}
