//! A settlement that the partner's gateway never posted: what a stolen token and key leave behind.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::LedgerError;
use crate::sandbox::time::iso_millis;

use super::body_digest;
use super::content::Content;
use super::posting::{Posted, Posting, process_due};

/// A settlement that somebody else made in a partner's name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignSettlement {
    /// The partner's enterprise.
    pub enterprise: String,
    /// What it is called.
    pub external_id: String,
    /// The amounts as they are posted: connection, currency, amount; or party, counterparty, currency, amount.
    pub amounts: Value,
}

/// Creates it, by v2 where the partner has disputes; `None` where the partner is unknown, the content malformed or the name taken.
///
/// # Errors
/// [`LedgerError`] when the ledger cannot be written.
pub(crate) async fn settle(desk: &Arc<Desk>, settlement: ForeignSettlement) -> Result<Option<String>, LedgerError> {
    let Some(enterprise) = desk.enterprise(&settlement.enterprise) else { return Ok(None) };
    let now_ms = desk.now_ms();
    let content = json!({
        "externalId": settlement.external_id,
        "settlementAmounts": settlement.amounts,
        "nonce": "foreign",
        "cutoffAt": iso_millis(now_ms),
    });
    let body = content.to_string();
    let Ok(content) = Content::read(body.as_bytes()) else { return Ok(None) };
    let digest = body_digest(body.as_bytes());
    let posting = match enterprise.disputes {
        true => Posting::v2(enterprise, &content, digest, now_ms),
        false => Posting::v1(enterprise, &content, digest),
    };
    let post = move |ledger: &mut _| {
        process_due(ledger, now_ms)?;
        posting.post(ledger, now_ms)
    };
    let posted = desk.ledger.change(post).await?;
    desk.wake.notify_one();
    Ok(match posted {
        Posted::Settlement(settlement) => Some(settlement.id),
        Posted::Conflict | Posted::Unfunded => None,
    })
}
