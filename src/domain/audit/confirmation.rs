//! What is recorded of a change of a quote's confirmation.

use super::content::Content;
use super::subject::AuditSubject;
use super::{AuditEntry, AuditKind};
use crate::domain::ids::{MerchantId, TxId};
use crate::domain::quote::{Confirmation, ConfirmationReason};

/// The record of a confirmation as it stands after a change, with what was agreed to. A person's decision is made at the
/// instant of its change.
#[must_use]
pub fn confirmation_changed(merchant_id: &MerchantId, tx_id: &TxId, after: &Confirmation) -> AuditEntry {
    let terms = &after.terms;
    let content = Content::new()
        .text("merchant_id", merchant_id.as_str())
        .text("tx_id", tx_id.as_str())
        .number("revision", after.revision)
        .text("external_tx_id", after.external_tx_id.as_str())
        .text("caller", after.caller.as_str())
        .flag("accept_partial", after.accept_partial)
        .text("exchange_rate", terms.exchange_rate.as_str())
        .text("destination_amount", terms.destination_amount.as_str())
        .text("platform_fee", terms.platform_fee.as_str())
        .text("expected_source_amount", terms.expected_source_amount.to_string())
        .text("state", after.state.as_str())
        .text_if_any("reason", after.reason.map(ConfirmationReason::as_str))
        .text_if_any("detail", after.detail.as_deref())
        .number("attempts", after.attempts)
        .text_if_any("decided_by", after.resolution.as_ref().map(|resolution| resolution.by.as_str()))
        .text_if_any("why", after.resolution.as_ref().map(|resolution| resolution.why.as_str()));
    let is_decided = after.resolution.as_ref().is_some_and(|resolution| resolution.at == after.updated_at);
    AuditEntry {
        kind: if is_decided { AuditKind::Resolution } else { AuditKind::Change },
        subject: AuditSubject::Confirmation { merchant_id: merchant_id.clone(), tx_id: tx_id.clone(), revision: after.revision }
            .to_text(),
        at: after.updated_at,
        content: content.into_text(),
    }
}
