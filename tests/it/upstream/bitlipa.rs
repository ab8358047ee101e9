//! Bitlipa over real sockets.

use std::sync::Arc;

use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::ids::{Currency, ExternalTxId, MerchantId, TxId};
use settlement_gateway::domain::quote::{Chain, MinorUnits, QuoteRequest, QuoteStatus, WalletAddress};
use settlement_gateway::upstream::bitlipa::{Bitlipa, BitlipaOptions};
use settlement_gateway::upstream::{CallbackUrl, QuoteVenue, Unlimited, VenueFailure};

use super::server::{Reply, Seen, Server};
use super::support::{Noon, credential, hmac_hex, plaintext};

const QUOTE: &str = include_str!("../../golden/upstream/bitlipa_quote_created.json");
/// The wallet is the venue's own sample in lower case, since the sample's capitals are no EIP-55 checksum.
const BODY: &str = concat!(
    r#"{"source_amount":100000,"source_currency":"KES","destination_currency":"USDT","#,
    r#""external_merchant_id":"merchant_123","chain":"eip155:137","#,
    r#""wallet_address":"0x742d35cc6634c0532925a3b844bc454e4438f44e"}"#
);

fn bitlipa(url: &str) -> Bitlipa {
    let options = BitlipaOptions {
        base_url: url.to_owned(),
        api_key: credential("pk_live_xxx"),
        api_secret: credential("sk_live_xxx"),
        http: plaintext(),
        allowance: Arc::new(Unlimited),
        clock: Arc::new(Noon),
    };
    Bitlipa::new(options).unwrap()
}

pub(super) fn request() -> QuoteRequest {
    let chain = Chain::new("eip155:137").unwrap();
    QuoteRequest {
        request_id: None,
        merchant_id: MerchantId::new("merchant_123").unwrap(),
        source_amount: MinorUnits::new(100_000).unwrap(),
        source_currency: Currency::new("KES").unwrap(),
        destination_currency: Currency::new("USDT").unwrap(),
        wallet: WalletAddress::new("0x742d35cc6634c0532925a3b844bc454e4438f44e", &chain).unwrap(),
        chain,
    }
}

fn assert_signed(seen: &Seen, subject: &str) {
    assert_eq!(seen.header("authorization"), Some("pk_live_xxx"));
    assert_eq!(seen.header("x-bitlipa-timestamp"), Some("1795176000"));
    assert_eq!(seen.header("x-bitlipa-signature"), Some(hmac_hex("sk_live_xxx", subject).as_str()));
    assert_eq!(uuid::Uuid::parse_str(seen.header("x-bitlipa-nonce").unwrap()).unwrap().get_version_num(), 4);
    assert!(!format!("{seen:?}").contains("sk_live_xxx"));
}

#[tokio::test]
async fn what_is_signed_is_what_is_sent_and_both_successes_are_quotes() {
    let mut server = Server::start(vec![Reply::json(200, QUOTE), Reply::json(201, QUOTE)]).await;
    let venue = bitlipa(&server.url);
    for _ in 0..2 {
        let quote = venue.create_quote(&request()).await.unwrap();
        assert_eq!(quote.platform_fee.as_deref(), Some("2.50"));
        let seen = server.next().await;
        assert_eq!(seen.line(), "POST /api/v1/settlements");
        assert_eq!(seen.body, BODY);
        assert_signed(&seen, &format!("1795176000\nPOST\n/api/v1/settlements\n\n{BODY}"));
    }
}

#[tokio::test]
async fn a_quote_is_read_by_its_id_and_anothers_is_unreadable() {
    let mut server = Server::start(vec![Reply::json(200, QUOTE), Reply::json(200, QUOTE)]).await;
    let venue = bitlipa(&server.url);
    let id = TxId::new("tx_abc123def456").unwrap();
    assert_eq!(venue.get_quote(&id, Urgency::Looking).await.unwrap().tx_id, id);
    assert_signed(&server.next().await, "1795176000\nGET\n/api/v1/settlements/tx_abc123def456\n\n");
    assert!(matches!(
        venue.get_quote(&TxId::new("tx_other").unwrap(), Urgency::Looking).await,
        Err(VenueFailure::Unreadable { .. })
    ));
}

