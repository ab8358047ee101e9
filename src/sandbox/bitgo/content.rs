//! What a settlement says: the fields that are asked for, signed and posted alike.

use serde::Deserialize;

use crate::sandbox::ordered::{Node, quoted};
use crate::sandbox::time::parse_ms;

use super::amounts::{Leg, legs, same};
use super::refusal::Refusal;

/// The fields that a signing payload may have, and no others.
const FIELDS: [&str; 5] = ["externalId", "settlementAmounts", "nonce", "notes", "cutoffAt"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    external_id: String,
    settlement_amounts: Node,
    nonce: String,
    notes: Option<String>,
    cutoff_at: Option<String>,
}

/// A settlement's content, its amounts read.
pub(crate) struct Content {
    fields: Fields,
    /// The amounts, in the order in which they were written.
    pub(crate) legs: Vec<Leg>,
}

/// What only a post carries.
#[derive(Deserialize)]
pub(crate) struct Seal {
    /// The signing payload, as it was handed out.
    pub(crate) payload: String,
    /// The signature over it.
    pub(crate) signature: String,
}

impl Content {
    /// Reads a request's body.
    ///
    /// # Errors
    /// 400 naming what is missing or malformed.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let fields: Fields = serde_json::from_slice(body).map_err(|cause| Refusal::invalid(format!("invalid body: {cause}")))?;
        Self::check(fields)
    }

    /// Reads a signing payload, in which no other field may stand.
    ///
    /// # Errors
    /// 400 naming what is missing, malformed or too much.
    pub(crate) fn read_payload(payload: &str) -> Result<Self, Refusal> {
        let invalid = |cause: serde_json::Error| Refusal::invalid(format!("invalid payload: {cause}"));
        let node: Node = serde_json::from_str(payload).map_err(invalid)?;
        let known = |(key, _): &(String, Node)| FIELDS.contains(&key.as_str());
        if !node.entries().is_some_and(|entries| entries.iter().all(known)) {
            return Err(Refusal::invalid("the payload holds a field that was not asked for"));
        }
        Self::check(serde_json::from_str(payload).map_err(invalid)?)
    }

    fn check(fields: Fields) -> Result<Self, Refusal> {
        let filled = |name: &str, text: Option<&String>| match text {
            Some(text) if text.is_empty() => Err(Refusal::invalid(format!("{name} must not be empty"))),
            _ => Ok(()),
        };
        filled("externalId", Some(&fields.external_id))?;
        filled("nonce", Some(&fields.nonce))?;
        filled("notes", fields.notes.as_ref())?;
        if fields.cutoff_at.as_deref().is_some_and(|text| parse_ms(text).is_none()) {
            return Err(Refusal::invalid("cutoffAt must be an ISO 8601 instant"));
        }
        let legs = legs(&fields.settlement_amounts).map_err(Refusal::invalid)?;
        Ok(Self { fields, legs })
    }

    /// The partner's name for the settlement.
    pub(crate) fn external_id(&self) -> &str {
        &self.fields.external_id
    }

    /// The partner's notes.
    pub(crate) fn notes(&self) -> Option<&str> {
        self.fields.notes.as_deref()
    }

    /// The newest trade's time, as written.
    pub(crate) fn cutoff_at(&self) -> Option<&str> {
        self.fields.cutoff_at.as_deref()
    }

    /// Whether two contents say the same, amounts compared as numbers.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.fields, &other.fields);
        mine.external_id == theirs.external_id
            && mine.nonce == theirs.nonce
            && mine.notes == theirs.notes
            && mine.cutoff_at == theirs.cutoff_at
            && same(&self.legs, &other.legs)
    }

    /// The text that is signed: the content in the order of BitGo's own sample.
    pub(crate) fn signing_payload(&self) -> String {
        let fields = &self.fields;
        let mut text = format!(
            "{{\"externalId\":{},\"settlementAmounts\":{},\"nonce\":{}",
            quoted(&fields.external_id),
            fields.settlement_amounts.to_json(),
            quoted(&fields.nonce),
        );
        for (name, value) in [("notes", &fields.notes), ("cutoffAt", &fields.cutoff_at)] {
            if let Some(value) = value {
                text.push_str(&format!(",\"{name}\":{}", quoted(value)));
            }
        }
        text.push('}');
        text
    }
}

impl Seal {
    /// Reads a post's body.
    ///
    /// # Errors
    /// 400 where payload or signature is missing.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body).map_err(|cause| Refusal::invalid(format!("invalid body: {cause}")))
    }
}

/// The external id in a body, however wrong the rest of it may be.
pub(crate) fn external_id(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "externalId")]
        external_id: String,
    }
    serde_json::from_slice::<Named>(body).ok().map(|named| named.external_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"externalId":"x","notes":"n","settlementAmounts":{"c":{"BTC":"1.0"}},"nonce":"1"}"#;

    #[test]
    fn a_payload_says_what_its_request_says() {
        let content = Content::read(BODY.as_bytes()).unwrap();
        let payload = content.signing_payload();
        assert_eq!(payload, r#"{"externalId":"x","settlementAmounts":{"c":{"BTC":"1.0"}},"nonce":"1","notes":"n"}"#);
        assert!(content.says_the_same(&Content::read_payload(&payload).unwrap()));
    }

    #[test]
    fn every_difference_is_seen() {
        let content = Content::read(BODY.as_bytes()).unwrap();
        for (from, to) in [(r#""x""#, r#""y""#), (r#":"1""#, r#":"2""#), (r#""n","#, r#""m","#), ("1.0", "1.1"), ("BTC", "ETH")] {
            assert!(!content.says_the_same(&Content::read(BODY.replacen(from, to, 1).as_bytes()).unwrap()), "{from}");
        }
        assert!(
            Content::read_payload(r#"{"externalId":"x","settlementAmounts":{"c":{"BTC":"1"}},"nonce":"1","to":"me"}"#).is_err()
        );
    }

    #[test]
    fn missing_empty_and_repeated_fields_are_refused() {
        for (from, to) in [
            (r#""nonce":"1""#, r#""nonce":"""#),
            (r#","nonce":"1""#, ""),
            (r#""notes":"n""#, r#""notes":"""#),
            (r#""notes":"n""#, r#""cutoffAt":"soon""#),
            (r#""notes":"n""#, r#""externalId":"x""#),
        ] {
            assert!(Content::read(BODY.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
    }
}
