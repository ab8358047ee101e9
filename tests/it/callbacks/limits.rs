//! What a stranger on the internet can cost: a place for a moment, and no more.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{Called, PATH, claims, endpoint, token};
use crate::support::gateway::within;

/// Limits that a test reaches at once.
fn limits(lines: &str) -> String {
    let section = endpoint(PATH, "public_key_file = \"venue.pem\"");
    let lines = format!("[callbacks]\nmax_body_bytes = 1024\n{lines}");
    let section = section.replace("[callbacks]", &lines);
    if lines.contains("per_minute") { section.replace("max_requests_per_minute = 60000\n", "") } else { section }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_and_a_strangers_not_at_all() {
    let called = Called::start_with(|setup| setup.callbacks = limits("")).await;
    assert_eq!(called.request("POST", PATH, Some(&token(&claims("j-1"))), vec![b' '; 1_024]).await.status, 202);
    assert_eq!(called.request("POST", PATH, Some(&token(&claims("j-2"))), vec![b' '; 1_025]).await.status, 413);
    assert_eq!(called.request("POST", PATH, Some("no token"), vec![b' '; 1_025]).await.status, 401);
    let mut peer = TcpStream::connect(called.gateway.app.callbacks_address().unwrap()).await.unwrap();
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: h\r\nX-BitGo-Signature: {}\r\n", token(&claims("j-3")));
    let chunks = format!("40\r\n{}\r\n", " ".repeat(64)).repeat(64);
    peer.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = within(peer.read_to_end(&mut answer)).await;
    assert!(answer.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(called.inbox().await.len(), 1);
}

#[tokio::test]
async fn a_flood_is_told_when_to_come_again() {
    let called = Called::start_with(|setup| setup.callbacks = limits("max_requests_per_minute = 10")).await;
    assert_eq!(called.request("POST", PATH, None, "").await.status, 401);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.post(called.url(PATH)).send().await.unwrap();
    assert_eq!(response.status(), 429);
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=7).contains(&wait), "{wait}");
}

#[tokio::test]
async fn peers_that_drip_are_closed_and_hold_up_nobody() {
    let times = "header_timeout_ms = 150\nconnection_timeout_ms = 300\nmax_connections = 4";
    let called = Called::start_with(|setup| setup.callbacks = limits(times)).await;
    let address = called.gateway.app.callbacks_address().unwrap();
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: h\r\nX-BitGo-Signature: {}\r\n", token(&claims("slow")));
    let silent = String::new();
    let half_a_head = head[..head.len() / 2].to_owned();
    let half_a_body = format!("{head}Content-Length: 100\r\n\r\n{{");
    let mut peers = Vec::new();
    for beginning in [&silent, &half_a_head, &half_a_body, &silent] {
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(beginning.as_bytes()).await.unwrap();
        peers.push(peer);
    }
    // Every place is taken; a good call waits for the first that is closed.
    assert_eq!(within(called.call(&token(&claims("j-1")), "{}")).await.status, 202);
    for mut peer in peers {
        let _ = within(peer.read_to_end(&mut Vec::new())).await;
    }
    assert_eq!(called.inbox().await.len(), 1);
}

#[tokio::test]
async fn garbage_is_no_request() {
    let called = Called::start().await;
    let address = called.gateway.app.callbacks_address().unwrap();
    let long = format!("POST /{} HTTP/1.1\r\n\r\n", "x".repeat(64 * 1024));
    for garbage in ["\r\n\r\n\r\n", "GET\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}", &long] {
        let mut peer = TcpStream::connect(address).await.unwrap();
        let _ = peer.write_all(garbage.as_bytes()).await;
        let _ = peer.shutdown().await;
        let mut answer = Vec::new();
        let _ = within(peer.read_to_end(&mut answer)).await;
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{garbage:?}");
    }
    assert_eq!(called.call(&token(&claims("j-1")), "{}").await.status, 202);
}
