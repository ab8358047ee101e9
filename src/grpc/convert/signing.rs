//! Signing: the requests, signatures and keys.

use super::limits::MAX_PAYLOAD_BYTES;
use super::time::to_proto;
use super::violations::{InvalidRequest, Violations};
use crate::custody::{Key, SignedPayload, VerifyFailure};
use crate::domain::ids::KeyId;
use crate::domain::signing::{PublicKey, Signature};
use crate::grpc::pb;
use crate::grpc::pb::verify_payload_request::Signer;
use crate::service::VerifyWith;

/// What is to be signed, and with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignRequest {
    /// The key.
    pub key_id: KeyId,
    /// The text, verbatim.
    pub payload: String,
}

/// What is to be verified.
#[derive(Debug, Clone)]
pub struct VerifyRequest {
    /// The text, verbatim.
    pub payload: String,
    /// The signature.
    pub signature: Signature,
    /// Whose it should be.
    pub with: VerifyWith,
}

/// Reads SignPayload's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn sign(request: pb::SignPayloadRequest) -> Result<SignRequest, InvalidRequest> {
    let mut violations = Violations::new();
    let key_id = violations.required("key_id", &request.key_id, KeyId::new);
    violations.length("payload", &request.payload, MAX_PAYLOAD_BYTES);
    violations.finish(|| Some(SignRequest { key_id: key_id?, payload: request.payload }))
}

/// Reads VerifyPayload's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn verify(request: pb::VerifyPayloadRequest) -> Result<VerifyRequest, InvalidRequest> {
    let mut violations = Violations::new();
    violations.length("payload", &request.payload, MAX_PAYLOAD_BYTES);
    let signature = violations
        .required("signature", &request.signature, |text| Signature::from_hex(text).ok_or("must be 130 hexadecimal digits"));
    let with = violations.present("signer", request.signer).and_then(|signer| match signer {
        Signer::KeyId(id) => violations.required("key_id", &id, KeyId::new).map(VerifyWith::Key),
        Signer::PublicKey(key) => {
            let read = |text| PublicKey::from_hex(text).ok_or("must be 66 hexadecimal digits");
            violations.required("public_key", &key, read).map(VerifyWith::PublicKey)
        }
    });
    violations.finish(|| Some(VerifyRequest { payload: request.payload, signature: signature?, with: with? }))
}

/// The answer to SignPayload.
#[must_use]
pub fn signed(signed: SignedPayload) -> pb::SignPayloadResponse {
    pb::SignPayloadResponse {
        signature: signed.signature.to_hex(),
        public_key: signed.public_key.to_hex(),
        key_id: signed.key_id.as_str().to_owned(),
        payload_sha256: signed.digest.to_hex(),
        purpose: pb::Purpose::from(signed.purpose).into(),
        journal_sequence: signed.journal_sequence,
        signed_at: Some(to_proto(signed.signed_at)),
    }
}

/// The answer to VerifyPayload.
#[must_use]
pub fn verified(verified: Result<(), VerifyFailure>) -> pb::VerifyPayloadResponse {
    let reason = verified.err().map_or(pb::VerificationReason::Unspecified, pb::VerificationReason::from);
    pb::VerifyPayloadResponse { valid: verified.is_ok(), reason: reason.into() }
}

/// A key's public side.
#[must_use]
pub fn key(key: &Key) -> pb::Key {
    pb::Key {
        key_id: key.id().as_str().to_owned(),
        public_key: key.public_key().to_hex(),
        source: key.source().as_str().to_owned(),
        purposes: key.purposes().iter().map(|purpose| pb::Purpose::from(*purpose).into()).collect(),
        enabled: key.is_enabled(),
        sign_payload_settlement: key.may_sign_settlements_by_payload(),
    }
}
