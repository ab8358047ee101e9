//! Payloads of trade settlements that say something else than was asked.

use serde_json::Value;

use crate::sandbox::faults::Tamper;

/// The payload after tampering, or `None` where it is none, or has no such part.
pub(crate) fn tampered(payload: &str, kind: Tamper) -> Option<String> {
    let mut value: Value = serde_json::from_str(payload).ok()?;
    let first = value.get_mut("amounts")?.get_mut(0)?.as_object_mut()?;
    match kind {
        Tamper::Amount => {
            for name in ["sendSubtotal", "sendAmount"] {
                let longer = format!("{}0", first.get(name)?.as_str()?);
                first.insert(name.to_owned(), Value::from(longer));
            }
        }
        Tamper::NumberForm => {
            first.insert("receiveAmount".to_owned(), Value::from(1));
        }
        Tamper::Account => {
            first.insert("accountId".to_owned(), Value::from("attacker"));
        }
        Tamper::ExtraField => {
            value.as_object_mut()?.insert("feeAccount".to_owned(), Value::from("attacker"));
        }
        Tamper::DuplicateKey => return Some(payload.replacen('{', r#"{"accountId":"attacker","#, 1)),
        _ => return None,
    }
    Some(value.to_string())
}

/// The same settlement with other nonces in every payload: another's.
pub(crate) fn with_other_nonces(value: &mut Value) {
    let Some(affirmations) = value.get_mut("affirmations").and_then(Value::as_array_mut) else { return };
    for affirmation in affirmations {
        let payload = affirmation.get("payload").and_then(Value::as_str);
        if let Some(payload) = payload.map(|payload| payload.replacen(r#""nonceHold":""#, r#""nonceHold":"other"#, 1)) {
            affirmation["payload"] = Value::from(payload);
        }
    }
}
