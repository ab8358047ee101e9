//! A BitGo adapter with a fixed clock, and a settlement to post.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use settlement_gateway::domain::amount::Amount;
use settlement_gateway::domain::ids::{CallerId, ConnectionId, Currency, EnterpriseId, ExternalId, KeyId, Nonce};
use settlement_gateway::domain::settlement::{
    AmountUnit, Asked, DispatchAnswer, Intent, Leg, Route, SettlementAmounts, VenueSettlement,
};
use settlement_gateway::domain::time::Clock;
use settlement_gateway::secret::Secret;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, RequestAuth, SigningMethod};
use settlement_gateway::upstream::{Credential, GoNetwork, HttpOptions, Unlimited, VenueFailure};
use sha2::Sha256;

pub(crate) const TOKEN: &str = "v2xabcdef";
pub(crate) const SETTLEMENT: &str = r#"{"settlement":{"id":"1","externalId":"a","status":"pending"}}"#;
pub(crate) const NOW: &str = "2026-11-20T12:00:00Z";

pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        NOW.parse().unwrap()
    }
}

pub(crate) fn credential(text: &str) -> Credential {
    Credential::fixed(&Secret::from_text(text.to_owned())).unwrap()
}

/// Reached without TLS; long enough for any answer that comes.
pub(crate) fn plaintext() -> HttpOptions {
    HttpOptions { allow_plaintext: true, ..HttpOptions::default() }
}

/// Not patient: for the tests in which no answer comes.
pub(crate) fn impatient() -> HttpOptions {
    HttpOptions { call_timeout: Duration::from_millis(100), ..plaintext() }
}

pub(crate) fn options(url: &str) -> BitGoOptions {
    BitGoOptions {
        base_url: url.to_owned(),
        credential: credential(TOKEN),
        auth: RequestAuth::Bearer,
        signing_method: SigningMethod::Post,
        http: plaintext(),
        allowance: Arc::new(Unlimited),
        clock: Arc::new(Noon),
    }
}

pub(crate) fn bitgo(url: &str) -> BitGo {
    BitGo::new(options(url)).unwrap()
}

pub(crate) fn bitgo_with(url: &str, http: HttpOptions) -> BitGo {
    BitGo::new(BitGoOptions { http, ..options(url) }).unwrap()
}

pub(crate) fn enterprise() -> EnterpriseId {
    EnterpriseId::new("e/1").unwrap()
}

pub(crate) async fn post(venue: &BitGo) -> DispatchAnswer {
    venue.post_settlement(&enterprise(), Route::V2, b"{\"stored\":true}").await
}

pub(crate) async fn find(venue: &BitGo) -> Result<Option<VenueSettlement>, VenueFailure> {
    venue.find_settlement(&enterprise(), &ExternalId::new("a").unwrap()).await
}

pub(crate) fn intent() -> Intent {
    let leg = Leg {
        connection_id: ConnectionId::new("c").unwrap(),
        counterparty_connection_id: None,
        currency: Currency::new("BTC").unwrap(),
        amount: Amount::parse("1.0").unwrap(),
    };
    Intent {
        asked: Asked {
            enterprise_id: enterprise(),
            external_id: ExternalId::new("a").unwrap(),
            amounts: SettlementAmounts::new(vec![leg]).unwrap(),
            cutoff: None,
            notes: None,
            nonce: None,
            supersedes: None,
        },
        nonce: Nonce::new("n").unwrap(),
        route: Route::V1,
        amount_unit: AmountUnit::Base,
        key_id: KeyId::new("k").unwrap(),
        caller: CallerId::new("caller").unwrap(),
        submit_before: None,
    }
}

/// The settlement id and status of an answer that carries one.
pub(crate) fn settlement_of(answer: &DispatchAnswer) -> Option<(u16, &str)> {
    match answer {
        DispatchAnswer::Answered { status, settlement: Some(settlement), .. } => Some((*status, &settlement.settlement_id)),
        _ => None,
    }
}

/// Lower-case hex of HMAC-SHA256, computed apart from the adapters.
pub(crate) fn hmac_hex(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
