//! The text that an account signs, and what its fees are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bigdecimal::BigDecimal;
use serde_json::{Value, json};

use crate::sandbox::bitgo::entry::Entry;
use crate::sandbox::bitgo::refusal::Refusal;
use crate::sandbox::config::SandboxTradingAccount;
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::Move;

use super::{account, anybodys, body};

/// The only version.
pub(super) const VERSION: &str = "1.2.0";
/// The standard alphabet of base64.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// One account's amounts.
pub(super) struct Party {
    /// The account.
    pub(super) account: String,
    /// What it sends, before fees.
    pub(super) send: Move,
    /// What it receives.
    pub(super) receive: Move,
}

/// The text to sign; nothing is kept.
pub(super) async fn build(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let own = account(&entry)?;
    let body = body(&entry.asked)?;
    if body["version"] != VERSION {
        return Err(Refusal::invalid("version must be 1.2.0"));
    }
    let amounts = body["amounts"].as_array().filter(|amounts| !amounts.is_empty());
    let amounts = amounts.ok_or_else(|| Refusal::invalid("amounts must be a list"))?;
    let parties = amounts.iter().map(|entry| party(entry, "sendAmount")).collect::<Result<Vec<_>, _>>()?;
    if let Some(unknown) = parties.iter().find(|party| anybodys(&desk, &party.account).is_none()) {
        return Err(Refusal::invalid(format!("unknown account {}", unknown.account)));
    }
    Ok(Json(json!({ "payload": text(own, &parties) })))
}

/// The fees of a settlement.
pub(super) async fn fees(entry: Entry) -> Result<Json<Value>, Refusal> {
    let own = account(&entry)?;
    let body = body(&entry.asked)?;
    let currency = body["sendCurrency"].as_str().ok_or_else(|| Refusal::invalid("sendCurrency is required"))?;
    whole(&body["sendAmount"])?;
    Ok(Json(json!({ "feeRate": "0.0001", "feeAmount": own.fee.as_deref().unwrap_or("0"), "feeCurrency": currency })))
}

/// The payload of an account, with nonces of its own.
pub(super) fn text(signer: &SandboxTradingAccount, parties: &[Party]) -> String {
    let entry = |party: &Party| {
        let fee = signer.fee.as_deref().filter(|_| party.account == signer.account_id);
        let fees: BigDecimal = fee.and_then(|fee| fee.parse().ok()).unwrap_or_default();
        let mut entry = json!({
            "accountId": party.account,
            "sendSubtotal": party.send.amount.to_plain_string(),
            "sendAmount": (&party.send.amount + fees).to_plain_string(),
            "sendCurrency": party.send.currency,
            "receiveAmount": party.receive.amount.to_plain_string(),
            "receiveCurrency": party.receive.currency,
        });
        if let (Some(fee), Some(fields)) = (fee, entry.as_object_mut()) {
            fields.insert("fees".to_owned(), json!([{ "feeType": "settlement", "feeAmount": fee }]));
        }
        entry
    };
    json!({
        "version": VERSION,
        "accountId": signer.account_id,
        "amounts": parties.iter().map(entry).collect::<Vec<_>>(),
        "nonceHold": nonce(),
        "nonceSettle": nonce(),
    })
    .to_string()
}

/// Reads an entry of `amounts`.
pub(super) fn party(entry: &Value, send: &str) -> Result<Party, Refusal> {
    let text =
        |name: &str| entry[name].as_str().ok_or_else(|| Refusal::invalid(format!("{name} is required"))).map(str::to_owned);
    Ok(Party {
        account: text("accountId")?,
        send: Move { currency: text("sendCurrency")?, amount: whole(&entry[send])? },
        receive: Move { currency: text("receiveCurrency")?, amount: whole(&entry["receiveAmount"])? },
    })
}

/// A whole number of base units, as text.
pub(super) fn whole(value: &Value) -> Result<BigDecimal, Refusal> {
    let text = value.as_str().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| Refusal::invalid("amounts must be integer strings"))
}

/// Base64 of 16 random bytes.
fn nonce() -> String {
    let bytes = *uuid::Uuid::new_v4().as_bytes();
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |place: usize| usize::from(chunk.get(place).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let letter = BASE64.get(bits >> (18 - 6 * place) & 63).copied().unwrap_or(b'A');
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_base64_of_sixteen_bytes() {
        let (one, other) = (nonce(), nonce());
        assert_eq!((one.len(), one.ends_with("==")), (24, true), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn only_digits_are_amounts() {
        assert!(whole(&json!("10")).is_ok());
        for value in [json!(""), json!("1.0"), json!("-1"), json!(1), json!(null)] {
            assert!(whole(&value).is_err(), "{value}");
        }
    }
}
