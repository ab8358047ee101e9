//! What is known of the peer behind a connection.

use std::net::SocketAddr;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::grpc::caller::CertificateName;

/// The peer behind a connection; it stands in every request's extensions.
#[derive(Debug, Clone)]
pub struct PeerInfo {
    /// Where the peer connects from.
    pub address: SocketAddr,
    /// The client certificate, which the handshake has verified, where the peer showed one.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// The names of a verified client certificate.
///
/// The subject's common name is not among them: it has no defined form and is
/// long deprecated as an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    dns_names: Vec<String>,
    uris: Vec<String>,
    sha256: [u8; 32],
}

impl PeerCertificate {
    /// Reads the names of the certificate that the peer holds the key of; names that cannot be read are absent.
    #[must_use]
    pub fn read(certificate: &CertificateDer<'_>) -> Self {
        let sha256 = Sha256::digest(certificate.as_ref()).into();
        let (mut dns_names, mut uris) = (Vec::new(), Vec::new());
        if let Ok(parsed) = EndEntityCert::try_from(certificate) {
            dns_names.extend(parsed.valid_dns_names().map(str::to_ascii_lowercase));
            uris.extend(parsed.valid_uri_names().map(str::to_owned));
        }
        Self { dns_names, uris, sha256 }
    }

    /// Whether the certificate carries this name. A wildcard stands for itself only.
    #[must_use]
    pub fn has(&self, name: &CertificateName) -> bool {
        match name {
            CertificateName::Dns(dns) => self.dns_names.iter().any(|own| own.eq_ignore_ascii_case(dns)),
            CertificateName::Uri(uri) => self.uris.contains(uri),
            CertificateName::Sha256(sha256) => &self.sha256 == sha256,
        }
    }
}
