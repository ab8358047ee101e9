//! The adapters and the simulated venues, which share no code, understand each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{Message, PublicKey, SecretKey};
use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::client_settlement::ClientSettlementQuery;
use settlement_gateway::domain::ids::{Currency, SettlementId};
use settlement_gateway::domain::settlement::{DispatchAnswer, Intent, Route, VenueStatus};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::sandbox::{Sandbox, SandboxConfig, SandboxConnection, SandboxEnterprise};
use settlement_gateway::secret::Secret;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, RequestAuth, SigningMethod};
use settlement_gateway::upstream::bitlipa::{Bitlipa, BitlipaOptions};
use settlement_gateway::upstream::{GoNetwork, QuoteVenue, Unlimited};
use sha2::{Digest, Sha256};

use super::bitlipa::request;
use super::support::{Noon, TOKEN, credential, enterprise, find, intent, options, plaintext};

fn key() -> SecretKey {
    SecretKey::from_secret_bytes([7; 32]).unwrap()
}

/// The compressed key that [`sign`]'s signatures recover to.
pub(crate) fn public_key() -> [u8; 33] {
    PublicKey::from_secret_key(&key()).serialize()
}

async fn sandbox() -> Sandbox {
    sandbox_behind(false).await
}

/// The venues, BitGo's behind a BitGo Express or not.
pub(super) async fn sandbox_behind(express: bool) -> Sandbox {
    let connection = SandboxConnection {
        connection_id: "c".to_owned(),
        client_enterprise_id: Some(enterprise().as_str().to_owned()),
        balances: BTreeMap::from([("BTC".to_owned(), "2.50".to_owned())]),
    };
    let token = Secret::from_text(TOKEN.to_owned());
    let partner = SandboxEnterprise {
        connections: vec![connection],
        account: BTreeMap::from([("BTC".to_owned(), "10".to_owned())]),
        ..SandboxEnterprise::new(enterprise().as_str(), token, public_key())
    };
    let config = SandboxConfig { enterprises: vec![partner], express, ..SandboxConfig::loopback(Arc::new(Noon)) };
    Sandbox::start(config).await.unwrap()
}

/// BitGo's message signature, for payloads of at most 65,535 bytes.
pub(crate) fn sign(payload: &str) -> Signature {
    let length = u16::try_from(payload.len()).unwrap();
    let size = if length < 253 { vec![payload.len() as u8] } else { [&[0xfd][..], &length.to_le_bytes()].concat() };
    let framed = [b"\x18Bitcoin Signed Message:\n", &size[..], payload.as_bytes()].concat();
    let digest: [u8; 32] = Sha256::digest(Sha256::digest(framed)).into();
    let signature = RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest), &key());
    let (recovery_id, compact) = signature.serialize_compact();
    Signature::from_bytes([&[31 + recovery_id.to_u8()][..], &compact].concat().try_into().unwrap())
}

pub(super) async fn settled(venue: &BitGo, intent: &Intent) -> DispatchAnswer {
    let payload = venue.signing_payload(intent, Urgency::Settling).await.unwrap();
    let body = venue.settlement_body(intent, &payload, &sign(&payload));
    venue.post_settlement(&enterprise(), Route::V1, &body).await
}

#[tokio::test]
async fn a_settlement_is_made_found_and_read_under_every_authentication() {
    for (auth, signing_method) in [
        (RequestAuth::Bearer, SigningMethod::Get),
        (RequestAuth::HmacV2, SigningMethod::Post),
        (RequestAuth::HmacV3, SigningMethod::Get),
    ] {
        let sandbox = sandbox().await;
        let venue = BitGo::new(BitGoOptions { auth, signing_method, ..options(&sandbox.bitgo_url()) }).unwrap();
        assert_eq!(find(&venue).await, Ok(None));
        let answer = settled(&venue, &intent()).await;
        let DispatchAnswer::Answered { status: 200, settlement: Some(made), .. } = answer else { panic!("{auth:?}: {answer:?}") };
        assert_eq!(made.status, VenueStatus::Completed);
        assert_eq!(find(&venue).await.unwrap().unwrap().settlement_id, made.settlement_id);
        let query = ClientSettlementQuery {
            enterprise_id: enterprise(),
            settlement_id: SettlementId::new(made.settlement_id.clone()).unwrap(),
            currencies: vec![Currency::new("BTC").unwrap()],
            page_number: 0,
            page_size: 10,
        };
        let page = venue.client_settlement(&query).await.unwrap();
        assert_eq!(page.transfers.len(), 1);
        let balances = venue.network_balances(&enterprise()).await.unwrap();
        let of_connections: Vec<_> = balances.iter().filter(|one| one.connection_id.is_some()).collect();
        assert_eq!((balances.len(), of_connections.len(), of_connections[0].currency.as_str()), (2, 1, "BTC"));
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn a_quote_is_made_and_read() {
    let sandbox = sandbox().await;
    let venue = Bitlipa::new(BitlipaOptions {
        base_url: sandbox.bitlipa_url(),
        api_key: credential("pk_sandbox"),
        api_secret: credential("sk_sandbox"),
        http: plaintext(),
        allowance: Arc::new(Unlimited),
        clock: Arc::new(Noon),
    })
    .unwrap();
    let made = venue.create_quote(&request()).await.unwrap();
    assert_eq!(made.expected_source_amount, Some(100_000));
    assert_eq!(made.platform_fee.as_deref(), Some("2.50"));
    assert_eq!(venue.get_quote(&made.tx_id, Urgency::Looking).await.unwrap().destination_amount, made.destination_amount);
    sandbox.stop().await;
}
