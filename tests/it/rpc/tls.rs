//! The listener with TLS: tokens over it, and certificates in place of tokens.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use settlement_gateway::grpc::pb::ListKeysRequest;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request};
use tower::service_fn;

use super::known::{caller, of};
use crate::support::gateway::{GatewayUnderTest, Setup, V1_KEY};
use crate::support::told::{assert_told, refused};

/// An authority that signs both sides' certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate of a name, as PEM of both and as an identity.
    fn issue(&self, name: SanType) -> (String, String, Identity) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![name];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        (certificate.pem(), key.serialize_pem(), (certificate.der().clone(), secret))
    }

    fn client(&self, name: SanType) -> Identity {
        self.issue(name).2
    }

    fn pem(&self) -> String {
        self.0.pem()
    }
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn uri(name: &str) -> SanType {
    SanType::URI(name.try_into().unwrap())
}

/// Callers by token, by DNS name and by URI.
fn secured(setup: &mut Setup, authority: &Authority) {
    let (certificate, key, _) = authority.issue(dns("localhost"));
    setup.write_secret("server.pem", &certificate);
    setup.write_secret("server.key", &key);
    setup.write_secret("callers.pem", &authority.pem());
    setup.grpc = "[grpc.tls]\ncertificate_file = \"server.pem\"\nprivate_key_file = \"server.key\"\n\
                  client_ca_file = \"callers.pem\""
        .to_owned();
    let may = format!("rpcs = [\"SigningService/ListKeys\"]\nkeys = [\"{V1_KEY}\"]");
    let by = |id: &str, what: &str| format!("[[callers]]\nid = \"{id}\"\n{may}\n[callers.client_certificate]\n{what}\n");
    setup.callers = [
        caller("by-token", &may),
        by("by-dns", "dns_name = \"payouts.internal\""),
        by("by-uri", "uri = \"spiffe://example.org/payouts\""),
    ]
    .concat();
}

async fn connect(
    address: SocketAddr,
    authority: &Authority,
    identity: Option<Identity>,
) -> Result<Channel, tonic::transport::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots);
    let mut config = match identity {
        Some((certificate, key)) => config.with_client_auth_cert(vec![certificate], key).unwrap(),
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    let dial = move |_: Uri| {
        let connector = connector.clone();
        async move {
            let stream = TcpStream::connect(address).await?;
            let stream = connector.connect(ServerName::try_from("localhost").map_err(io::Error::other)?, stream).await?;
            Ok::<_, io::Error>(TokioIo::new(stream))
        }
    };
    Endpoint::from_static("http://localhost").connect_with_connector(service_fn(dial)).await
}

#[tokio::test]
async fn a_token_over_tls_and_a_known_certificate_prove_a_caller() {
    let authority = Authority::new();
    let gateway = GatewayUnderTest::start_with(|setup| secured(setup, &authority)).await;
    let address = gateway.app.grpc_address();
    let keys = |channel: Channel, request: Request<ListKeysRequest>| async move {
        SigningServiceClient::new(channel).list_keys(request).await
    };

    let channel = connect(address, &authority, None).await.unwrap();
    assert!(keys(channel.clone(), of("by-token", ListKeysRequest {})).await.is_ok());
    let told = refused(keys(channel, Request::new(ListKeysRequest {})).await);
    assert_told(&told, Code::Unauthenticated, "CALLER_UNKNOWN");

    for name in [dns("payouts.internal"), uri("spiffe://example.org/payouts")] {
        let channel = connect(address, &authority, Some(authority.client(name))).await.unwrap();
        let listed = keys(channel.clone(), Request::new(ListKeysRequest {})).await.unwrap().into_inner().keys;
        assert_eq!(listed.len(), 1, "one key is granted");
        let told = refused(keys(channel, of("wrong-token", ListKeysRequest {})).await);
        assert_told(&told, Code::Unauthenticated, "CALLER_UNKNOWN");
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_or_authority_proves_nobody() {
    let (authority, other) = (Authority::new(), Authority::new());
    let gateway = GatewayUnderTest::start_with(|setup| secured(setup, &authority)).await;
    let address = gateway.app.grpc_address();
    for name in [dns("payouts.internal.example"), dns("internal"), uri("spiffe://example.org/payouts/2")] {
        let channel = connect(address, &authority, Some(authority.client(name))).await.unwrap();
        let told = refused(SigningServiceClient::new(channel).list_keys(ListKeysRequest {}).await);
        assert_told(&told, Code::Unauthenticated, "CALLER_UNKNOWN");
    }
    let stranger = other.client(dns("payouts.internal"));
    let refused = match connect(address, &authority, Some(stranger)).await {
        Err(_) => true,
        Ok(channel) => SigningServiceClient::new(channel).list_keys(ListKeysRequest {}).await.is_err(),
    };
    assert!(refused, "a certificate of another authority was taken");
    assert!(connect(address, &other, None).await.is_err(), "a client of another authority trusts this server");
}

#[tokio::test]
async fn who_speaks_without_tls_is_not_heard() {
    let authority = Authority::new();
    let gateway = GatewayUnderTest::start_with(|setup| secured(setup, &authority)).await;
    let plain = Endpoint::from_shared(format!("http://{}", gateway.app.grpc_address())).unwrap().connect().await;
    let refused = match plain {
        Err(_) => true,
        Ok(channel) => SigningServiceClient::new(channel).list_keys(of("by-token", ListKeysRequest {})).await.is_err(),
    };
    assert!(refused, "a token was taken in the clear");
}
