//! Trade settlements as BitGo writes them: to each account its own payload and lock, and nobody else's.

use serde_json::{Value, json};

use crate::sandbox::bitgo::wire::uuid_of;
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{TradeAffirmation, TradeSettlement};
use crate::sandbox::time::iso_millis;

use super::anybodys;

/// A settlement as an account sees it.
pub(super) fn settlement(desk: &Desk, trade: &TradeSettlement, own: &str, now_ms: i64) -> Value {
    let affirmations = trade.affirmations.iter().map(|one| affirmation(desk, trade, one, own, now_ms));
    json!({
        "id": trade.id,
        "requesterAccountId": trade.requester,
        "requesterAccountName": name(desk, &trade.requester),
        "status": trade.status,
        "type": trade.kind,
        "affirmations": affirmations.collect::<Vec<_>>(),
        "expireAt": iso_millis(trade.expire_ms),
        "finalizedAt": trade.finalized_ms.map(iso_millis),
        "createdAt": iso_millis(trade.created_ms),
        "trades": trade.trades,
    })
}

/// An affirmation as an account sees it.
pub(super) fn affirmation(desk: &Desk, trade: &TradeSettlement, one: &TradeAffirmation, own: &str, now_ms: i64) -> Value {
    let is_overdue = trade.is_pending() && one.status == "pending" && now_ms >= trade.expire_ms;
    let mut value = json!({
        "id": one.id,
        "counterpartyAccountId": one.counterparty,
        "counterpartyName": name(desk, &one.counterparty),
        "partyAccountId": one.account,
        "status": if is_overdue { "overdue" } else { one.status.as_str() },
        "settlement": trade.id,
        "createdAt": iso_millis(trade.created_ms),
        "expireAt": iso_millis(trade.expire_ms),
    });
    if let (true, Some(fields)) = (one.account == own, value.as_object_mut()) {
        fields.insert("payload".to_owned(), Value::from(one.payload.as_str()));
        if let Some(signature) = &one.signature {
            fields.insert("signature".to_owned(), Value::from(signature.as_str()));
        }
        if let Some(sent) = one.sends.first().filter(|_| one.status != "pending") {
            let status = match trade.status.as_str() {
                "pending" => "active",
                "settled" => "settled",
                _ => "released",
            };
            let lock = json!({
                "id": uuid_of("lock", &one.id),
                "accountId": one.account,
                "status": status,
                "amount": sent.amount.to_plain_string(),
                "currency": sent.currency,
                // As in the documentation's own sample.
                "createdAt": {},
            });
            fields.insert("lock".to_owned(), lock);
        }
    }
    value
}

fn name<'a>(desk: &'a Desk, account: &'a str) -> &'a str {
    anybodys(desk, account).map_or(account, |(_, found)| found.name.as_str())
}
