//! Notes what arrives to change something where a venue recognises no repeat, so that
//! the ledger knows how often it was sent even where a fault swallowed it.

use std::sync::Arc;

use serde_json::Value;

use super::bitgo::body_digest;
use super::desk::Desk;
use super::exchange::Asked;
use super::faults::Endpoint;
use super::ledger::{Durability, Record};

/// Notes the body of a trade settlement's creation, of an account's word, or of a quote's confirmation.
pub(crate) async fn note(desk: &Arc<Desk>, asked: &Asked) {
    let Some((call, name)) = name(asked) else { return };
    let record = Record::Written { call: call.to_owned(), name, body_sha256: body_digest(&asked.body) };
    // A ledger that cannot be written answers 500 at the next step; the note itself is not what is promised.
    let _ = desk.ledger.change(move |ledger| ledger.commit(record, Durability::Written)).await;
}

/// What is written, and what it is called: a payload by its SHA-256, an affirmation and a quote by their ids.
fn name(asked: &Asked) -> Option<(&'static str, String)> {
    let said = |name: &str| -> Option<String> {
        let body: Value = serde_json::from_slice(&asked.body).ok()?;
        body[name].as_str().map(str::to_owned)
    };
    match Endpoint::of(asked.method.as_str(), asked.uri.path()) {
        Endpoint::TradeCreate => said("payload").map(|payload| ("trade", body_digest(payload.as_bytes()))),
        Endpoint::AffirmationPut => Some(("affirmation", asked.param("affirmation_id").to_owned())),
        Endpoint::QuoteConfirm => said("tx_id").map(|tx_id| ("confirmation", tx_id)),
        _ => None,
    }
}
