//! Signing payloads that say something else than was asked, and two that only look so.

use super::faults::Tamper;
use super::ordered::{Node, quoted};

/// The payload after tampering, or `None` where it has no such part.
pub(crate) fn tampered(payload: &str, kind: Tamper) -> Option<String> {
    let Ok(Node::Object(mut fields)) = serde_json::from_str::<Node>(payload) else { return None };
    match kind {
        Tamper::Amount => edit_first_amount(&mut fields, |text| Node::Text(format!("{text}0")))?,
        Tamper::NumberForm => edit_first_amount(&mut fields, |text| Node::Bare(text.to_owned()))?,
        Tamper::Account => first_account(&mut fields)?.push_str("-other"),
        Tamper::ExtraField => fields.push(("feeAccount".to_owned(), Node::Text("attacker".to_owned()))),
        Tamper::DuplicateKey => fields.push(("externalId".to_owned(), Node::Text("another-settlement".to_owned()))),
        Tamper::ExternalId => set(&mut fields, "externalId", "another-settlement"),
        Tamper::Nonce => set(&mut fields, "nonce", "another-nonce"),
        Tamper::Cutoff => set(&mut fields, "cutoffAt", "2001-01-01T00:00:00.000Z"),
        Tamper::Notes => set(&mut fields, "notes", "pay to the bearer"),
        Tamper::Reordered => reverse(&mut fields),
        Tamper::UnicodeEscape => return escaped(fields),
    }
    Some(Node::Object(fields).to_json())
}

type Fields = Vec<(String, Node)>;

fn set(fields: &mut Fields, name: &str, text: &str) {
    let value = Node::Text(text.to_owned());
    match fields.iter_mut().find(|(key, _)| key == name) {
        Some((_, place)) => *place = value,
        None => fields.push((name.to_owned(), value)),
    }
}

fn amounts(fields: &mut Fields) -> Option<&mut Fields> {
    match fields.iter_mut().find(|(key, _)| key == "settlementAmounts") {
        Some((_, Node::Object(entries))) => Some(entries),
        _ => None,
    }
}

fn first_account(fields: &mut Fields) -> Option<&mut String> {
    amounts(fields)?.first_mut().map(|(account, _)| account)
}

fn edit_first_amount(fields: &mut Fields, edit: impl FnOnce(&str) -> Node) -> Option<()> {
    let mut entries = amounts(fields)?;
    loop {
        match entries.first_mut() {
            Some((_, Node::Object(inner))) => entries = inner,
            Some((_, place)) => {
                let Node::Text(text) = place else { return None };
                *place = edit(text);
                return Some(());
            }
            None => return None,
        }
    }
}

fn reverse(fields: &mut Fields) {
    fields.reverse();
    for (_, value) in fields {
        if let Node::Object(inner) = value {
            reverse(inner);
        }
    }
}

/// The external id's first letter written as `\uXXXX`, which reads as the same text.
fn escaped(fields: Fields) -> Option<String> {
    let Some((_, Node::Text(id))) = fields.iter().find(|(key, _)| key == "externalId") else { return None };
    let first = id.chars().next()?;
    let unit = u16::try_from(u32::from(first)).ok()?;
    let rest: String = id.chars().skip(1).collect();
    let plain = quoted(id);
    let tail = quoted(&rest);
    let odd = format!("\"\\u{unit:04x}{}", tail.strip_prefix('"')?);
    Some(Node::Object(fields).to_json().replacen(&plain, &odd, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str =
        r#"{"externalId":"day-1","settlementAmounts":{"c1":{"BTC":"1","ETH":"-2"},"c2":{"BTC":"3"}},"nonce":"n"}"#;

    #[test]
    fn each_kind_changes_the_text() {
        use Tamper::*;
        for kind in
            [Amount, Account, ExtraField, DuplicateKey, ExternalId, Nonce, Cutoff, Notes, NumberForm, Reordered, UnicodeEscape]
        {
            assert_ne!(tampered(PAYLOAD, kind).unwrap(), PAYLOAD, "{kind:?}");
        }
    }

    #[test]
    fn the_benign_kinds_keep_the_content() {
        let content = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        for kind in [Tamper::Reordered, Tamper::UnicodeEscape] {
            assert_eq!(content(&tampered(PAYLOAD, kind).unwrap()), content(PAYLOAD), "{kind:?}");
        }
    }

    #[test]
    fn a_tampered_amount_is_ten_times_the_first_one() {
        assert!(tampered(PAYLOAD, Tamper::Amount).unwrap().contains(r#""BTC":"10","ETH":"-2""#));
        assert!(tampered(PAYLOAD, Tamper::NumberForm).unwrap().contains(r#""BTC":1,"ETH""#));
    }
}
