//! The hash that binds a record to all before it.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What is hashed begins with this, so that no hash of this chain is one of anything else, nor of another version of it.
const DOMAIN: &str = "settlement-gateway/audit-record/1";

/// A record as it is stored: texts, so that the hash is over what is there and not over how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its own id: a UUID of version 7.
    pub id: Uuid,
    /// What it is about; a later version may know kinds that this one does not.
    pub kind: String,
    /// Of what.
    pub subject: String,
    /// When it was done.
    pub at: String,
    /// What was done.
    pub content: String,
}

/// A record with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedRecord {
    /// Its place, from 1 and without a gap.
    pub position: u64,
    /// The hash that is stored with it.
    pub hash: [u8; 32],
    /// The record.
    pub record: AuditRecord,
}

/// What stands at a place of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainLink {
    /// A record.
    Record(ChainedRecord),
    /// Something that is no record, and so was altered.
    Unreadable {
        /// Its place.
        position: u64,
    },
}

/// Where a chain ends: who keeps one elsewhere sees later whether the chain was cut or written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// The last position; 0 before the first record.
    pub position: u64,
    /// The last record's hash.
    pub hash: [u8; 32],
}

impl AuditHead {
    /// The end of an empty chain.
    pub const EMPTY: Self = Self { position: 0, hash: [0; 32] };

    /// The end of the chain once a record is added to it.
    #[must_use]
    pub fn with(&self, record: &AuditRecord) -> Self {
        let position = self.position + 1;
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(DOMAIN.as_bytes());
        part(&self.hash);
        part(&position.to_be_bytes());
        part(record.id.as_bytes());
        for text in [&record.kind, &record.subject, &record.at, &record.content] {
            part(text.as_bytes());
        }
        Self { position, hash: hash.finalize().into() }
    }

    /// `POSITION:HASH`, as logs show it and `--head` takes it.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}:{}", self.position, base16ct::lower::encode_string(&self.hash))
    }

    /// Reads what [`AuditHead::to_text`] writes.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (position, hash) = text.split_once(':')?;
        let mut bytes = [0; 32];
        let read = base16ct::mixed::decode(hash, &mut bytes).ok()?.len();
        if read != bytes.len() || !position.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self { position: position.parse().ok()?, hash: bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: &str, subject: &str) -> AuditRecord {
        AuditRecord {
            id: Uuid::from_u128(1),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            at: "2026-03-18T12:00:00.000000000Z".to_owned(),
            content: "{}".to_owned(),
        }
    }

    #[test]
    fn the_hash_is_what_the_documents_say() {
        // Worked out by hand with another implementation; a change of this value is a new version of the chain.
        let head = AuditHead::EMPTY.with(&record("CHANGE", "settlement 1 1"));
        assert_eq!(head.to_text(), "1:66359bc9625e03562885e29e7ee2d922cdf5c8a8010e068873e4cb23442b8a2d");
    }

    #[test]
    fn texts_that_shift_between_members_are_told_apart() {
        assert_ne!(AuditHead::EMPTY.with(&record("CHANGE", "Sx")), AuditHead::EMPTY.with(&record("CHANGES", "x")));
    }

    #[test]
    fn a_head_reads_back_and_nothing_else_is_one() {
        let head = AuditHead::EMPTY.with(&record("CHANGE", "x"));
        assert_eq!(AuditHead::from_text(&head.to_text()), Some(head));
        for other in ["", "1", "1:", "1:00", "+1:0000", "x:y"] {
            assert_eq!(AuditHead::from_text(other), None, "{other}");
        }
    }
}
