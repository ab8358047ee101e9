//! The venues' calls inside TLS.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{Called, PATH, claims, endpoint, token};
use crate::support::gateway::within;

#[tokio::test]
async fn a_venue_calls_over_tls_and_who_speaks_none_gets_nothing() {
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = identity.cert.pem();
    let called = Called::start_with(|setup| {
        setup.write_secret("server.pem", &certificate);
        setup.write_secret("server.key", &identity.signing_key.serialize_pem());
        let tls = "[callbacks.tls]\ncertificate_file = \"server.pem\"\nprivate_key_file = \"server.key\"\n[[callbacks.bitgo]]";
        let section = endpoint(PATH, "public_key_file = \"venue.pem\"").replace("[[callbacks.bitgo]]", tls);
        setup.callbacks = section.replace("[callbacks]", "[callbacks]\nheader_timeout_ms = 300");
    })
    .await;
    let address = called.gateway.app.callbacks_address().unwrap();
    let trusted = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    let client =
        reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).timeout(Duration::from_secs(20)).build().unwrap();
    let url = format!("https://localhost:{}{PATH}", address.port());
    let response = client.post(url).header("X-BitGo-Signature", token(&claims("j-1"))).body("{}").send().await.unwrap();
    assert_eq!(response.status(), 202);

    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(format!("POST {PATH} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = within(plain.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    let mut silent = TcpStream::connect(address).await.unwrap();
    let _ = within(silent.read_to_end(&mut Vec::new())).await;
    assert_eq!(called.inbox().await.len(), 1);
}
