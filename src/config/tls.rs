//! `[grpc.tls]`: the certificate that the gRPC listener shows, and the authority that callers' certificates come from.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::section::Section;
use super::sources;
use crate::causes::with_causes;
use crate::files::FileError;
use crate::secret::Secret;

/// The files of the gRPC listener's TLS. They are read again when they change, so paths are kept and not contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM: the server's certificate, followed by the chain to its authority.
    pub certificate_file: PathBuf,
    /// PEM: the certificate's private key. Its owner alone can reach the file.
    pub private_key_file: PathBuf,
    /// PEM: the authorities that callers' certificates must come from; without it callers show none.
    pub client_ca_file: Option<PathBuf>,
}

impl Tls {
    /// Reads the private key's PEM text as it is now.
    ///
    /// # Errors
    /// [`FileError`] when the file cannot be read, or when others could read it.
    pub fn read_private_key(&self) -> Result<Secret, FileError> {
        sources::read_secret(&self.private_key_file)
    }

    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let client_ca_file = certificates(section, "client_ca_file", false);
        let (certificate_file, private_key_file) = identity(section)?;
        Some(Self { certificate_file, private_key_file, client_ca_file })
    }
}

/// The certificate and the private key that a listener shows; both can be read now.
pub(super) fn identity(section: &mut Section<'_>) -> Option<(PathBuf, PathBuf)> {
    const KEY: &str = "private_key_file";
    let certificate_file = certificates(section, "certificate_file", true);
    let private_key_file = section.required_path(KEY);
    let (certificate_file, private_key_file) = (certificate_file?, private_key_file?);
    match sources::read_secret(&private_key_file) {
        Ok(pem) if holds_private_key(&pem) => {}
        Ok(_) => section.mistake(KEY, format_args!("{} has no PEM private key", private_key_file.display())),
        Err(error) => section.mistake(KEY, refused(&private_key_file, &error)),
    }
    Some((certificate_file, private_key_file))
}

/// A file without secrets that can be read now and looks like what it should hold; it may be absent.
pub(super) fn public_file(section: &mut Section<'_>, key: &'static str, holds: impl FnOnce(&[u8]) -> bool) -> Option<PathBuf> {
    let path = section.optional_path(key)?;
    match sources::read_public(&path) {
        Ok(content) if holds(&content) => {}
        Ok(_) => section.mistake(key, format_args!("{} does not hold what it should", path.display())),
        Err(error) => section.mistake(key, refused(&path, &error)),
    }
    Some(path)
}

/// Reads a PEM file of certificates, such as [`Tls::certificate_file`] or a venue's `ca_file`.
///
/// # Errors
/// [`FileError`] when the file cannot be read.
pub fn read_certificates(path: &Path) -> Result<Vec<u8>, FileError> {
    sources::read_public(path)
}

/// A file of PEM certificates that can be read now.
pub(super) fn certificates(section: &mut Section<'_>, key: &'static str, is_required: bool) -> Option<PathBuf> {
    let path = if is_required { section.required_path(key) } else { section.optional_path(key) }?;
    match read_certificates(&path) {
        Ok(pem) if are_certificates(&pem) => {}
        Ok(_) => section.mistake(key, format_args!("{} is not PEM with at least one certificate", path.display())),
        Err(error) => section.mistake(key, refused(&path, &error)),
    }
    Some(path)
}

fn refused(path: &Path, error: &FileError) -> String {
    format!("{} is refused: {}", path.display(), with_causes(error))
}

fn are_certificates(pem: &[u8]) -> bool {
    let mut certificates = CertificateDer::pem_slice_iter(pem).peekable();
    certificates.peek().is_some() && certificates.all(|certificate| certificate.is_ok())
}

/// Looks for the label only: reading the key would leave a copy of it in memory.
fn holds_private_key(pem: &Secret) -> bool {
    const LABEL: &[u8] = b"PRIVATE KEY-----";
    pem.expose().windows(LABEL.len()).any(|window| window == LABEL)
}
