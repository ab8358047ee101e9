//! What is recorded of a settlement's change.

use sha2::{Digest, Sha256};

use super::content::Content;
use super::subject::AuditSubject;
use super::{AuditEntry, kind_of_change};
use crate::domain::settlement::{Meaning, NextAction, Outcome, Reason, Settlement, TimelineEntry};
use crate::domain::time::Cutoff;

/// A change of a settlement, from the change itself or from what the journal kept of it.
#[derive(Debug, Clone, Copy)]
pub struct SettlementChanged<'a> {
    /// The settlement: what never changes of it, and the payload and signature once there are any.
    pub settlement: &'a Settlement,
    /// The change's line of the timeline.
    pub entry: &'a TimelineEntry,
    /// What it meant.
    pub meaning: &'a Meaning,
    /// The exact bytes that are sent, at the change that fixes them.
    pub body: Option<&'a [u8]>,
}

/// The record of a change: who asked for what with the first, what was signed and is sent with those that fix it.
#[must_use]
pub fn settlement_changed(changed: SettlementChanged<'_>) -> AuditEntry {
    let SettlementChanged { settlement, entry, meaning, body } = changed;
    let venue = meaning.venue.as_ref();
    let content = Content::new()
        .text("settlement", settlement.id.to_string())
        .text("enterprise_id", settlement.header.enterprise_id.as_str())
        .text("external_id", settlement.header.external_id.as_str())
        .number("sequence", entry.sequence)
        .text("change", entry.change.as_str())
        .text("state", entry.state.as_str())
        .text("outcome", Outcome::as_str(meaning.outcome))
        .text("next_action", NextAction::as_str(meaning.next_action))
        .text_if_any("reason", entry.reason.map(Reason::as_str))
        .text_if_any("detail", entry.detail.as_deref())
        .number("attempts", entry.attempts)
        .text_if_any("venue_settlement_id", venue.map(|venue| venue.settlement_id.as_str()))
        .text_if_any("venue_status", venue.map(|venue| venue.status.as_str()))
        .text_if_any("venue_status_text", venue.map(|venue| venue.status_text.as_str()));
    let content = match entry.change.as_str() {
        "RECEIVED" => asked(content, settlement),
        "PREPARED" => prepared(content, settlement),
        "SIGNED" => signed(content, settlement, body),
        _ => content,
    };
    AuditEntry {
        kind: kind_of_change(&entry.change),
        subject: AuditSubject::Settlement { id: settlement.id, sequence: entry.sequence }.to_text(),
        at: entry.at,
        content: content.into_text(),
    }
}

/// Who asked for what; the legs, which may be 20,000, are in the request's digest.
fn asked(content: Content, settlement: &Settlement) -> Content {
    let header = &settlement.header;
    content
        .text("caller", header.caller.as_str())
        .text("key_id", header.key_id.as_str())
        .text("route", header.route.as_str())
        .text("amount_unit", header.amount_unit.as_str())
        .text("nonce", header.nonce.as_str())
        .text_if_any("cutoff_at", header.cutoff.map(Cutoff::to_text))
        .text_if_any("supersedes", header.supersedes.as_ref().map(|id| id.as_str()))
        .instant_if_any("submit_before", header.submit_before)
        .number("leg_count", header.leg_count as u64)
        .bytes("request_digest", &header.request_digest)
}

fn prepared(content: Content, settlement: &Settlement) -> Content {
    let digest = settlement.progress.payload_digest.as_ref();
    content.bytes_if_any("payload_digest", digest.map(|digest| digest.as_bytes().as_slice()))
}

fn signed(content: Content, settlement: &Settlement, body: Option<&[u8]>) -> Content {
    let signature = settlement.progress.signature.as_ref();
    let body: Option<[u8; 32]> = body.map(|body| Sha256::digest(body).into());
    prepared(content, settlement)
        .bytes_if_any("signature", signature.map(|signature| signature.as_bytes().as_slice()))
        .bytes_if_any("body_digest", body.as_ref().map(<[u8; 32]>::as_slice))
}
