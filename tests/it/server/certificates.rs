//! The listener's certificate and those that it asks of its clients.

use std::fs;

use rcgen::SanType;
use settlement_gateway::grpc::caller::CallerDirectory;
use settlement_gateway::grpc::listener::{ClientCertificates, Protocol, Reload, Tls, TlsError, TlsFiles};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tonic::service::Routes;

use super::support::{EMPTY_SETTINGS, Identity, PATIENCE, PREFACE, Pki, Running, grants, listener, settings};

async fn shown(pki: &Pki, server: &Running) -> CertificateDer<'static> {
    let stream = pki.connect(server.address, None).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

#[tokio::test]
async fn a_new_certificate_is_shown_and_garbage_leaves_the_last_good_one() {
    let pki = Pki::new();
    let tls = pki.tls(ClientCertificates::Ignored);
    let directory = CallerDirectory::anonymous(grants("local"));
    let server = Running::start(settings(listener()), Some(tls.clone()), directory, Routes::default()).await;
    assert_eq!(tls.reload().unwrap(), Reload::Unchanged);

    let second = pki.server();
    pki.install(&second);
    assert_eq!(tls.reload().unwrap(), Reload::Replaced);
    assert_eq!(shown(&pki, &server).await, second.der());

    fs::write(pki.path("tls.crt"), "garbage").unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Pem { what: "certificate", .. })));
    assert_eq!(tls.reload().unwrap(), Reload::Unchanged, "the same garbage is told once");
    assert_eq!(shown(&pki, &server).await, second.der());

    fs::remove_file(pki.path("tls.key")).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Read { .. })));
    assert_eq!(shown(&pki, &server).await, second.der());
}

#[tokio::test]
async fn a_certificate_that_arrives_before_its_key_waits_for_it() {
    let pki = Pki::new();
    let tls = pki.tls(ClientCertificates::Ignored);
    let directory = CallerDirectory::anonymous(grants("local"));
    let server = Running::start(settings(listener()), Some(tls.clone()), directory, Routes::default()).await;
    let first = shown(&pki, &server).await;

    let second = pki.server();
    fs::write(pki.path("tls.crt"), &second.certificate).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Unusable(_))));
    assert_eq!(shown(&pki, &server).await, first);

    fs::write(pki.path("tls.key"), &second.key).unwrap();
    assert_eq!(tls.reload().unwrap(), Reload::Replaced);
    assert_eq!(shown(&pki, &server).await, second.der());
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let pki = Pki::new();
    fs::write(pki.path("tls.crt"), vec![b'x'; 1024 * 1024 + 1]).unwrap();
    let files = TlsFiles { certificate: pki.path("tls.crt"), key: pki.path("tls.key"), clients: ClientCertificates::Ignored };
    assert!(matches!(Tls::open(files, Protocol::Http2), Err(TlsError::TooLarge(_))));
}

/// Whether the server speaks HTTP/2 with a peer of this identity. In TLS 1.3 its refusal comes after the handshake.
async fn admitted(pki: &Pki, server: &Running, identity: Option<&Identity>) -> bool {
    let Ok(mut stream) = pki.connect(server.address, identity).await else {
        return false;
    };
    let greeted = stream.write_all(&[PREFACE, EMPTY_SETTINGS].concat()).await.is_ok();
    greeted && timeout(PATIENCE, stream.read_u8()).await.unwrap().is_ok()
}

async fn demanding(pki: &Pki, clients: ClientCertificates) -> Running {
    let directory = CallerDirectory::anonymous(grants("local"));
    Running::start(settings(listener()), Some(pki.tls(clients)), directory, Routes::default()).await
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_in_the_handshake() {
    let (pki, stranger) = (Pki::new(), Pki::new());
    let name = [SanType::DnsName("desk.example.org".try_into().unwrap())];
    let (ours, theirs) = (pki.client(&name), stranger.client(&name));
    let required = demanding(&pki, ClientCertificates::Required { authorities: pki.path("ca.pem") }).await;
    assert!(!admitted(&pki, &required, Some(&theirs)).await);
    assert!(!admitted(&pki, &required, None).await);
    assert!(admitted(&pki, &required, Some(&ours)).await);
    let optional = demanding(&pki, ClientCertificates::Optional { authorities: pki.path("ca.pem") }).await;
    assert!(!admitted(&pki, &optional, Some(&theirs)).await);
    assert!(admitted(&pki, &optional, None).await);
}
