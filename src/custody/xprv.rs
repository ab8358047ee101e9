//! Extended keys of Bitcoin's mainnet, as BitGo hands them out: `xprv` and `xpub`.
//!
//! The node itself signs, whatever its depth: nothing is derived from it.

use std::ops::Range;

use thiserror::Error;
use zeroize::Zeroizing;

use super::base58check::ExtendedKey;
use super::key_bytes::KeyBytes;
use crate::domain::signing::PublicKey;

const XPRV_VERSION: [u8; 4] = [0x04, 0x88, 0xad, 0xe4];
const XPUB_VERSION: [u8; 4] = [0x04, 0x88, 0xb2, 0x1e];

/// Why a text is no extended key. The text itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ExtendedKeyError {
    /// The text is not base58 of 78 bytes, or a character was mistyped.
    #[error("not an extended key: wrong characters, length or checksum")]
    NotBase58Check,
    /// The version bytes are not those that belong here: another network, or the public form where the private one belongs.
    #[error("not an extended key of the expected kind on mainnet")]
    WrongVersion,
    /// Depth, parent and index contradict each other.
    #[error("a key of depth zero has no parent and no index")]
    ImpossiblePosition,
    /// The key lies outside the curve's range.
    #[error("the key is outside its range")]
    KeyOutOfRange,
}

/// Where the parts of an extended key lie.
const VERSION: Range<usize> = 0..4;
const DEPTH: usize = 4;
const PARENT_AND_INDEX: Range<usize> = 5..13;
const CHAIN_CODE: Range<usize> = 13..45;
/// A compressed point, or a zero and a private key.
const KEY: Range<usize> = 45..78;

/// Reads either kind, and checks all but the key itself.
fn read(text: &[u8], version: [u8; 4]) -> Result<ExtendedKey, ExtendedKeyError> {
    let node = ExtendedKey::decode(text.trim_ascii()).ok_or(ExtendedKeyError::NotBase58Check)?;
    if node.bytes()[VERSION] != version {
        return Err(ExtendedKeyError::WrongVersion);
    }
    let has_position = node.bytes()[PARENT_AND_INDEX].iter().any(|byte| *byte != 0);
    if node.bytes()[DEPTH] == 0 && has_position {
        return Err(ExtendedKeyError::ImpossiblePosition);
    }
    Ok(node)
}

/// Reads an `xprv`; white space around it is ignored.
pub(super) fn read_xprv(text: &[u8]) -> Result<KeyBytes, ExtendedKeyError> {
    let node = read(text, XPRV_VERSION)?;
    let key = node.bytes()[KEY].strip_prefix(&[0]).and_then(|key| key.try_into().ok());
    key.map(KeyBytes::copy_of).ok_or(ExtendedKeyError::KeyOutOfRange)
}

/// Reads the public key of an `xpub`; white space around it is ignored.
///
/// # Errors
/// [`ExtendedKeyError`] when the text is no mainnet `xpub`, or its point is not on the curve.
pub fn read_xpub(text: &str) -> Result<PublicKey, ExtendedKeyError> {
    let node = read(text.as_bytes(), XPUB_VERSION)?;
    secp256k1::PublicKey::from_slice(&node.bytes()[KEY])
        .map(|key| PublicKey::from_bytes(key.serialize()))
        .map_err(|_| ExtendedKeyError::KeyOutOfRange)
}

