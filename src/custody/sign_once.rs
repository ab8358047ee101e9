//! The only way to a signature: one key, one reference, one payload, for ever.

use jiff::Timestamp;
use metrics::counter;
use thiserror::Error;

use super::SignerError;
use super::key::Key;
use super::message::message_digest;
use super::signer_ledger;
use super::verify::{VerifyFailure, verify};
use crate::domain::ids::KeyId;
use crate::domain::signing::{
    JournalError, PayloadDigest, PublicKey, Purpose, Reservation, Signature, SignatureRecord, SigningJournal, SigningReference,
};
use crate::kill_points::{KillPoint, reached};

/// A signature as the journal holds it, with all that a caller may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPayload {
    /// The signature, verified against the key and the payload.
    pub signature: Signature,
    /// The public half of the key.
    pub public_key: PublicKey,
    /// The key's name.
    pub key_id: KeyId,
    /// The payload's digest.
    pub digest: PayloadDigest,
    /// What the payload is for.
    pub purpose: Purpose,
    /// The signature's place in the journal.
    pub journal_sequence: u64,
    /// When it was first signed; a repeat keeps the first instant.
    pub signed_at: Timestamp,
}

/// Why there is no signature.
#[derive(Debug, Error)]
pub enum SignOnceError {
    /// The key is switched off.
    #[error("the key is disabled")]
    KeyDisabled,
    /// The configuration does not let the key sign for this purpose.
    #[error("the key may not sign for {}", .0.as_str())]
    PurposeNotAllowed(Purpose),
    /// The reference names another key, or stands for another payload's digest.
    #[error("the reference belongs to another key or payload")]
    ReferenceMismatch,
    /// Another payload holds the reference for ever.
    #[error("another payload was reserved or signed under this reference")]
    ReferenceTaken {
        /// The digest of the payload that holds it.
        holder: PayloadDigest,
    },
    /// The journal did not answer, so nothing was released.
    #[error("the signing journal failed")]
    Journal(#[source] JournalError),
    /// The holder of the key gave no signature; the reservation stays.
    #[error("the key's holder failed")]
    Signer(#[source] SignerError),
    /// The signature is not this key's for this payload, and was not released.
    #[error("the signature failed its own check")]
    SelfCheckFailed(#[source] VerifyFailure),
}

/// Signs a payload under a reference, or returns the signature that it got before.
///
/// The reservation is durable before the key is touched, and the signature is
/// durable before it is returned. It may be called again after any error.
///
/// # Errors
/// [`SignOnceError`]; no signature was released then.
pub async fn sign_once(
    journal: &dyn SigningJournal,
    key: &Key,
    reference: &SigningReference,
    payload: &str,
) -> Result<SignedPayload, SignOnceError> {
    let digest = PayloadDigest::of(payload);
    permit(key, reference, digest)?;
    let record = match journal.reserve(reference, digest).await.map_err(SignOnceError::Journal)? {
        Reservation::Conflict { holder } => return Err(SignOnceError::ReferenceTaken { holder }),
        Reservation::Signed(record) => checked(key, payload, record)?,
        Reservation::Reserved => {
            let record = sign_and_record(journal, key, reference, digest, payload).await?;
            let (key, purpose) = (key.id().as_str().to_owned(), reference.purpose().as_str());
            counter!("settlement_gateway_signatures_total", "key" => key, "purpose" => purpose).increment(1);
            record
        }
    };
    Ok(SignedPayload {
        signature: record.signature,
        public_key: key.public_key(),
        key_id: key.id().clone(),
        digest,
        purpose: reference.purpose(),
        journal_sequence: record.journal_sequence,
        signed_at: record.signed_at,
    })
}

/// What can be refused without asking the journal.
fn permit(key: &Key, reference: &SigningReference, digest: PayloadDigest) -> Result<(), SignOnceError> {
    let purpose = reference.purpose();
    if !key.is_enabled() {
        return Err(SignOnceError::KeyDisabled);
    }
    let of_this_payload = match reference {
        SigningReference::Raw { digest: named, .. } => *named == digest,
        SigningReference::Settlement { .. }
        | SigningReference::Trade { .. }
        | SigningReference::Allocation { .. }
        | SigningReference::Dispute { .. } => true,
    };
    if reference.key() != key.id() || !of_this_payload {
        return Err(SignOnceError::ReferenceMismatch);
    }
    if !key.purposes().contains(&purpose) {
        return Err(SignOnceError::PurposeNotAllowed(purpose));
    }
    Ok(())
}

/// Signs, checks before the journal keeps it for ever, and returns what the journal then holds.
async fn sign_and_record(
    journal: &dyn SigningJournal,
    key: &Key,
    reference: &SigningReference,
    digest: PayloadDigest,
    payload: &str,
) -> Result<SignatureRecord, SignOnceError> {
    reached(KillPoint::K3Reserved);
    let message = message_digest(payload);
    signer_ledger::asked(reference, digest, &message);
    let signature = key.signer().sign(message).await.map_err(SignOnceError::Signer)?;
    reached(KillPoint::InsideSign);
    check(key, payload, &signature)?;
    reached(KillPoint::K4Verified);
    let record = journal.record(reference, digest, signature).await.map_err(SignOnceError::Journal)?;
    reached(KillPoint::InsideSignStored);
    // Another replica may have been first; its signature is the one that counts.
    if record.signature == signature { Ok(record) } else { checked(key, payload, record) }
}

/// A signature out of the journal: the key behind this name may have been exchanged since.
fn checked(key: &Key, payload: &str, record: SignatureRecord) -> Result<SignatureRecord, SignOnceError> {
    check(key, payload, &record.signature).map(|()| record)
}

fn check(key: &Key, payload: &str, signature: &Signature) -> Result<(), SignOnceError> {
    verify(&key.public_key(), payload, signature).map_err(SignOnceError::SelfCheckFailed)
}
