//! What is recorded of what is done by hand: a settlement that is adopted, and a repair, after which an epoch of the anchor begins.

use jiff::Timestamp;

use super::content::Content;
use super::subject::AuditSubject;
use super::{AuditEntry, AuditKind};
use crate::domain::anchor::Head;
use crate::domain::settlement::AdoptedSettlement;
use crate::domain::time::Cutoff;

/// A repair that has read the venues, and begins an epoch.
#[derive(Debug, Clone, Copy)]
pub struct Repaired<'a> {
    /// How far the journal had come.
    pub from: &'a Head,
    /// What the anchor held, where that could be understood.
    pub anchored: Option<&'a Head>,
    /// What was wrong, in a word; nothing where the repair was asked for all the same.
    pub why: Option<&'static str>,
    /// The epoch that begins.
    pub epoch: u64,
    /// From when on the venues were asked; `None` for all that they have.
    pub read_from: Option<Timestamp>,
    /// How many of their settlements were adopted.
    pub adopted: usize,
    /// How many settlements were called unknown.
    pub exposed_settlements: usize,
    /// How many writes on BitGo Trade were.
    pub exposed_trades: usize,
    /// When.
    pub at: Timestamp,
}

/// The record of a repair. What it exposed and adopted has a record each.
#[must_use]
pub fn journal_repaired(repaired: Repaired<'_>) -> AuditEntry {
    let Repaired { from, anchored, why, epoch, read_from, adopted, exposed_settlements, exposed_trades, at } = repaired;
    let content = Content::new()
        .text("journal_id", from.journal.to_text())
        .number("former_epoch", from.epoch)
        .number("epoch", epoch)
        .number("sequence", from.sequence)
        .bytes("link", from.link.as_bytes())
        .text_if_any("why", why)
        .text_if_any("anchored_journal_id", anchored.map(|head| head.journal.to_text()))
        .number_if_any("anchored_epoch", anchored.map(|head| head.epoch))
        .number_if_any("anchored_sequence", anchored.map(|head| head.sequence))
        .bytes_if_any("anchored_link", anchored.map(|head| head.link.as_bytes().as_slice()))
        .instant_if_any("read_from", read_from)
        .number("adopted", adopted as u64)
        .number("exposed_settlements", exposed_settlements as u64)
        .number("exposed_trades", exposed_trades as u64);
    AuditEntry { kind: AuditKind::Repair, subject: AuditSubject::Epoch(epoch).to_text(), at, content: content.into_text() }
}

/// The record of a settlement that was adopted.
#[must_use]
pub fn settlement_adopted(found: &AdoptedSettlement) -> AuditEntry {
    let content = Content::new()
        .text("enterprise_id", found.enterprise_id.as_str())
        .text("external_id", found.external_id.as_str())
        .text("venue_settlement_id", found.venue.settlement_id.as_str())
        .text("venue_status_text", found.venue.status_text.as_str())
        .text("adopted_by", found.by.as_str())
        .text_if_any("cutoff_at", found.cutoff().map(Cutoff::to_text));
    let (enterprise_id, external_id) = (found.enterprise_id.clone(), found.external_id.clone());
    let subject = AuditSubject::Adopted { enterprise_id, external_id }.to_text();
    AuditEntry { kind: AuditKind::Adoption, subject, at: found.at, content: content.into_text() }
}