#[tokio::test]
async fn refusals_and_garbled_answers_are_told_apart() {
    let refused = r#"{"error":{"code":"rate_limit_exceeded","message":"slow down"},"request_id":"r1"}"#;
    let replies = vec![
        Reply::of(429, &[("retry-after", "3")], refused),
        Reply::json(502, "<html>"),
        Reply::json(200, "<html>"),
        Reply::json(200, "{}"),
    ];
    let venue = bitlipa(&Server::start(replies).await.url);
    let Err(VenueFailure::Refused { status: 429, error, retry_after_seconds: Some(3) }) = venue.create_quote(&request()).await
    else {
        panic!("not refused")
    };
    assert_eq!(error.name.as_deref(), Some("rate_limit_exceeded"));
    assert_eq!(error.message.as_deref(), Some("slow down"));
    assert_eq!(error.request_id.as_deref(), Some("r1"));
    assert!(matches!(venue.create_quote(&request()).await, Err(VenueFailure::Refused { status: 502, .. })));
    for _ in 0..2 {
        assert!(matches!(venue.create_quote(&request()).await, Err(VenueFailure::Unreadable { .. })));
    }
}

#[tokio::test]
async fn a_quote_is_confirmed_and_cancelled_in_the_documented_words() {
    let confirmed = r#"{"tx_id":"tx_1","status":"processing","confirmed_at":"2024-01-15T10:31:00Z"}"#;
    let cancelled = r#"{"tx_id":"tx_1","status":"cancelled","cancelled_at":"2024-01-15T10:32:00Z"}"#;
    let another = r#"{"tx_id":"tx_2","status":"processing"}"#;
    let replies = vec![Reply::json(200, confirmed), Reply::json(200, cancelled), Reply::json(200, another)];
    let mut server = Server::start(replies).await;
    let venue = bitlipa(&server.url);
    let (id, name) = (TxId::new("tx_1").unwrap(), ExternalTxId::new("payout \"1\"").unwrap());
    let url = CallbackUrl::new("https://gateway.example/b/0123".to_owned());
    let quote = venue.confirm_quote(&id, &name, &url).await.unwrap();
    assert_eq!((quote.status, quote.confirmed_at), (QuoteStatus::Processing, Some("2024-01-15T10:31:00Z".parse().unwrap())));
    let seen = server.next().await;
    let body = r#"{"tx_id":"tx_1","external_tx_id":"payout \"1\"","callback_url":"https://gateway.example/b/0123"}"#;
    assert_eq!((seen.line(), seen.body.as_str()), ("POST /api/v1/settlements/confirm", body));
    assert_signed(&seen, &format!("1795176000\nPOST\n/api/v1/settlements/confirm\n\n{body}"));
    let quote = venue.cancel_quote(&id).await.unwrap();
    assert_eq!((quote.status, quote.cancelled_at), (QuoteStatus::Cancelled, Some("2024-01-15T10:32:00Z".parse().unwrap())));
    let seen = server.next().await;
    assert_eq!((seen.line(), seen.body.as_str()), ("POST /api/v1/settlements/cancel", r#"{"tx_id":"tx_1"}"#));
    assert!(matches!(venue.confirm_quote(&id, &name, &url).await, Err(VenueFailure::Unreadable { .. })));
}

#[tokio::test]
async fn a_callbacks_token_is_not_told_although_the_venue_repeats_it() {
    let refused = r#"{"error":{"code":"invalid_request","message":"no answer from https://gateway.example/b/0123"}}"#;
    let venue = bitlipa(&Server::start(vec![Reply::json(400, refused)]).await.url);
    let (id, name) = (TxId::new("tx_1").unwrap(), ExternalTxId::new("payout-1").unwrap());
    let url = CallbackUrl::new("https://gateway.example/b/0123".to_owned());
    let failure = venue.confirm_quote(&id, &name, &url).await.unwrap_err();
    assert!(!format!("{failure:?}").contains("0123"), "{failure:?}");
}
