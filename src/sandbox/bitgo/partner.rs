//! The partner's writes: the signing payload, and posting by v1 and v2.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::sandbox::config::{BadSignatureV1, SandboxEnterprise, ShortfallAnswer};
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Settlement, Status};

use super::content::{Content, Seal};
use super::entry::Entry;
use super::posting::{Posted, Posting, process_due};
use super::refusal::Refusal;
use super::{body_digest, disputes, signature, wire};

/// The text that the partner is to sign; nothing is kept.
pub(crate) async fn signing_payload(entry: Entry) -> Result<Json<Value>, Refusal> {
    let content = Content::read(&entry.asked.body)?;
    known_connections(&entry.enterprise, &content)?;
    Ok(Json(json!({ "payload": content.signing_payload() })))
}

/// The synchronous way, for partners without disputes.
pub(crate) async fn post_v1(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Response, Refusal> {
    if entry.enterprise.disputes {
        return Err(Refusal::forbidden("disputes are enabled for this partner: use the v2 endpoint"));
    }
    let content = checked(&entry, entry.enterprise.bad_signature)?;
    let posting = Posting::v1(&entry.enterprise, &content, body_digest(&entry.asked.body));
    let settlement = take_effect(&desk, posting).await?;
    let status = match (settlement.status, entry.enterprise.shortfall) {
        (Status::Completed, _) => StatusCode::OK,
        (_, ShortfallAnswer::Unauthorized) => StatusCode::UNAUTHORIZED,
        (_, ShortfallAnswer::InternalError) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Ok((status, Json(json!({ "settlement": wire::settlement(&settlement, false) }))).into_response())
}

/// The asynchronous way: answered as pending, settled when the windows have passed.
pub(crate) async fn post_v2(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let content = checked(&entry, BadSignatureV1::BadRequest)?;
    if content.cutoff_at().is_none() {
        return Err(Refusal::invalid("cutoffAt is required"));
    }
    let posting = Posting::v2(&entry.enterprise, &content, body_digest(&entry.asked.body), desk.now_ms());
    let settlement = take_effect(&desk, posting).await?;
    desk.wake.notify_one();
    desk.ledger.read(|book| {
        let mut value = wire::settlement(&settlement, book.is_disputed(&settlement.id));
        if let Some(fields) = value.as_object_mut() {
            let settling = disputes::settled_in(book, entry.id(), &settlement.id);
            fields.insert("settlingDisputes".to_owned(), Value::from(settling));
        }
        Ok(Json(json!({ "settlement": value })))
    })
}

async fn take_effect(desk: &Desk, posting: Posting) -> Result<Box<Settlement>, Refusal> {
    let now_ms = desk.now_ms();
    let posted = desk
        .ledger
        .change(move |ledger| {
            process_due(ledger, now_ms)?;
            posting.post(ledger, now_ms)
        })
        .await?;
    match posted {
        Posted::Settlement(settlement) => Ok(settlement),
        Posted::Conflict => Err(Refusal::conflict("a settlement with this externalId and different properties exists")),
        Posted::Unfunded => Err(Refusal::unprocessable("the liabilities of one or more connections exceed their balance")),
    }
}

/// A post whose payload says what its body says and is signed by the enterprise's key.
fn checked(entry: &Entry, bad_signature: BadSignatureV1) -> Result<Content, Refusal> {
    let content = Content::read(&entry.asked.body)?;
    let seal = Seal::read(&entry.asked.body)?;
    known_connections(&entry.enterprise, &content)?;
    if !content.says_the_same(&Content::read_payload(&seal.payload)?) {
        return Err(Refusal::invalid("the payload does not match the request"));
    }
    if signature::verifies(&seal.payload, &seal.signature, &entry.enterprise.public_key) {
        return Ok(content);
    }
    let message = "signature verification failed";
    Err(match bad_signature {
        BadSignatureV1::BadRequest => Refusal::invalid(message),
        BadSignatureV1::Unauthorized => Refusal::unauthorized(message),
    })
}

fn known_connections(enterprise: &SandboxEnterprise, content: &Content) -> Result<(), Refusal> {
    if enterprise.default_balance.is_some() {
        return Ok(());
    }
    let known: HashSet<&str> = enterprise.connections.iter().map(|one| one.connection_id.as_str()).collect();
    let named = content.legs.iter().flat_map(|leg| leg.party.as_deref().into_iter().chain([leg.connection.as_str()]));
    match named.into_iter().find(|connection| !known.contains(connection)) {
        None => Ok(()),
        Some(unknown) => Err(Refusal::invalid(format!("unknown connection {unknown}"))),
    }
}
