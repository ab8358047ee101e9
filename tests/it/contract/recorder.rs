//! A forwarder before the simulated venue that keeps every exchange as it passed.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request with its answer.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) method: String,
    target: String,
    pub(super) body: String,
    pub(super) status: u16,
    pub(super) answer_type: String,
    pub(super) answer: String,
}

impl Exchange {
    /// The path, still encoded.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// The query's names and values, decoded.
    pub(super) fn query(&self) -> Vec<(String, String)> {
        let url = reqwest::Url::parse(&format!("http://venue{}", self.target)).unwrap();
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }
}

/// The running forwarder.
pub(super) struct Recorder {
    pub(super) url: String,
    kept: Arc<Mutex<Vec<Exchange>>>,
}

impl Recorder {
    /// Stands before a venue.
    pub(super) async fn before(venue_url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let venue = venue_url.strip_prefix("http://").unwrap().to_owned();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(forward(stream, venue.clone(), Arc::clone(&keep)));
            }
        });
        Self { url, kept }
    }

    /// Everything that passed.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        self.kept.lock().unwrap().clone()
    }
}

/// Forwards one request; the connection ends with its answer.
async fn forward(mut client: TcpStream, venue: String, kept: Arc<Mutex<Vec<Exchange>>>) {
    let head = head(&mut client).await;
    if head.is_empty() {
        return;
    }
    let body = body(&mut client, &head).await;
    let mut stream = TcpStream::connect(venue).await.unwrap();
    let last = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    stream.write_all(&[last.as_bytes(), body.as_bytes()].concat()).await.unwrap();
    let answer_head = self::head(&mut stream).await;
    let answer = self::body(&mut stream, &answer_head).await;
    let mut line = head.split(' ');
    let exchange = Exchange {
        method: line.next().unwrap().to_owned(),
        target: line.next().unwrap().to_owned(),
        body,
        status: answer_head.split(' ').nth(1).unwrap().parse().unwrap(),
        answer_type: header(&answer_head, "content-type").unwrap_or_default().to_owned(),
        answer,
    };
    let bytes = [answer_head.as_bytes(), exchange.answer.as_bytes()].concat();
    kept.lock().unwrap().push(exchange);
    client.write_all(&bytes).await.unwrap();
}

/// The text up to the empty line; nothing when the connection ends before it.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return String::new() };
        head.push(byte);
    }
    String::from_utf8(head).unwrap()
}

async fn body(stream: &mut TcpStream, head: &str) -> String {
    let length = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    String::from_utf8(body).unwrap()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
