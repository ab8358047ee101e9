//! Whom the adapters speak to: only those whose certificate they trust.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use settlement_gateway::domain::settlement::DispatchAnswer;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions};
use settlement_gateway::upstream::{BuildError, HttpOptions};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::server::{Reply, Seen, serve};
use super::support::{SETTLEMENT, options, post, settlement_of};

/// A venue with TLS: its port, its certificate (PEM) and what reaches it.
pub(super) async fn venue(name: &str) -> (u16, String, UnboundedReceiver<Seen>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, seen) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                let replies = Arc::new(Mutex::new(VecDeque::from([Reply::json(200, SETTLEMENT)])));
                tokio::spawn(serve(stream, replies, tell.clone()));
            }
        }
    });
    (port, cert.pem(), seen)
}

fn trusting(port: u16, pem: &str) -> BitGo {
    let http = HttpOptions { root_certificates_pem: Some(pem.as_bytes().to_vec()), ..HttpOptions::default() };
    BitGo::new(BitGoOptions { http, ..options(&format!("https://localhost:{port}")) }).unwrap()
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_configured() {
    let (port, pem, mut seen) = venue("localhost").await;
    assert_eq!(settlement_of(&post(&trusting(port, &pem)).await), Some((200, "1")));
    assert!(seen.recv().await.is_some());
}

#[tokio::test]
async fn a_stranger_and_a_wrong_name_see_no_byte_of_the_request() {
    let (_, other_pem, _) = venue("localhost").await;
    let (port, _, mut seen) = venue("localhost").await;
    let (wrong_port, wrong_pem, mut wrong_seen) = venue("elsewhere.example").await;
    for venue in [trusting(port, &other_pem), trusting(wrong_port, &wrong_pem)] {
        assert!(matches!(post(&venue).await, DispatchAnswer::NotSent { .. }));
    }
    assert!(seen.try_recv().is_err() && wrong_seen.try_recv().is_err());
}

#[test]
fn certificates_that_are_none_are_refused_at_start() {
    let http = HttpOptions {
        root_certificates_pem: Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec()),
        ..HttpOptions::default()
    };
    let built = BitGo::new(BitGoOptions { http, ..options("https://localhost:1") });
    assert!(matches!(built, Err(BuildError::RootCertificates(_) | BuildError::Client(_))));
}
