//! One POST to a partner, over plain HTTP: what ends TLS stands in front of the partner's listener.

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

/// Whether a URL names this machine and no TLS.
pub(crate) fn is_on_this_machine(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().filter(|uri| uri.scheme_str() == Some("http")).and_then(Uri::host);
    host.is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."))
}

/// Posts JSON, with a header of the venue's where it has one: the answer's status, or `None` where there was no answer.
pub(crate) async fn deliver(url: &str, header: Option<(&str, &str)>, body: &[u8]) -> Option<u16> {
    tokio::time::timeout(TIMEOUT, post(url, header, body)).await.ok().flatten()
}

async fn post(url: &str, header: Option<(&str, &str)>, body: &[u8]) -> Option<u16> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut request = Request::post(uri.path_and_query()?.as_str())
        .header(HOST, authority.as_str())
        .header(CONTENT_TYPE, "application/json; charset=utf-8");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).ok()?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    connection.abort();
    Some(answer.ok()?.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_to_this_machine_is_on_this_machine() {
        for here in ["http://127.0.0.1:9/a/b?c", "http://localhost/a", "http://[::1]:9/a"] {
            assert!(is_on_this_machine(here), "{here}");
        }
        for other in ["https://127.0.0.1/a", "http://example.com/a", "http://10.0.0.1/a", "ftp://localhost", "/a", ""] {
            assert!(!is_on_this_machine(other), "{other}");
        }
    }
}
