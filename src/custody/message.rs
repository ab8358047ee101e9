//! The digest that BitGo's signatures are made over.
//!
//! It is Bitcoin's signed-message digest: a prefix, the length and the text,
//! hashed twice. Nothing in it says what the text is for, which is why
//! [`super::sign_once`] guards the meaning and this file only the bytes.

use sha2::{Digest, Sha256};

/// The length of the prefix as one byte, and the prefix.
const PREFIX: &[u8] = b"\x18Bitcoin Signed Message:\n";

/// The 32 bytes that are signed for a payload.
///
/// The payload is framed as it stands: never parsed, normalised or copied.
#[must_use]
pub fn message_digest(payload: &str) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(PREFIX);
    update_with_compact_size(&mut hash, payload.len() as u64);
    hash.update(payload);
    Sha256::digest(hash.finalize()).into()
}

/// Hashes a length as Bitcoin writes it: the shortest of 1, 3, 5 or 9 bytes, little endian.
fn update_with_compact_size(hash: &mut Sha256, length: u64) {
    if let Ok(one) = u8::try_from(length)
        && one < 0xfd
    {
        hash.update([one]);
    } else if let Ok(two) = u16::try_from(length) {
        hash.update([0xfd]);
        hash.update(two.to_le_bytes());
    } else if let Ok(four) = u32::try_from(length) {
        hash.update([0xfe]);
        hash.update(four.to_le_bytes());
    } else {
        hash.update([0xff]);
        hash.update(length.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(length: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        update_with_compact_size(&mut hash, length);
        hash.finalize().into()
    }

    #[test]
    fn each_length_takes_its_shortest_form() {
        let cases: [(u64, &[u8]); 8] = [
            (0, &[0]),
            (0xfc, &[0xfc]),
            (0xfd, &[0xfd, 0xfd, 0]),
            (0xff, &[0xfd, 0xff, 0]),
            (0xffff, &[0xfd, 0xff, 0xff]),
            (0x1_0000, &[0xfe, 0, 0, 1, 0]),
            (0xffff_ffff, &[0xfe, 0xff, 0xff, 0xff, 0xff]),
            (0x1_0000_0000, &[0xff, 0, 0, 0, 0, 1, 0, 0, 0]),
        ];
        for (length, bytes) in cases {
            assert_eq!(framed(length), <[u8; 32]>::from(Sha256::digest(bytes)), "{length}");
        }
    }
}
