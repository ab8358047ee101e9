//! What is recorded of a signature: that its reference was reserved, before the key is touched, and what was signed.

use jiff::Timestamp;

use super::content::Content;
use super::subject::AuditSubject;
use super::{AuditEntry, AuditKind};
use crate::domain::signing::{PayloadDigest, Signature};

/// The record of a reservation.
#[must_use]
pub fn reference_reserved(reference: &str, digest: PayloadDigest, at: Timestamp) -> AuditEntry {
    of(AuditKind::Reservation, reference, at, about(reference, digest))
}

/// The record of a signature.
#[must_use]
pub fn payload_signed(reference: &str, digest: PayloadDigest, signature: &Signature, at: Timestamp) -> AuditEntry {
    let content = about(reference, digest).bytes("signature", signature.as_bytes());
    of(AuditKind::Signature, reference, at, content)
}

fn about(reference: &str, digest: PayloadDigest) -> Content {
    Content::new().text("reference", reference).bytes("payload_digest", digest.as_bytes())
}

fn of(kind: AuditKind, reference: &str, at: Timestamp, content: Content) -> AuditEntry {
    AuditEntry { kind, subject: AuditSubject::Reference(reference.to_owned()).to_text(), at, content: content.into_text() }
}
