//! What is recorded of a change of a write on BitGo Trade.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::content::Content;
use super::subject::AuditSubject;
use super::{AuditEntry, kind_of_change};
use crate::domain::signing::PayloadDigest;
use crate::domain::trade::{TradeReason, TradeState, TradeWrite};

/// A change of a write, from the change itself or from what the journal kept of it.
#[derive(Debug, Clone, Copy)]
pub struct TradeChanged<'a> {
    /// The write: what never changes of it, and its payload, signature and resolution once there are any.
    pub write: &'a TradeWrite,
    /// What was asked, as the journal keeps it.
    pub asked: &'a str,
    /// Its sequence after the change.
    pub sequence: u64,
    /// The change's name.
    pub change: &'a str,
    /// The state after it.
    pub state: TradeState,
    /// Why.
    pub reason: Option<TradeReason>,
    /// The same in words.
    pub detail: Option<&'a str>,
    /// How often the write had been handed to the network by then.
    pub attempts: u32,
    /// When.
    pub at: Timestamp,
}

/// The record of a change: who asked for what with the first, what was signed with those that fix it.
#[must_use]
pub fn trade_changed(changed: TradeChanged<'_>) -> AuditEntry {
    let TradeChanged { write, asked, sequence, change, state, reason, detail, attempts, at } = changed;
    let of = &write.header.asked;
    let content = Content::new()
        .text("trade", write.id.to_string())
        .text("enterprise_id", of.enterprise_id.as_str())
        .text("account_id", of.account_id.as_str())
        .text("request_id", of.request_id.as_str())
        .text("action", of.action.name())
        .number("sequence", sequence)
        .text("change", change)
        .text("state", state.as_str())
        .text_if_any("reason", reason.map(TradeReason::as_str))
        .text_if_any("detail", detail)
        .number("attempts", attempts);
    let progress = &write.progress;
    let payload = progress.payload.as_deref().map(PayloadDigest::of);
    let payload = payload.as_ref().map(|digest| digest.as_bytes().as_slice());
    let content = match change {
        "RECEIVED" => content
            .text("caller", write.header.caller.as_str())
            .text("key_id", write.header.key_id.as_str())
            .instant_if_any("submit_before", Some(write.header.submit_before))
            .bytes("asked_digest", &Sha256::digest(asked.as_bytes())),
        "PREPARED" => content.bytes_if_any("payload_digest", payload),
        "SIGNED" => {
            let signature = progress.signature.as_ref().map(|signature| signature.as_bytes().as_slice());
            content.bytes_if_any("payload_digest", payload).bytes_if_any("signature", signature)
        }
        "RESOLVED" => {
            let resolution = progress.resolution.as_ref();
            content
                .text_if_any("decided_by", resolution.map(|resolution| resolution.by.as_str()))
                .text_if_any("why", resolution.map(|resolution| resolution.why.as_str()))
        }
        _ => content,
    };
    AuditEntry {
        kind: kind_of_change(change),
        subject: AuditSubject::Trade { id: write.id, sequence }.to_text(),
        at,
        content: content.into_text(),
    }
}
