//! Whether a signature is a key's own for a payload, with the reason if not.
//!
//! Only the canonical form passes: each ECDSA signature has a twin with the
//! other s, which BitGo accepts too. Accepting one form alone keeps a stored
//! signature comparable with a recomputed one.

use secp256k1::Message;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use thiserror::Error;

use super::message::message_digest;
use crate::domain::signing::{PublicKey, Signature};

/// The header of a compressed key's signature with recovery id 0; ids 1 to 3 follow.
pub(super) const FIRST_HEADER: u8 = 31;

/// Half of the group's order, rounded down: the largest s of the canonical form.
const MAX_LOW_S: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, //
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// Why a signature is not a key's own for a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerifyFailure {
    /// The first byte is not 31 to 34, the headers of a compressed key.
    #[error("the header byte is not 31 to 34")]
    BadHeader,
    /// s is in the upper half of its range: the twin of a canonical signature.
    #[error("s is not in its canonical, low form")]
    HighS,
    /// r or s is zero or not below the group's order, or no key can have made them.
    #[error("r and s are no signature")]
    NoSignature,
    /// The signature is well formed and was made by another key, or for another payload.
    #[error("another key or another payload was signed")]
    WrongKey,
}

/// Checks that this key made this signature for this payload.
///
/// # Errors
/// [`VerifyFailure`] with the first reason that was found.
pub fn verify(public_key: &PublicKey, payload: &str, signature: &Signature) -> Result<(), VerifyFailure> {
    if recover(payload, signature)? == *public_key { Ok(()) } else { Err(VerifyFailure::WrongKey) }
}

/// The key that made this signature, if it signed this payload.
fn recover(payload: &str, signature: &Signature) -> Result<PublicKey, VerifyFailure> {
    let [header, r_and_s @ ..] = signature.as_bytes();
    let recovery_id = header.checked_sub(FIRST_HEADER).filter(|id| *id < 4).ok_or(VerifyFailure::BadHeader)?;
    if r_and_s[32..] > MAX_LOW_S[..] {
        return Err(VerifyFailure::HighS);
    }
    let recovered = RecoverableSignature::from_compact(r_and_s, RecoveryId::from_u8_masked(recovery_id))
        .and_then(|signature| signature.recover_ecdsa(Message::from_digest(message_digest(payload))))
        .map_err(|_| VerifyFailure::NoSignature)?;
    Ok(PublicKey::from_bytes(recovered.serialize()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::custody::Signer;
    use crate::custody::key_bytes::KeyBytes;
    use crate::custody::local::LocalSigner;

    fn signed(key: [u8; 32], payload: &str) -> (PublicKey, Signature) {
        let signer = LocalSigner::new(KeyBytes::copy_of(&key)).unwrap();
        let signature = futures_util::FutureExt::now_or_never(signer.sign(message_digest(payload))).unwrap().unwrap();
        (signer.public_key(), signature)
    }

    #[test]
    fn only_the_headers_of_compressed_keys_pass() {
        let (public_key, good) = signed([7; 32], "payload");
        for header in (0..=30).chain(35..=255) {
            let mut bytes = *good.as_bytes();
            bytes[0] = header;
            assert_eq!(verify(&public_key, "payload", &Signature::from_bytes(bytes)), Err(VerifyFailure::BadHeader));
        }
    }

    #[test]
    fn zeroes_and_numbers_beyond_the_order_are_no_signature() {
        let (public_key, good) = signed([7; 32], "payload");
        for (range, value) in [(1..33, 0), (33..65, 0), (1..33, 0xff)] {
            let mut bytes = *good.as_bytes();
            bytes[range].fill(value);
            assert_eq!(verify(&public_key, "payload", &Signature::from_bytes(bytes)), Err(VerifyFailure::NoSignature));
        }
    }

    #[test]
    fn the_largest_low_s_is_low_and_the_next_is_high() {
        let (public_key, good) = signed([7; 32], "payload");
        let mut bytes = *good.as_bytes();
        bytes[33..].copy_from_slice(&MAX_LOW_S);
        assert_eq!(verify(&public_key, "payload", &Signature::from_bytes(bytes)), Err(VerifyFailure::WrongKey));
        bytes[64] += 1;
        assert_eq!(verify(&public_key, "payload", &Signature::from_bytes(bytes)), Err(VerifyFailure::HighS));
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies_and_nothing_else_does(key in any::<[u8; 32]>(), payload: String, other: String) {
            prop_assume!(secp256k1::SecretKey::from_secret_bytes(key).is_ok() && payload != other);
            let (public_key, signature) = signed(key, &payload);
            prop_assert_eq!(verify(&public_key, &payload, &signature), Ok(()));
            prop_assert_eq!(verify(&public_key, &other, &signature), Err(VerifyFailure::WrongKey));
        }

        #[test]
        fn no_flipped_bit_verifies(at in 0..65_usize, bit in 0..8_u32) {
            let (public_key, good) = signed([7; 32], "payload");
            let mut bytes = *good.as_bytes();
            bytes[at] ^= 1 << bit;
            prop_assert!(verify(&public_key, "payload", &Signature::from_bytes(bytes)).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(head in 31..35_u8, tail in proptest::collection::vec(any::<u8>(), 64)) {
            let mut bytes = [head; 65];
            bytes[1..].copy_from_slice(&tail);
            prop_assert!(verify(&PublicKey::from_bytes([2; 33]), "payload", &Signature::from_bytes(bytes)).is_err());
        }
    }
}
