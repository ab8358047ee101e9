//! Calls that leave through a proxy.

use settlement_gateway::domain::settlement::DispatchAnswer;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions};
use settlement_gateway::upstream::{BuildError, HttpOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::support::{options, post, settlement_of};
use super::tls::venue;

/// A proxy that answers each CONNECT with a status, and tunnels where that is 200; and the heads of the requests to it.
async fn proxy(status: u16) -> (String, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, heads) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.split(' ').nth(1).unwrap().to_owned();
            tell.send(head).unwrap();
            stream.write_all(format!("HTTP/1.1 {status} Whatever\r\n\r\n").as_bytes()).await.unwrap();
            if status == 200 {
                let mut venue = TcpStream::connect(target).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut stream, &mut venue).await });
            }
        }
    });
    (url, heads)
}

fn through(proxy_url: &str, port: u16, pem: &str) -> Result<BitGo, BuildError> {
    let http = HttpOptions {
        root_certificates_pem: Some(pem.as_bytes().to_vec()),
        proxy_url: Some(proxy_url.to_owned()),
        ..HttpOptions::default()
    };
    BitGo::new(BitGoOptions { http, ..options(&format!("https://localhost:{port}")) })
}

#[tokio::test]
async fn a_proxy_carries_calls_and_sees_nothing_of_them_but_where_they_go() {
    let (port, pem, mut seen) = venue("localhost").await;
    let (url, mut heads) = proxy(200).await;
    assert_eq!(settlement_of(&post(&through(&url, port, &pem).unwrap()).await), Some((200, "1")));
    assert!(seen.recv().await.unwrap().line().starts_with("POST /api/network/"));
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")), "{head}");
    assert!(!head.to_lowercase().contains("authorization") && !head.contains("v2x"), "{head}");
    assert!(heads.try_recv().is_err());
}

#[tokio::test]
async fn what_a_proxy_refuses_or_is_not_there_for_was_not_sent() {
    let (port, pem, mut seen) = venue("localhost").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for url in [proxy(407).await.0, proxy(502).await.0, gone] {
        let answer = post(&through(&url, port, &pem).unwrap()).await;
        assert!(matches!(answer, DispatchAnswer::NotSent { .. }), "{answer:?}");
    }
    assert!(seen.try_recv().is_err());
}

#[test]
fn a_proxy_that_is_no_url_is_refused_at_start() {
    assert!(matches!(through("http://", 1, ""), Err(BuildError::Proxy(_) | BuildError::RootCertificates(_))));
}
