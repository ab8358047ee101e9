//! Settlement signatures, verified by recovering the key that made them.

use secp256k1::Message;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use sha2::{Digest, Sha256};

/// What every signed message starts with, its own length in front.
const PREFIX: &[u8] = b"\x18Bitcoin Signed Message:\n";
/// The header byte of recovery id 0 for a compressed key.
const FIRST_HEADER: u8 = 31;

/// Whether a hexadecimal signature over a payload was made by a key.
///
/// Like the venue, this accepts the signature's high-s twin.
pub(crate) fn verifies(payload: &str, signature_hex: &str, public_key: &[u8; 33]) -> bool {
    recovered(payload, signature_hex).is_some_and(|found| found == *public_key)
}

fn recovered(payload: &str, signature_hex: &str) -> Option<[u8; 33]> {
    let bytes = base16ct::mixed::decode_vec(signature_hex).ok()?;
    let (header, compact) = bytes.split_first()?;
    let id = RecoveryId::try_from(i32::from(header.checked_sub(FIRST_HEADER)?)).ok()?;
    let signature = RecoverableSignature::from_compact(compact, id).ok()?;
    let key = signature.recover_ecdsa(Message::from_digest(digest(payload))).ok()?;
    Some(key.serialize())
}

fn digest(payload: &str) -> [u8; 32] {
    let framed = [PREFIX, &compact_size(payload.len()), payload.as_bytes()].concat();
    Sha256::digest(Sha256::digest(framed)).into()
}

/// Bitcoin's variable-length integer.
fn compact_size(length: usize) -> Vec<u8> {
    let length = length as u64;
    match length {
        0..=0xfc => vec![length as u8],
        0xfd..=0xffff => [&[0xfd][..], &(length as u16).to_le_bytes()].concat(),
        0x1_0000..=0xffff_ffff => [&[0xfe][..], &(length as u32).to_le_bytes()].concat(),
        _ => [&[0xff][..], &length.to_le_bytes()].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signature that BitGo's own SDK made, with its key.
    const PAYLOAD: &str = "{\"version\":\"1.2.0\",\"accountId\":\"59cd72485007a239fb00282ed480da1f\",\"amounts\":[{\"accountId\":\"5e20faa843795147000da79b8a01f757\",\"sendSubtotal\":\"1000000\",\"sendAmount\":\"1000000\",\"sendCurrency\":\"ofctusd\",\"receiveAmount\":\"1000000\",\"receiveCurrency\":\"ofctbtc\"},{\"accountId\":\"59cd72485007a239fb00282ed480da1f\",\"sendSubtotal\":\"1000000\",\"sendAmount\":\"1000000\",\"sendCurrency\":\"ofctbtc\",\"receiveAmount\":\"1000000\",\"receiveCurrency\":\"ofctusd\"}],\"nonceHold\":\"zq/aCtZC4XOlDyRGFdlsww==\",\"nonceSettle\":\"FnG6xbzehNn0o/0Qt3UeUg==\"}";
    const SIGNATURE: &str = "20d899836f7998cb4701444a99a5ec64b83b202b0a09fd4b47171ba94ea7c7acf75eeb1da221058ed3a8962aeaa6c15f06b24682b7957c04ff51c50757772d5283";
    const KEY: &str = "0346bd810877cb0c4c7328a83aa9690880649585c4d5d6f56c6381efb5b9a83763";

    fn key() -> [u8; 33] {
        base16ct::lower::decode_vec(KEY).unwrap().try_into().unwrap()
    }

    #[test]
    fn a_signature_of_bitgos_sdk_verifies() {
        assert!(verifies(PAYLOAD, SIGNATURE, &key()));
    }

    #[test]
    fn another_payload_key_or_signature_does_not() {
        assert!(!verifies(&format!("{PAYLOAD} "), SIGNATURE, &key()));
        let mut other = key();
        other[1] ^= 1;
        assert!(!verifies(PAYLOAD, SIGNATURE, &other));
        assert!(!verifies(PAYLOAD, &SIGNATURE.replacen("20", "1f", 1), &key()));
        for text in ["", "zz", "20", &SIGNATURE[..128], &format!("{SIGNATURE}00")] {
            assert!(!verifies(PAYLOAD, text, &key()), "{text}");
        }
    }

    #[test]
    fn lengths_are_framed_as_bitcoin_frames_them() {
        assert_eq!(compact_size(252), [252]);
        assert_eq!(compact_size(253), [0xfd, 253, 0]);
        assert_eq!(compact_size(65_536), [0xfe, 0, 0, 1, 0]);
    }
}
