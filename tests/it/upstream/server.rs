//! A server of bytes: it answers each request with the next of the replies it was given.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the server does once it has read a request.
pub(crate) enum Reply {
    /// Writes these bytes and keeps the connection.
    Bytes(Vec<u8>),
    /// Writes these bytes and closes the connection.
    Cut(Vec<u8>),
    /// Writes these bytes, then the chunk for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// Keeps the connection and says nothing.
    Silence,
}

impl Reply {
    /// A complete answer.
    pub(crate) fn of(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Self::Bytes(format!("{head}\r\n{body}").into_bytes())
    }

    /// A complete answer of JSON.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::of(status, &[("content-type", "application/json")], body)
    }
}

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Seen {
    head: String,
    pub(crate) body: String,
}

impl Seen {
    /// The method and the target, as they were sent.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap()
    }

    /// A header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: UnboundedReceiver<Seen>,
}

impl Server {
    /// Starts with the replies to come.
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, seen) = unbounded_channel();
        let replies = Arc::new(Mutex::new(VecDeque::from(replies)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&replies), tell.clone()));
            }
        });
        Self { url, seen }
    }

    /// The next request that arrived.
    pub(crate) async fn next(&mut self) -> Seen {
        self.seen.recv().await.unwrap()
    }

    /// How many requests arrived beside those that were looked at.
    pub(crate) fn others(&mut self) -> usize {
        std::iter::from_fn(|| self.seen.try_recv().ok()).count()
    }
}

/// Serves one connection until it ends.
pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    tell: UnboundedSender<Seen>,
) {
    while let Some(seen) = request(&mut stream).await {
        let _ = tell.send(seen);
        let reply = replies.lock().unwrap().pop_front().unwrap_or_else(|| Reply::json(599, "{}"));
        let written = match reply {
            Reply::Bytes(bytes) => stream.write_all(&bytes).await,
            Reply::Cut(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Endless(head, chunk) => {
                let _ = stream.write_all(&head).await;
                while stream.write_all(&chunk).await.is_ok() {}
                return;
            }
            Reply::Silence => std::future::pending().await,
        };
        if written.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let mut seen = Seen { head: String::from_utf8(head).unwrap(), body: String::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}
