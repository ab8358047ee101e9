//! Peers that flood a connection with what HTTP/2 allows: the connection ends or is held up, and others go on.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::support::{EMPTY_SETTINGS, PATIENCE, PREFACE, Running, listener, settings};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// A frame's length, type, flags and stream.
const FRAME_HEAD_BYTES: usize = 9;

/// How many frames a flood has: far more than any limit lets pass.
const FLOOD: u32 = 20_000;

/// Counts the calls that were begun, and ends none.
#[derive(Clone, Default)]
struct Begun(Arc<AtomicUsize>);

impl Begun {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl NamedService for Begun {
    const NAME: &'static str = "flood.v1.Flood";
}

impl tower::Service<http::Request<Body>> for Begun {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(pending())
    }
}

async fn started() -> (Running, Begun) {
    let begun = Begun::default();
    (Running::plain(settings(listener()), Routes::new(begun.clone())).await, begun)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header whose name stands in HPACK's static table, written out and not remembered.
fn header(index: u8, value: &str) -> Vec<u8> {
    let index = if index < 15 { vec![index] } else { vec![15, index - 15] };
    [index, vec![u8::try_from(value.len()).unwrap()], value.as_bytes().to_vec()].concat()
}

/// The headers of a call: POST, http, the path, where, and what.
fn call_headers() -> Vec<u8> {
    let (path, authority, content_type) = (4, 1, 31);
    [
        vec![0x83, 0x86],
        header(path, "/flood.v1.Flood/Hang"),
        header(authority, "localhost"),
        header(content_type, "application/grpc"),
    ]
    .concat()
}

/// The numbers of a peer's streams.
fn streams() -> impl Iterator<Item = u32> {
    (1..).step_by(2)
}

/// A connection that has said HTTP/2's opening words.
async fn peer(server: &Running) -> TcpStream {
    let mut peer = server.tcp().await;
    peer.write_all(&[PREFACE, EMPTY_SETTINGS].concat()).await.unwrap();
    peer
}

/// Sends all, reads until the connection ends, and answers the types of the frames that came.
async fn flood_until_closed(peer: TcpStream, flood: Vec<u8>) -> Vec<u8> {
    let (mut reading, mut writing) = peer.into_split();
    // The server may close before all is written.
    let sending = tokio::spawn(async move {
        let _ = writing.write_all(&flood).await;
        writing
    });
    let mut answered = Vec::new();
    // An end and a reset are both a close.
    let _ = timeout(PATIENCE, reading.read_to_end(&mut answered)).await.expect("the server closes the connection");
    drop(sending.await.unwrap());
    frame_types(&answered)
}

fn frame_types(mut bytes: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(FRAME_HEAD_BYTES) {
        types.push(head[3]);
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        bytes = rest.get(length..).unwrap_or_default();
    }
    types
}

/// A good client on a connection of its own is answered.
async fn assert_others_go_on(server: &Running) {
    let mut client = HealthClient::new(server.channel().await);
    for _ in 0..20 {
        timeout(PATIENCE, client.check(HealthCheckRequest::default())).await.expect("an answer in time").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_reset_as_soon_as_they_are_made_end_the_connection_and_begin_next_to_nothing() {
    let (server, begun) = started().await;
    let made_and_reset = |stream| {
        let made = frame(HEADERS, END_STREAM | END_HEADERS, stream, &call_headers());
        [made, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    };
    let flood = streams().take(FLOOD as usize).flat_map(made_and_reset).collect();
    let types = flood_until_closed(peer(&server).await, flood).await;
    assert!(types.is_empty() || types.contains(&GOAWAY), "{types:?}");
    assert!(begun.count() <= listener().max_concurrent_streams as usize, "{} calls were begun", begun.count());
    assert_others_go_on(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_continued_for_ever_ends_the_connection_and_begins_nothing() {
    let (server, begun) = started().await;
    let mut flood = frame(HEADERS, END_STREAM, 1, &call_headers());
    let more = header(31, &"x".repeat(100)).repeat(100);
    for _ in 0..FLOOD / 10 {
        flood.extend(frame(CONTINUATION, 0, 1, &more));
    }
    let types = flood_until_closed(peer(&server).await, flood).await;
    assert!(types.is_empty() || types.contains(&GOAWAY), "{types:?}");
    assert_eq!(begun.count(), 0);
    assert_others_go_on(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_grow_when_they_are_read_are_refused() {
    let (server, begun) = started().await;
    // One long header is remembered by the server, and then named a thousand times in a byte each.
    let remembered = [vec![0x40, 1, b'a', 0x7f, 0x80, 0x1e], vec![b'x'; 3_967]].concat();
    let bomb = [call_headers(), remembered, vec![0xbe; 1_000]].concat();
    let mut peer = peer(&server).await;
    let _ = peer.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &bomb)).await;
    assert_others_go_on(&server).await;
    assert_eq!(begun.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_and_settings_without_end_hold_up_nobody_whether_or_not_their_answers_are_read() {
    let (server, _) = started().await;
    let ping = frame(PING, 0, 0, &[7; 8]);
    // The largest frame size, as every peer may say it.
    let setting = frame(SETTINGS, 0, 0, &[0, 5, 0, 0, 0x40, 0]);
    let mut floods = Vec::new();
    for one in [ping, setting] {
        let many = one.repeat(1_000);
        for reads in [true, false] {
            let (mut reading, mut writing) = peer(&server).await.into_split();
            let many = many.clone();
            floods.push(tokio::spawn(async move { while writing.write_all(&many).await.is_ok() {} }));
            if reads {
                floods.push(tokio::spawn(async move {
                    let mut buffer = [0; 16_384];
                    while reading.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
                }));
            } else {
                // Its half is kept, and so is the connection.
                floods.push(tokio::spawn(async move {
                    pending::<()>().await;
                    drop(reading);
                }));
            }
        }
    }
    assert_others_go_on(&server).await;
    for flood in floods {
        flood.abort();
    }
    assert_others_go_on(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_no_answer_holds_up_nobody() {
    let (server, begun) = started().await;
    let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let mut greedy = server.tcp().await;
    let calls: Vec<u8> =
        streams().take(1_000).flat_map(|stream| frame(HEADERS, END_STREAM | END_HEADERS, stream, &call_headers())).collect();
    greedy.write_all(&[PREFACE, &no_window, &calls].concat()).await.unwrap();
    assert_others_go_on(&server).await;
    assert!(begun.count() <= listener().max_concurrent_streams as usize, "{} calls were begun", begun.count());
}