/// Writes a key as the `xprv` of a root; `None` never happens (see [`ExtendedKey::encode`]).
pub(super) fn write_xprv(key: &[u8; 32], chain_code: &[u8; 32]) -> Option<Zeroizing<Vec<u8>>> {
    let mut node = ExtendedKey::zeroed();
    let bytes = node.bytes_mut();
    bytes[VERSION].copy_from_slice(&XPRV_VERSION);
    bytes[CHAIN_CODE].copy_from_slice(chain_code);
    bytes[KEY][1..].copy_from_slice(key);
    node.encode()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// BIP-32's own test vector 1: the root in both forms, and its child of depth 1.
    const ROOT: &str =
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
    const CHILD: &str =
        "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7";
    const ROOT_XPUB: &str =
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";

    #[test]
    fn nodes_of_any_depth_are_read_without_derivation() {
        assert_eq!(
            base16ct::lower::encode_string(read_xprv(ROOT.as_bytes()).unwrap().expose()),
            "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35"
        );
        assert_eq!(
            base16ct::lower::encode_string(read_xprv(CHILD.as_bytes()).unwrap().expose()),
            "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea"
        );
    }

    #[test]
    fn a_files_last_new_line_is_no_part_of_the_key() {
        assert!(read_xprv(format!("  {ROOT}\r\n").as_bytes()).is_ok());
    }

    #[test]
    fn an_xpub_gives_its_public_key() {
        assert_eq!(read_xpub(ROOT_XPUB).unwrap().to_hex(), "0339a36013301597daef41fbe593a02cc513d0b55527ec2df1050e2e8ff49c85c2");
    }

    #[test]
    fn the_public_form_is_refused_where_the_private_one_belongs_and_the_other_way_round() {
        assert_eq!(read_xprv(ROOT_XPUB.as_bytes()).unwrap_err(), ExtendedKeyError::WrongVersion);
        assert_eq!(read_xpub(ROOT).unwrap_err(), ExtendedKeyError::WrongVersion);
    }

    #[test]
    fn a_testnet_key_is_refused() {
        let mut node = ExtendedKey::decode(ROOT.as_bytes()).unwrap();
        node.bytes_mut()[..4].copy_from_slice(&[0x04, 0x35, 0x83, 0x94]);
        let text = node.encode().unwrap();
        assert_eq!(read_xprv(&text).unwrap_err(), ExtendedKeyError::WrongVersion);
    }

    #[test]
    fn any_mistyped_character_is_refused() {
        for position in 0..ROOT.len() {
            let mut text = ROOT.as_bytes().to_vec();
            text[position] = if text[position] == b'2' { b'3' } else { b'2' };
            assert_eq!(read_xprv(&text).unwrap_err(), ExtendedKeyError::NotBase58Check, "{position}");
        }
    }

    #[test]
    fn a_root_with_a_parent_is_refused() {
        for byte in [5, 12] {
            let mut node = ExtendedKey::decode(ROOT.as_bytes()).unwrap();
            node.bytes_mut()[byte] = 1;
            let text = node.encode().unwrap();
            assert_eq!(read_xprv(&text).unwrap_err(), ExtendedKeyError::ImpossiblePosition);
        }
    }

    #[test]
    fn a_private_key_without_its_leading_zero_is_refused() {
        let mut node = ExtendedKey::decode(ROOT.as_bytes()).unwrap();
        node.bytes_mut()[45] = 1;
        let text = node.encode().unwrap();
        assert_eq!(read_xprv(&text).unwrap_err(), ExtendedKeyError::KeyOutOfRange);
    }

    #[test]
    fn a_written_key_is_the_one_that_is_read() {
        let text = write_xprv(&[7; 32], &[9; 32]).unwrap();
        assert!(text.starts_with(b"xprv9s21ZrQH143K"));
        assert_eq!(read_xprv(&text).unwrap().expose(), &[7; 32]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_readers_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read_xprv(&bytes).is_err());
            prop_assert!(read_xpub(&String::from_utf8_lossy(&bytes)).is_err());
        }

        #[test]
        fn no_well_checked_bytes_make_the_readers_panic(bytes in proptest::collection::vec(any::<u8>(), 78), at in 0..3usize) {
            let mut node = ExtendedKey::zeroed();
            node.bytes_mut().copy_from_slice(&bytes);
            node.bytes_mut()[VERSION].copy_from_slice([&XPRV_VERSION, &XPUB_VERSION, &[1, 2, 3, 4]][at]);
            let text = node.encode().unwrap();
            let _ = read_xprv(&text);
            let _ = read_xpub(std::str::from_utf8(&text).unwrap());
        }
    }
}
