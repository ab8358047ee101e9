//! A chained record as a line of a file: JSON, in which the content stands as the text that was hashed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::link::{AuditRecord, ChainedRecord};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    position: u64,
    hash: String,
    id: String,
    kind: String,
    subject: String,
    at: String,
    content: String,
}

impl ChainedRecord {
    /// The line, with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let Self { position, hash, record } = self;
        let line = Line {
            position: *position,
            hash: base16ct::lower::encode_string(hash),
            id: record.id.to_string(),
            kind: record.kind.clone(),
            subject: record.subject.clone(),
            at: record.at.clone(),
            content: record.content.clone(),
        };
        // Numbers and texts alone: nothing in it can fail to be written.
        serde_json::to_string(&line).map_or_else(|_| String::new(), |line| line + "\n")
    }

    /// Reads what [`ChainedRecord::to_line`] writes.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let line: Line = serde_json::from_str(line).ok()?;
        let mut hash = [0; 32];
        if base16ct::lower::decode(&line.hash, &mut hash).ok()?.len() != hash.len() {
            return None;
        }
        let Line { position, id, kind, subject, at, content, .. } = line;
        Some(Self { position, hash, record: AuditRecord { id: Uuid::try_parse(&id).ok()?, kind, subject, at, content } })
    }
}
