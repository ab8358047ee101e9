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

    use secp256k1::SecretKey;
    use serde_json::Value;

    /// One signature that BitGo's own SDK made.
    struct Vector {
        payload: String,
        signature: String,
        key: [u8; 33],
    }

    fn vectors() -> Vec<Vector> {
        let golden: Value = serde_json::from_str(include_str!("../../../tests/golden/sign.json")).unwrap();
        golden["vectors"].as_array().unwrap().iter().map(vector).collect()
    }

    fn vector(value: &Value) -> Vector {
        let repeat = &value["payload_repeat"];
        let payload = match (value["payload"].as_str(), value["payload_utf8_hex"].as_str()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(hex)) => String::from_utf8(base16ct::lower::decode_vec(hex).unwrap()).unwrap(),
            _ => repeat["unit"].as_str().unwrap().repeat(usize::try_from(repeat["count"].as_u64().unwrap()).unwrap()),
        };
        let key = base16ct::lower::decode_vec(value["pubkey"].as_str().unwrap()).unwrap().try_into().unwrap();
        Vector { payload, signature: value["signature"].as_str().unwrap().to_owned(), key }
    }

    #[test]
    fn every_signature_of_bitgos_sdk_verifies() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 53);
        for vector in vectors {
            assert!(verifies(&vector.payload, &vector.signature, &vector.key), "{}", vector.signature);
        }
    }

    #[test]
    fn another_payload_key_or_signature_does_not() {
        let Vector { payload, signature, key } = vectors().remove(0);
        assert!(!verifies(&format!("{payload} "), &signature, &key));
        let mut other = key;
        other[1] ^= 1;
        assert!(!verifies(&payload, &signature, &other));
        assert!(!verifies(&payload, &signature.replacen("20", "1f", 1), &key));
        for text in ["", "zz", "20", &signature[..128], &format!("{signature}00")] {
            assert!(!verifies(&payload, text, &key), "{text}");
        }
    }

    #[test]
    fn the_high_s_twin_verifies_too() {
        let Vector { payload, signature, key } = vectors().remove(0);
        let mut bytes = base16ct::lower::decode_vec(&signature).unwrap();
        let s: [u8; 32] = bytes[33..].try_into().unwrap();
        let negated = SecretKey::from_secret_bytes(s).unwrap().negate().to_secret_bytes();
        bytes[33..].copy_from_slice(&negated);
        bytes[0] = FIRST_HEADER + ((bytes[0] - FIRST_HEADER) ^ 1);
        assert!(verifies(&payload, &base16ct::lower::encode_string(&bytes), &key));
    }

    #[test]
    fn lengths_are_framed_as_bitcoin_frames_them() {
        assert_eq!(compact_size(252), [252]);
        assert_eq!(compact_size(253), [0xfd, 253, 0]);
        assert_eq!(compact_size(65_536), [0xfe, 0, 0, 1, 0]);
    }
}
