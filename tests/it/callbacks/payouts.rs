//! Bitlipa's calls: known by the unguessable end of their path, stored, and believed only after a look at the venue.

use serde_json::json;
use settlement_gateway::grpc::pb::{ConfirmQuoteRequest, CreateQuoteRequest, Quote, QuoteStatus, WatchQuoteRequest};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::support::{Answer, Called};
use crate::support::gateway::{MERCHANT, WALLET, within};

/// Where Bitlipa finds the gateway: it hands on what comes, and tells the path of each call.
struct Relay {
    listener: TcpListener,
}

impl Relay {
    async fn bind() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    /// The section under which the gateway has Bitlipa call the relay.
    fn section(&self) -> String {
        let address = self.listener.local_addr().unwrap();
        format!("[callbacks]\nlisten = \"127.0.0.1:0\"\n[callbacks.bitlipa]\npublic_url = \"http://{address}/payouts\"\n")
    }

    /// Hands calls on, and tells each one's path.
    fn hand_on_to(self, gateway: std::net::SocketAddr) -> mpsc::UnboundedReceiver<String> {
        let (paths, told) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut call, _)) = self.listener.accept().await {
                let mut head = [0; 256];
                let read = call.peek(&mut head).await.unwrap();
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let _ = paths.send(head.split(' ').nth(1).unwrap_or_default().to_owned());
                let mut gateway = TcpStream::connect(gateway).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut call, &mut gateway).await;
                let _ = call.shutdown().await;
            }
        });
        told
    }
}

/// A gateway with a confirmed quote, and the path under which Bitlipa called about its end.
async fn executed() -> (Called, Quote, String) {
    let relay = Relay::bind().await;
    let called = Called::start_with(|setup| setup.callbacks = relay.section()).await;
    let mut paths = relay.hand_on_to(called.gateway.app.callbacks_address().unwrap());
    let mut quotes = called.gateway.quotes().await;
    let asked = CreateQuoteRequest {
        request_id: None,
        source_amount: 100_000,
        source_currency: "KES".to_owned(),
        destination_currency: "USDT".to_owned(),
        external_merchant_id: MERCHANT.to_owned(),
        chain: "eip155:137".to_owned(),
        wallet_address: WALLET.to_owned(),
    };
    let quote = quotes.create_quote(asked).await.unwrap().into_inner().quote.unwrap();
    let confirm = ConfirmQuoteRequest {
        external_merchant_id: MERCHANT.to_owned(),
        tx_id: quote.tx_id.clone(),
        external_tx_id: "payout-1".to_owned(),
        ..ConfirmQuoteRequest::default()
    };
    let confirmed = quotes.confirm_quote(confirm).await.unwrap().into_inner().quote.unwrap();
    assert_eq!(confirmed.status(), QuoteStatus::Processing);
    called.venue_clock.advance(std::time::Duration::from_secs(60));
    let path = within(paths.recv()).await.unwrap();
    (called, quote, path)
}

#[tokio::test]
async fn a_payouts_end_is_seen_when_the_venue_calls() {
    let (called, quote, path) = executed().await;
    let watch = WatchQuoteRequest { external_merchant_id: MERCHANT.to_owned(), tx_id: quote.tx_id, after_sequence: 0 };
    let mut views = called.gateway.quotes().await.watch_quote(watch).await.unwrap().into_inner();
    within(async { while views.message().await.unwrap().expect("an end").quote.unwrap().status() != QuoteStatus::Executed {} })
        .await;
    assert_eq!(called.outcomes().await, ["NAMED"]);
    assert_eq!(path.len(), "/payouts/".len() + 64);
}

#[tokio::test]
async fn a_path_that_was_guessed_is_not_there_and_a_call_is_one_delivery_however_often_it_comes() {
    let (called, _, path) = executed().await;
    // The venue's own call comes on its own time.
    within(async {
        while called.inbox().await.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    called.outcomes().await;
    let before = called.inbox().await.len();
    let not_there = Answer { status: 404, body: String::new() };
    let mut guessed = path.clone().into_bytes();
    let last = guessed.last_mut().unwrap();
    *last = if *last == b'0' { b'1' } else { b'0' };
    let guessed = String::from_utf8(guessed).unwrap();
    for other in [guessed.as_str(), "/payouts", "/payouts/", "/payouts/x", &path[..path.len() - 1], &path.to_uppercase()] {
        assert_eq!(called.request("POST", other, None, "{}").await, not_there, "{other}");
    }
    for method in ["PUT", "DELETE", "OPTIONS"] {
        assert_eq!(called.request(method, &path, None, "{}").await, not_there, "{method}");
    }
    let body = json!({ "status": "failed", "destination_amount": 1_000_000 }).to_string();
    for _ in 0..15 {
        assert_eq!(called.request("POST", &path, None, body.clone()).await.status, 200);
        assert_eq!(called.request("GET", &format!("{path}?status=failed"), None, "").await.status, 200);
    }
    assert_eq!(called.inbox().await.len(), before + 2, "one by its body, one by its query");
    assert!(called.outcomes().await.iter().all(|outcome| outcome == "NAMED"));
}
