//! What is sent once, what may have been sent, and what certainly was not.

use settlement_gateway::domain::settlement::DispatchAnswer;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions};
use settlement_gateway::upstream::{BuildError, VenueFailure};
use tokio::net::TcpListener;

use super::server::{Reply, Server};
use super::support::{SETTLEMENT, bitgo, find, impatient, options, plaintext, post, settlement_of};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

fn is_no_answer(answer: &DispatchAnswer) -> bool {
    matches!(answer, DispatchAnswer::NoAnswer { .. })
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let venue = bitgo(&url);
    assert!(matches!(post(&venue).await, DispatchAnswer::NotSent { .. }));
    let Err(VenueFailure::NotSent { detail }) = find(&venue).await else { panic!("sent") };
    assert!(detail.contains("refused") && !detail.contains("127.0.0.1"), "{detail}");
}

#[tokio::test]
async fn a_venue_that_stays_silent_gave_no_answer() {
    let server = Server::start(vec![Reply::Silence, Reply::Silence]).await;
    let venue = BitGo::new(BitGoOptions { http: impatient(), ..options(&server.url) }).unwrap();
    assert!(is_no_answer(&post(&venue).await));
    assert!(matches!(find(&venue).await, Err(VenueFailure::NoAnswer { .. })));
}

#[tokio::test]
async fn a_body_that_never_ends_runs_into_the_time_out() {
    let head = format!("{HEAD}content-length: 10\r\n\r\n{{");
    let server = Server::start(vec![Reply::Bytes(head.into_bytes())]).await;
    let venue = BitGo::new(BitGoOptions { http: impatient(), ..options(&server.url) }).unwrap();
    assert!(is_no_answer(&post(&venue).await));
}

#[tokio::test]
async fn a_connection_that_is_cut_gave_no_answer() {
    let truncated = format!("{HEAD}content-length: 500\r\n\r\n{SETTLEMENT}");
    let half_a_head = HEAD.to_owned();
    for bytes in ["", &half_a_head, &truncated] {
        let cut = || Reply::Cut(bytes.as_bytes().to_vec());
        let mut server = Server::start(vec![cut(), cut()]).await;
        let venue = bitgo(&server.url);
        assert!(is_no_answer(&post(&venue).await), "{bytes}");
        assert!(matches!(find(&venue).await, Err(VenueFailure::NoAnswer { .. })), "{bytes}");
        assert_eq!(server.others(), 2, "nothing is repeated");
    }
}

#[tokio::test]
async fn a_kept_connection_that_dies_under_a_post_is_not_tried_again() {
    let mut server =
        Server::start(vec![Reply::json(200, SETTLEMENT), Reply::Cut(Vec::new()), Reply::json(200, SETTLEMENT)]).await;
    let venue = bitgo(&server.url);
    assert_eq!(settlement_of(&post(&venue).await), Some((200, "1")));
    assert!(is_no_answer(&post(&venue).await));
    assert_eq!(server.others(), 2);
}

#[tokio::test]
async fn an_oversize_body_is_not_read_to_its_end() {
    let announced = format!("{HEAD}content-length: 16777217\r\n\r\n");
    let chunked = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for head in [announced, chunked] {
        let endless = || Reply::Endless(head.clone().into_bytes(), chunk.clone().into_bytes());
        let server = Server::start(vec![endless(), endless()]).await;
        let venue = bitgo(&server.url);
        assert!(is_no_answer(&post(&venue).await));
        assert!(matches!(find(&venue).await, Err(VenueFailure::Unreadable { .. })));
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    for status in [301, 302, 307, 308] {
        let mut server = Server::start(vec![Reply::of(status, &[("location", "/elsewhere")], "")]).await;
        let answer = post(&bitgo(&server.url)).await;
        assert!(matches!(answer, DispatchAnswer::Answered { status: seen, settlement: None, .. } if seen == status));
        assert_eq!(server.others(), 1);
    }
}

#[test]
fn plaintext_is_refused_unless_it_is_allowed() {
    let mut refused = options("http://127.0.0.1:1");
    refused.http.allow_plaintext = false;
    assert!(matches!(BitGo::new(refused), Err(BuildError::Plaintext)));
    assert!(BitGo::new(BitGoOptions { http: plaintext(), ..options("http://127.0.0.1:1") }).is_ok());
}
