//! A running server, its certificates, and clients of it.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};
use settlement_gateway::domain::ids::CallerId;
use settlement_gateway::domain::policy::{Allowed, Grants};
use settlement_gateway::grpc::caller::{CallerDirectory, CallerProof};
use settlement_gateway::grpc::health::Health;
use settlement_gateway::grpc::listener::{ClientCertificates, ListenerSettings, Protocol, Tls, TlsFiles};
use settlement_gateway::grpc::server::{GrpcServer, ServerSettings};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};

/// The longest that a test waits for what must happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// HTTP/2's opening words.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// HTTP/2's first frame, without a setting.
pub(super) const EMPTY_SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A caller that may do nothing: being known is all that is tried here.
pub(super) fn grants(caller: &str) -> Grants {
    Grants {
        caller: CallerId::new(caller).unwrap(),
        rpcs: Allowed::Only(BTreeSet::new()),
        enterprises: Allowed::Only(BTreeSet::new()),
        merchants: Allowed::Only(BTreeSet::new()),
        keys: Allowed::Only(BTreeSet::new()),
        limits: [].into(),
        unlimited_currencies: false,
    }
}

pub(super) fn known(proof: CallerProof, caller: &str) -> CallerDirectory {
    CallerDirectory::new(vec![(proof, grants(caller))]).unwrap()
}

pub(super) fn listener() -> ListenerSettings {
    ListenerSettings::default()
}

pub(super) fn settings(listener: ListenerSettings) -> ServerSettings {
    ServerSettings { listener, ..ServerSettings::default() }
}

/// A running server.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) health: Health,
    pub(super) shutdown: CancellationToken,
    pub(super) ended: JoinHandle<()>,
}

impl Running {
    /// A server without TLS whose callers are all one.
    pub(super) async fn plain(settings: ServerSettings, more: Routes) -> Self {
        Self::start(settings, None, CallerDirectory::anonymous(grants("local")), more).await
    }

    pub(super) async fn start(settings: ServerSettings, tls: Option<Arc<Tls>>, directory: CallerDirectory, more: Routes) -> Self {
        let health = Health::new().await;
        health.started(true).await;
        let address = "127.0.0.1:0".parse().unwrap();
        let server = GrpcServer::bind(address, settings, tls, directory, health.add_to(more)).await.unwrap();
        let (address, shutdown) = (server.local_addr(), CancellationToken::new());
        let ended = tokio::spawn(server.serve(shutdown.clone()));
        Self { address, health, shutdown, ended }
    }

    pub(super) async fn channel(&self) -> Channel {
        Endpoint::new(format!("http://{}", self.address)).unwrap().connect().await.unwrap()
    }

    pub(super) async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// An authority and the files of a listener whose certificate it issued.
pub(crate) struct Pki {
    folder: TempDir,
    authority: Issuer<'static, KeyPair>,
    authority_pem: String,
}

/// A certificate and its key, in PEM.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Identity {
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }
}

impl Pki {
    /// A new authority with a certificate for `localhost` in its files.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority_pem = params.self_signed(&key).unwrap().pem();
        let pki = Self { folder: tempfile::tempdir().unwrap(), authority: Issuer::new(params, key), authority_pem };
        fs::write(pki.path("ca.pem"), &pki.authority_pem).unwrap();
        pki.install(&pki.server());
        pki
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn install(&self, identity: &Identity) {
        fs::write(self.path("tls.crt"), &identity.certificate).unwrap();
        fs::write(self.path("tls.key"), &identity.key).unwrap();
    }

    pub(crate) fn server(&self) -> Identity {
        self.issue(&[SanType::DnsName("localhost".try_into().unwrap())], ExtendedKeyUsagePurpose::ServerAuth)
    }

    pub(crate) fn client(&self, names: &[SanType]) -> Identity {
        self.issue(names, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, names: &[SanType], usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names.to_vec();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }

    pub(crate) fn tls(&self, clients: ClientCertificates) -> Arc<Tls> {
        let files = TlsFiles { certificate: self.path("tls.crt"), key: self.path("tls.key"), clients };
        Arc::new(Tls::open(files, Protocol::Http2).unwrap())
    }

    /// Opens a connection that trusts this authority and shows `identity`.
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        identity: Option<&Identity>,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority_pem.as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![identity.der()], key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let tcp = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), tcp).await
    }

    /// A gRPC channel over one such connection.
    pub(crate) async fn channel(&self, address: SocketAddr, identity: Option<&Identity>) -> Channel {
        let mut stream = Some(TokioIo::new(self.connect(address, identity).await.unwrap()));
        let connector = tower::service_fn(move |_: http::Uri| {
            let stream = stream.take().ok_or_else(|| std::io::Error::other("one connection is all there is"));
            async move { stream }
        });
        Endpoint::from_static("http://localhost").connect_with_connector(connector).await.unwrap()
    }
}
