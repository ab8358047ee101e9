//! Signed requests to BitGo, and answers that prove where they come from.

use settlement_gateway::domain::settlement::DispatchAnswer;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, RequestAuth};
use settlement_gateway::upstream::{BuildError, VenueFailure};

use super::server::{Reply, Server};
use super::support::{SETTLEMENT, TOKEN, credential, find, hmac_hex, options, post, settlement_of};

/// The fixed clock, in milliseconds.
const NOW_MS: &str = "1795176000000";
const PATH: &str = "/api/network/v2/enterprises/e%2F1/partners/settlements";

fn venue(url: &str, auth: RequestAuth) -> BitGo {
    BitGo::new(BitGoOptions { auth, ..options(url) }).unwrap()
}

fn signed(auth: RequestAuth, status: u16, timestamp: &str, body: &str) -> Reply {
    let prefix = if auth == RequestAuth::HmacV3 { "POST|" } else { "" };
    let hmac = hmac_hex(TOKEN, &format!("{prefix}{timestamp}|{PATH}|{status}|{body}"));
    Reply::of(status, &[("hmac", &hmac), ("timestamp", timestamp)], body)
}

#[tokio::test]
async fn a_signed_post_hides_the_token_and_its_signed_answer_is_believed() {
    for (auth, version, subject) in [
        (RequestAuth::HmacV2, "2.0", format!("{NOW_MS}|{PATH}|{{\"stored\":true}}")),
        (RequestAuth::HmacV3, "3.0", format!("POST|{NOW_MS}|3.0|{PATH}|{{\"stored\":true}}")),
    ] {
        let mut server = Server::start(vec![signed(auth, 200, NOW_MS, SETTLEMENT)]).await;
        assert_eq!(settlement_of(&post(&venue(&server.url, auth)).await), Some((200, "1")));
        let seen = server.next().await;
        assert_eq!(seen.header("bitgo-auth-version"), Some(version));
        assert_eq!(seen.header("auth-timestamp"), Some(NOW_MS));
        assert_eq!(seen.header("hmac"), Some(hmac_hex(TOKEN, &subject).as_str()));
        assert!(!format!("{seen:?}").contains(TOKEN));
    }
}

#[tokio::test]
async fn a_success_that_is_not_provably_the_venues_is_no_answer() {
    let auth = RequestAuth::HmacV3;
    let forged = Reply::of(200, &[("hmac", &"0".repeat(64)), ("timestamp", NOW_MS)], SETTLEMENT);
    let stale = signed(auth, 200, "1795175699999", SETTLEMENT);
    for reply in [forged, stale, Reply::json(200, SETTLEMENT)] {
        let server = Server::start(vec![reply, Reply::json(200, r#"{"settlements":[]}"#)]).await;
        let venue = venue(&server.url, auth);
        assert!(matches!(post(&venue).await, DispatchAnswer::NoAnswer { .. }));
        assert!(matches!(find(&venue).await, Err(VenueFailure::Unreadable { .. })));
    }
}

#[tokio::test]
async fn a_refusal_needs_no_signature_but_the_settlement_in_it_does() {
    let auth = RequestAuth::HmacV3;
    let server = Server::start(vec![Reply::json(401, SETTLEMENT), signed(auth, 401, NOW_MS, SETTLEMENT)]).await;
    let venue = venue(&server.url, auth);
    assert!(matches!(post(&venue).await, DispatchAnswer::Answered { status: 401, settlement: None, .. }));
    assert_eq!(settlement_of(&post(&venue).await), Some((401, "1")));
}

#[test]
fn a_token_that_cannot_sign_is_refused_at_start() {
    let built =
        BitGo::new(BitGoOptions { auth: RequestAuth::HmacV2, credential: credential("short"), ..options("http://127.0.0.1:1") });
    assert!(matches!(built, Err(BuildError::TokenCannotSign)));
}
