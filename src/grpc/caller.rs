//! Who is calling: from what a peer proves to the grants of a configured caller.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::listener::PeerCertificate;
use crate::domain::policy::Grants;

/// A name by which a verified client certificate is recognised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateName {
    /// A DNS name among the subject's alternative names, compared without regard to case.
    Dns(String),
    /// A URI among the subject's alternative names, such as a SPIFFE id, compared exactly.
    Uri(String),
    /// The SHA-256 of the certificate's DER encoding: this certificate and no other.
    Sha256([u8; 32]),
}

/// What a caller must show.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallerProof {
    /// A bearer token with this SHA-256. The token itself is never configured.
    BearerSha256([u8; 32]),
    /// A client certificate that the listener has verified and that carries this name.
    Certificate(CertificateName),
}

impl fmt::Debug for CallerProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BearerSha256(_) => f.write_str("BearerSha256"),
            Self::Certificate(name) => f.debug_tuple("Certificate").field(name).finish(),
        }
    }
}

/// Two callers would be recognised by the same proof.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("caller {0} has the same proof as another caller")]
pub struct AmbiguousProof(String);

/// Every caller that this gateway knows.
#[derive(Debug, Clone)]
pub struct CallerDirectory(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Anonymous(Arc<Grants>),
    Known(Vec<(CallerProof, Arc<Grants>)>),
}

impl CallerDirectory {
    /// A directory of callers that prove themselves. A caller may have several proofs, each an entry.
    ///
    /// # Errors
    /// [`AmbiguousProof`] when one proof stands for two entries.
    pub fn new(callers: Vec<(CallerProof, Grants)>) -> Result<Self, AmbiguousProof> {
        let mut seen = BTreeSet::new();
        for (proof, grants) in &callers {
            if !seen.insert(proof) {
                return Err(AmbiguousProof(grants.caller.to_string()));
            }
        }
        let known = callers.into_iter().map(|(proof, grants)| (proof, Arc::new(grants))).collect();
        Ok(Self(Kind::Known(known)))
    }

    /// A directory that takes everybody for one caller: for a listener on loopback alone.
    #[must_use]
    pub fn anonymous(grants: Grants) -> Self {
        Self(Kind::Anonymous(Arc::new(grants)))
    }

    /// The grants of whoever shows this token or this certificate.
    ///
    /// A token that is shown decides alone: a wrong one is refused even beside a
    /// known certificate. Of a certificate with several configured names the
    /// first entry counts.
    #[must_use]
    pub fn recognise(&self, bearer: Option<&[u8]>, certificate: Option<&PeerCertificate>) -> Option<Arc<Grants>> {
        match (&self.0, bearer, certificate) {
            (Kind::Anonymous(grants), _, _) => Some(Arc::clone(grants)),
            (Kind::Known(known), Some(token), _) => by_token(known, token),
            (Kind::Known(known), None, Some(certificate)) => by_certificate(known, certificate),
            (Kind::Known(_), None, None) => None,
        }
    }
}

/// Compares the token's hash with every configured one, so that the time tells neither which matched nor how far.
fn by_token(known: &[(CallerProof, Arc<Grants>)], token: &[u8]) -> Option<Arc<Grants>> {
    let presented: [u8; 32] = Sha256::digest(token).into();
    let mut found = None;
    for (proof, grants) in known {
        if let CallerProof::BearerSha256(configured) = proof
            && bool::from(configured.ct_eq(&presented))
        {
            found = Some(Arc::clone(grants));
        }
    }
    found
}

fn by_certificate(known: &[(CallerProof, Arc<Grants>)], certificate: &PeerCertificate) -> Option<Arc<Grants>> {
    let (_, grants) = known.iter().find(|(proof, _)| match proof {
        CallerProof::Certificate(name) => certificate.has(name),
        CallerProof::BearerSha256(_) => false,
    })?;
    Some(Arc::clone(grants))
}
