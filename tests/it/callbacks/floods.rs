//! Strangers who flood the listener: each is closed, none keeps a good caller out, and nothing is stored.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{Called, PATH, claims, endpoint, token};
use crate::support::gateway::within;

/// Places that are taken at once, and times that no test outlasts: what helps here is no timer.
const FEW_PLACES: &str = "max_connections = 4\nheader_timeout_ms = 60000\nconnection_timeout_ms = 120000";
/// How many peers come for each place.
const PEERS: usize = 64;

async fn called() -> Called {
    let section = endpoint(PATH, "public_key_file = \"venue.pem\"");
    Called::start_with(|setup| setup.callbacks = section.replace("[callbacks]", &format!("[callbacks]\n{FEW_PLACES}"))).await
}

fn address(called: &Called) -> SocketAddr {
    called.gateway.app.callbacks_address().unwrap()
}

async fn peer(address: SocketAddr, beginning: &[u8]) -> TcpStream {
    let mut peer = within(TcpStream::connect(address)).await.unwrap();
    // It may be closed already.
    let _ = peer.write_all(beginning).await;
    peer
}

/// A good caller is answered, and what it calls about is stored.
async fn assert_good_calls_go_on(called: &Called, name: &str) {
    for number in 0..3 {
        let answer = within(called.call(&token(&claims(&format!("{name}-{number}"))), "{}")).await;
        assert_eq!(answer.status, 202, "{name}");
    }
}

async fn closed(mut peer: TcpStream) {
    // An end and a reset are both a close.
    let _ = within(peer.read_to_end(&mut Vec::new())).await;
}

#[tokio::test]
async fn silent_peers_and_peers_that_never_end_their_head_make_room_for_whoever_asks() {
    let called = called().await;
    let half_a_head = format!("POST {PATH} HTTP/1.1\r\nHost: h\r\nX-BitGo-Sig");
    for (name, beginning) in
        [("silent", ""), ("half a head", &half_a_head), ("half a word", "PO"), ("no HTTP", "\u{16}\u{3}\u{1}")]
    {
        let mut peers = Vec::new();
        for _ in 0..PEERS {
            peers.push(peer(address(&called), beginning.as_bytes()).await);
        }
        assert_good_calls_go_on(&called, name).await;
        // All but those that have a place were given up.
        for peer in peers.drain(..PEERS - 8) {
            closed(peer).await;
        }
    }
    assert_eq!(called.inbox().await.len(), 12);
}

#[tokio::test]
async fn a_head_that_drips_on_and_on_is_given_up_while_others_ask() {
    let called = called().await;
    let mut drips = Vec::new();
    for _ in 0..8 {
        let mut peer = peer(address(&called), b"POST / HTTP/1.1\r\n").await;
        drips.push(tokio::spawn(async move {
            let mut number = 0_u64;
            // A header at a time, for as long as it is taken.
            while peer.write_all(format!("x-{number}: y\r\n").as_bytes()).await.is_ok() {
                number += 1;
                tokio::task::yield_now().await;
            }
        }));
    }
    assert_good_calls_go_on(&called, "drips").await;
    // A head has a limit too: each drip ends.
    for drip in drips {
        within(drip).await.unwrap();
    }
}

#[tokio::test]
async fn a_strangers_body_is_not_waited_for() {
    let called = called().await;
    let mut peers = Vec::new();
    for _ in 0..PEERS {
        let beginning = format!("POST {PATH} HTTP/1.1\r\nHost: h\r\nX-BitGo-Signature: forged\r\nContent-Length: 1000\r\n\r\n{{");
        peers.push(peer(address(&called), beginning.as_bytes()).await);
    }
    assert_good_calls_go_on(&called, "bodies").await;
    for mut peer in peers {
        let mut answer = Vec::new();
        let _ = within(peer.read_to_end(&mut answer)).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(called.inbox().await.len(), 3);
}

#[tokio::test]
async fn peers_that_come_and_are_gone_at_once_leave_nothing_behind() {
    let called = called().await;
    let half = format!("POST {PATH} HTTP/1.1\r\nHost: h\r\n");
    for number in 0..PEERS * 8 {
        let peer = peer(address(&called), if number % 2 == 0 { b"" } else { half.as_bytes() }).await;
        // A reset instead of an end.
        peer.set_zero_linger().unwrap();
    }
    assert_good_calls_go_on(&called, "gone").await;
    assert_eq!(called.inbox().await.len(), 3);
}

#[tokio::test]
async fn whoever_has_asked_is_not_given_up_for_others() {
    let called = called().await;
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: h\r\nX-BitGo-Signature: {}\r\n", token(&claims("slow")));
    let mut slow = peer(address(&called), format!("{head}Content-Length: 2\r\n\r\n{{").as_bytes()).await;
    let mut others = Vec::new();
    for _ in 0..PEERS {
        others.push(peer(address(&called), b"").await);
    }
    assert_good_calls_go_on(&called, "beside a slow one").await;
    slow.write_all(b"}").await.unwrap();
    let mut answer = Vec::new();
    within(slow.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 202 "), "{}", String::from_utf8_lossy(&answer));
}
