//! BitGo's Go Network: the partner side and the client side.

mod amounts;
pub(crate) mod auth;
mod client;
mod client_lists;
mod connections;
mod content;
pub(crate) mod control;
mod disputes;
pub(crate) mod disputing;
mod entry;
mod filters;
pub(crate) mod finalize;
pub(crate) mod foreign;
mod partner;
mod partners;
mod posting;
mod reads;
mod refusal;
mod signature;
pub(crate) mod trade;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::routing::get;
use sha2::{Digest, Sha256};

use super::desk::Desk;
use super::exchange::Asked;
use super::faults::Endpoint;
use super::ledger::{Durability, Record};

pub(crate) use posting::{process_due, reject};

/// Every call that the sandbox knows.
pub(crate) fn router() -> Router<Arc<Desk>> {
    let v1 = "/api/network/v1/enterprises/{enterprise_id}";
    let v2 = "/api/network/v2/enterprises/{enterprise_id}";
    Router::new()
        .route(&format!("{v1}/partners/settlements-signing"), get(partner::signing_payload).post(partner::signing_payload))
        .route(&format!("{v1}/partners/settlements"), get(reads::settlements).post(partner::post_v1))
        .route(&format!("{v2}/partners/settlements"), axum::routing::post(partner::post_v2))
        .route(&format!("{v1}/partners/settlements/{{settlement_id}}"), get(reads::settlement))
        .route(&format!("{v1}/partners/settlement/disputes"), get(disputes::of_partner))
        .route(&format!("{v1}/partners/balances"), get(connections::balances))
        .route(&format!("{v1}/partners/connections"), get(connections::connections))
        .route(&format!("{v1}/partners"), get(partners::partners))
        .route(&format!("{v1}/clients/settlements"), get(client_lists::settlements))
        .route(&format!("{v1}/clients/settlementTransfers"), get(client_lists::transfers))
        .route(&format!("{v1}/clients/settlement/disputes"), get(client_lists::disputes))
        .route(&format!("{v1}/clients/settlements/{{settlement_id}}"), get(client::settlement))
        .merge(trade::router())
}

/// Notes the body of a settlement's post before anything else happens to it, so that the
/// ledger knows what was sent even where a fault swallowed it.
pub(crate) async fn note_arrival(desk: &Desk, asked: &Asked) {
    let call = Endpoint::of(asked.method.as_str(), asked.uri.path());
    if asked.method != Method::POST || !matches!(call, Endpoint::SettlementPostV1 | Endpoint::SettlementPostV2) {
        return;
    }
    let Some(external_id) = content::external_id(&asked.body) else { return };
    let enterprise = asked.param("enterprise_id").to_owned();
    let body_sha256 = body_digest(&asked.body);
    let record = Record::Received { enterprise, external_id, body_sha256 };
    // A ledger that cannot be written answers 500 at the next step; the note itself is not what is promised.
    let _ = desk.ledger.change(move |ledger| ledger.commit(record, Durability::Written)).await;
}

/// SHA-256 of a body, in hex.
pub(crate) fn body_digest(body: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(body))
}
