//! `[callbacks.tls]`: the certificate that the venues see.

use std::path::PathBuf;

use crate::config::section::Section;
use crate::config::tls;

/// The files of the callbacks' TLS. They are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackTls {
    /// PEM: the server's certificate, followed by the chain to its authority.
    pub certificate_file: PathBuf,
    /// PEM: the certificate's private key. Its owner alone can reach the file.
    pub private_key_file: PathBuf,
}

impl CallbackTls {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let (certificate_file, private_key_file) = tls::identity(section)?;
        Some(Self { certificate_file, private_key_file })
    }
}
