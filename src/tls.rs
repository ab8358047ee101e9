//! TLS from files that may be replaced at any time.
//!
//! New connections use what the files last held that could be used; garbage, or
//! a certificate that arrived before its key, changes nothing but the log.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use metrics::counter;
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoClientAuth, VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use zeroize::Zeroizing;

/// The most bytes of one file.
const MAX_PEM_BYTES: u64 = 1024 * 1024;

/// Whether clients show certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not asked for.
    Ignored,
    /// A client may show one; one that does not verify is refused.
    Optional {
        /// The authorities, in PEM, that issue them.
        authorities: PathBuf,
    },
    /// A client without one that verifies is refused.
    Required {
        /// The authorities, in PEM, that issue them.
        authorities: PathBuf,
    },
}

impl ClientCertificates {
    fn authorities(&self) -> Option<&Path> {
        match self {
            Self::Ignored => None,
            Self::Optional { authorities } | Self::Required { authorities } => Some(authorities),
        }
    }
}

/// What a listener speaks inside TLS, and agrees on with its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

impl Protocol {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// Where the listener's identity lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and its chain, in PEM.
    pub certificate: PathBuf,
    /// The certificate's private key, in PEM.
    pub key: PathBuf,
    /// What is asked of clients.
    pub clients: ClientCertificates,
}

/// Why the files cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file is larger than a mebibyte.
    #[error("{} is larger than {MAX_PEM_BYTES} bytes", .0.display())]
    TooLarge(PathBuf),
    /// A file does not hold what it should, in PEM.
    #[error("{} holds no {what} in PEM", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The certificate and the key do not belong together, or are of a kind that is not taken.
    #[error("the certificate and its key cannot be used")]
    Unusable(#[source] rustls::Error),
    /// The clients' authorities cannot be used.
    #[error("the clients' authorities cannot be used")]
    Authorities(#[source] VerifierBuilderError),
}

/// What a look at the files came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// They hold what they held at the last look, good or bad.
    Unchanged,
    /// They changed and are in use.
    Replaced,
}

/// The listener's TLS: what new connections use, and the files behind it.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    protocol: Protocol,
    current: ArcSwap<ServerConfig>,
    last_look: ArcSwap<[u8; 32]>,
}

impl Tls {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// [`TlsError`]: at the start nothing less than a usable identity will do.
    pub fn open(files: TlsFiles, protocol: Protocol) -> Result<Self, TlsError> {
        let texts = Texts::read(&files)?;
        let current = ArcSwap::from_pointee(texts.configure(&files, protocol)?);
        Ok(Self { files, protocol, current, last_look: ArcSwap::from_pointee(texts.digest()) })
    }

    /// What the next connection uses.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Looks at the files and takes what they hold if it can be used.
    ///
    /// The content decides and not the time of the change, which is too coarse
    /// and does not follow the links that Kubernetes swaps.
    ///
    /// # Errors
    /// [`TlsError`] once for each content that cannot be used; the last good one stays in use.
    pub fn reload(&self) -> Result<Reload, TlsError> {
        let texts = Texts::read(&self.files)?;
        let digest = texts.digest();
        if **self.last_look.load() == digest {
            return Ok(Reload::Unchanged);
        }
        self.last_look.store(Arc::new(digest));
        self.current.store(Arc::new(texts.configure(&self.files, self.protocol)?));
        Ok(Reload::Replaced)
    }

    /// Looks at the files every `interval` until `shutdown`.
    pub async fn watch(self: Arc<Self>, interval: Duration, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
            let tls = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || tls.reload()).await {
                Ok(Ok(Reload::Unchanged)) => {}
                Ok(Ok(Reload::Replaced)) => report_replaced(),
                Ok(Err(error)) => report_kept(&error),
                Err(_) => warn!("the look at the certificate's files failed"),
            }
        }
    }
}

fn report_replaced() {
    counter!("settlement_gateway_certificate_reloads_total", "result" => "replaced").increment(1);
    info!("the listener's certificate was replaced");
}

fn report_kept(error: &TlsError) {
    counter!("settlement_gateway_certificate_reloads_total", "result" => "kept").increment(1);
    warn!(%error, cause = ?std::error::Error::source(error), "the new certificate cannot be used; the last good one stays");
}

/// The files' contents.
struct Texts {
    certificate: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
    authorities: Option<Zeroizing<Vec<u8>>>,
}

impl Texts {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let authorities = files.clients.authorities().map(read_bounded).transpose()?;
        Ok(Self { certificate: read_bounded(&files.certificate)?, key: read_bounded(&files.key)?, authorities })
    }

    fn digest(&self) -> [u8; 32] {
        let empty = Zeroizing::default();
        let parts = [&self.certificate, &self.key, self.authorities.as_ref().unwrap_or(&empty)];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(Sha256::digest(part.as_slice()));
        }
        hash.finalize().into()
    }

    fn configure(&self, files: &TlsFiles, protocol: Protocol) -> Result<ServerConfig, TlsError> {
        let chain = certificates(&files.certificate, &self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| TlsError::Pem { path: files.key.clone(), what: "private key" })?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(TlsError::Unusable)?
            .with_client_cert_verifier(self.verifier(files)?)
            .with_single_cert(chain, key)
            .map_err(TlsError::Unusable)?;
        config.alpn_protocols = vec![protocol.name().to_vec()];
        Ok(config)
    }

    fn verifier(&self, files: &TlsFiles) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let (Some(path), Some(text)) = (files.clients.authorities(), &self.authorities) else {
            return Ok(Arc::new(NoClientAuth));
        };
        let mut roots = RootCertStore::empty();
        for authority in certificates(path, text)? {
            roots.add(authority).map_err(TlsError::Unusable)?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let builder = match files.clients {
            ClientCertificates::Required { .. } => builder,
            ClientCertificates::Optional { .. } | ClientCertificates::Ignored => builder.allow_unauthenticated(),
        };
        let verifier: Arc<dyn ClientCertVerifier> = builder.build().map_err(TlsError::Authorities)?;
        Ok(verifier)
    }
}

fn read_bounded(path: impl AsRef<Path>) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let path = path.as_ref();
    let unreadable = |source| TlsError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = Zeroizing::new(Vec::new());
    let read = file.take(MAX_PEM_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    if read as u64 > MAX_PEM_BYTES {
        return Err(TlsError::TooLarge(path.to_owned()));
    }
    Ok(text)
}

fn certificates(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let none = || TlsError::Pem { path: path.to_owned(), what: "certificate" };
    let found: Vec<_> = CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(|_| none())?;
    if found.is_empty() { Err(none()) } else { Ok(found) }
}
