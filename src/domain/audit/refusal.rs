//! What is recorded of a refusal, and of many.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::content::Content;
use super::subject::AuditSubject;
use super::{AuditEntry, AuditKind};
use crate::domain::ids::CallerId;
use crate::domain::signing::PayloadDigest;

/// A caller was refused what moves money, or a signature; nothing was signed or sent for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who was refused.
    pub caller: CallerId,
    /// The RPC that was called.
    pub rpc: String,
    /// Why, in the gateway's word for it.
    pub reason: String,
    /// What the caller calls it: an external id or a request id, as far as the request told one.
    pub name: Option<String>,
    /// The key that was to sign.
    pub key_id: Option<String>,
    /// The payload that was to be signed.
    pub payload_digest: Option<PayloadDigest>,
    /// When.
    pub at: Timestamp,
}

impl Refusal {
    /// The record.
    #[must_use]
    pub fn entry(&self) -> AuditEntry {
        let content = Content::new()
            .text("caller", self.caller.as_str())
            .text("rpc", self.rpc.as_str())
            .text("reason", self.reason.as_str())
            .text_if_any("name", self.name.as_deref())
            .text_if_any("key_id", self.key_id.as_deref())
            .bytes_if_any("payload_digest", self.payload_digest.as_ref().map(|digest| digest.as_bytes().as_slice()));
        refused(&self.caller, self.at, content)
    }
}

/// Refusals of one caller that were more than are recorded one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalTally {
    /// Who was refused.
    pub caller: CallerId,
    /// The first of them.
    pub from: Timestamp,
    /// The last of them.
    pub until: Timestamp,
    /// How many, by RPC and reason.
    pub counts: BTreeMap<String, u64>,
}

impl RefusalTally {
    /// The record.
    #[must_use]
    pub fn entry(&self) -> AuditEntry {
        let content = Content::new()
            .text("caller", self.caller.as_str())
            .instant_if_any("from", Some(self.from))
            .instant_if_any("until", Some(self.until))
            .counts("counts", &self.counts);
        refused(&self.caller, self.until, content)
    }
}

fn refused(caller: &CallerId, at: Timestamp, content: Content) -> AuditEntry {
    let subject = AuditSubject::Caller(caller.clone()).to_text();
    AuditEntry { kind: AuditKind::Refusal, subject, at, content: content.into_text() }
}
