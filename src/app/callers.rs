//! Who may call: the configuration's callers, as the listener recognises them.

use super::AppError;
use crate::config::{Caller, CallerAuth, CertificateIdentity};
use crate::grpc::{CallerDirectory, CallerProof, CertificateName};

/// The directory of callers.
pub(super) fn directory(callers: &[Caller]) -> Result<CallerDirectory, AppError> {
    let mut known = Vec::new();
    for caller in callers {
        match &caller.auth {
            CallerAuth::AnyoneOnLoopback => return Ok(CallerDirectory::anonymous(caller.grants.clone())),
            CallerAuth::Token(hashes) => {
                let proofs = hashes.iter().map(|hash| CallerProof::BearerSha256(*hash.as_bytes()));
                known.extend(proofs.map(|proof| (proof, caller.grants.clone())));
            }
            CallerAuth::Certificate(identity) => {
                known.push((CallerProof::Certificate(name(identity)), caller.grants.clone()));
            }
        }
    }
    Ok(CallerDirectory::new(known)?)
}

fn name(identity: &CertificateIdentity) -> CertificateName {
    match identity {
        CertificateIdentity::DnsName(name) => CertificateName::Dns(name.clone()),
        CertificateIdentity::Uri(uri) => CertificateName::Uri(uri.clone()),
        CertificateIdentity::Sha256Fingerprint(hash) => CertificateName::Sha256(*hash.as_bytes()),
    }
}
