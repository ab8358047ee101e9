//! What Bitlipa calls when a payout has ended, and how often.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::bitlipa::Platform;

/// A partner's listener.
struct Partner(TcpListener);

impl Partner {
    async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.local_addr().unwrap())
    }

    /// The next call's path and body, answered with a status.
    async fn answer(&self, status: u16) -> (String, Value) {
        let (mut line, _) = self.0.accept().await.unwrap();
        let mut request = Vec::new();
        let (head, body) = loop {
            assert_ne!(line.read_buf(&mut request).await.unwrap(), 0, "the call ended early");
            let text = String::from_utf8_lossy(&request).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && head.contains(&format!("content-length: {}", body.len()))
            {
                break (head.to_owned(), body.to_owned());
            }
        };
        line.write_all(format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
        (head.split(' ').nth(1).unwrap().to_owned(), serde_json::from_str(&body).unwrap())
    }
}

fn tx_id(quote: &Value) -> &str {
    quote["tx_id"].as_str().unwrap()
}

async fn confirmed(platform: &Platform, url: &str) -> Value {
    let quote = platform.create().await;
    assert_eq!(platform.confirm_calling(&quote, url).await.0, 200);
    quote
}

#[tokio::test]
async fn a_payouts_end_is_told_until_it_is_heard_and_not_again() {
    let (platform, partner) = (Platform::with(|_| {}).await, Partner::new().await);
    let quote = confirmed(&platform, &partner.url("/b/token")).await;
    platform.clock.advance(2_000);
    for (status, gap) in [(500, 500), (302, 1_000), (204, 0)] {
        let (path, body) = partner.answer(status).await;
        assert_eq!(path, "/b/token");
        assert_eq!((&body["tx_id"], &body["status"]), (&quote["tx_id"], &json!("executed")));
        platform.clock.advance(gap);
    }
    let later = confirmed(&platform, &partner.url("/b/later")).await;
    platform.clock.advance(60_000);
    assert_eq!(partner.answer(200).await.1["tx_id"], later["tx_id"], "the first was called once more");
    let ledger = platform.sandbox.ledger();
    assert_eq!(ledger.quote(tx_id(&quote)).map(|entry| (entry.callbacks, entry.callback_answered)), Some((3, true)));
}

#[tokio::test]
async fn nobody_is_called_more_than_six_times() {
    let (platform, partner) = (Platform::with(|_| {}).await, Partner::new().await);
    let quote = confirmed(&platform, &partner.url("/b/token")).await;
    platform.clock.advance(2_000);
    for _ in 0..6 {
        partner.answer(503).await;
        platform.clock.advance(10_000);
    }
    let later = confirmed(&platform, &partner.url("/b/later")).await;
    platform.clock.advance(10_000);
    assert_eq!(partner.answer(200).await.0, "/b/later");
    assert_eq!(platform.sandbox.ledger().quote(tx_id(&quote)).map(|entry| entry.callbacks), Some(6));
    drop(later);
}

#[tokio::test]
async fn a_payout_can_be_ended_before_its_time_and_fails_for_the_reason_given() {
    let (platform, partner) = (Platform::with(|_| {}).await, Partner::new().await);
    let quote = confirmed(&platform, &partner.url("/b/token")).await;
    assert!(platform.sandbox.end_payout(tx_id(&quote), Some("wallet is frozen")).await.unwrap());
    let (_, body) = partner.answer(200).await;
    assert_eq!((&body["status"], &body["failure_reason"]), (&json!("failed"), &json!("wallet is frozen")));
    assert_eq!(platform.read(&quote).await["status"], "failed");
    assert!(!platform.sandbox.end_payout(tx_id(&quote), None).await.unwrap(), "it has ended");
    assert!(!platform.sandbox.end_payout("tx_none", None).await.unwrap());
}

#[tokio::test]
async fn callbacks_are_lost_doubled_and_lie_when_they_are_told_to() {
    let (platform, partner) = (Platform::with(|_| {}).await, Partner::new().await);
    let lie = BTreeMap::from([("status".to_owned(), "\"executed\"".to_owned())]);
    for behaviour in [Behaviour::CutBefore, Behaviour::AcceptThenCut, Behaviour::AlteredQuote { members: lie }] {
        platform.sandbox.faults().push(Fault { on: Endpoint::QuoteCallback, times: 1, behaviour });
    }
    let quote = confirmed(&platform, &partner.url("/b/token")).await;
    platform.sandbox.end_payout(tx_id(&quote), Some("no")).await.unwrap();
    while platform.sandbox.ledger().quote(tx_id(&quote)).is_none_or(|entry| entry.callbacks == 0) {
        tokio::task::yield_now().await;
    }
    platform.clock.advance(60_000);
    assert_eq!(partner.answer(200).await.1["status"], "failed");
    platform.clock.advance(60_000);
    assert_eq!(partner.answer(200).await.1["status"], "executed");
    assert_eq!(platform.read(&quote).await["status"], "failed", "only the call lied");
}
