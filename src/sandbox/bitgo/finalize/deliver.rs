//! One POST to the partner, over plain HTTP: what ends TLS stands in front of the partner's listener.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The header that the token stands in.
const TOKEN_HEADER: &str = "x-bitgo-signature";

/// The answer's status, or `None` where there was no answer.
pub(super) async fn deliver(url: &str, token: Option<&str>, body: &[u8]) -> Option<u16> {
    tokio::time::timeout(TIMEOUT, post(url, token, body)).await.ok().flatten()
}

async fn post(url: &str, token: Option<&str>, body: &[u8]) -> Option<u16> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut request = Request::post(uri.path_and_query()?.as_str())
        .header(HOST, authority.as_str())
        .header(CONTENT_TYPE, "application/json; charset=utf-8");
    if let Some(token) = token {
        request = request.header(TOKEN_HEADER, token);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).ok()?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    connection.abort();
    Some(answer.ok()?.status().as_u16())
}
