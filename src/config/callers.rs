//! `[[callers]]`: who may call, how they are known, and what each may do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::grants::{self, Existing};
use super::named::Named;
use super::section::Section;
use crate::domain::ids::CallerId;
use crate::domain::policy::Grants;

/// The most hashes of one caller: the token in use, its successor, and room for a slow change.
const MAX_TOKENS: usize = 8;
/// The longest name in a certificate that is compared.
const MAX_NAME_BYTES: usize = 1_024;

/// SHA-256 of something that identifies a caller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Hash([u8; 32]);

impl Sha256Hash {
    /// Takes the 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut bytes = [0; 32];
        match base16ct::mixed::decode(text, &mut bytes) {
            Ok(decoded) if decoded.len() == 32 => Ok(Self(bytes)),
            Ok(_) | Err(_) => Err("must be the 64 hexadecimal digits of a SHA-256 hash"),
        }
    }
}

impl fmt::Debug for Sha256Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

/// What in a client's certificate names the caller. The certificate comes from the configured authority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateIdentity {
    /// A DNS name among the subject's alternative names.
    DnsName(String),
    /// A URI among the subject's alternative names, such as a SPIFFE id.
    Uri(String),
    /// SHA-256 of the certificate's DER form: this certificate and no other.
    Sha256Fingerprint(Sha256Hash),
}

/// How a caller is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerAuth {
    /// A bearer token whose hash is one of these.
    Token(BTreeSet<Sha256Hash>),
    /// A client certificate.
    Certificate(CertificateIdentity),
    /// Not at all: anybody on this machine, where `grpc.unauthenticated_loopback` says so.
    AnyoneOnLoopback,
}

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// How it is known; no two callers are known by the same.
    pub auth: CallerAuth,
    /// What it may do.
    pub grants: Grants,
}

/// What callers depend on elsewhere in the configuration.
pub(super) struct Surroundings {
    /// Whether the listener asks for client certificates.
    pub(super) takes_certificates: bool,
    /// What can be granted.
    pub(super) existing: Existing,
}

pub(super) fn read_all(root: &mut Section<'_>, surroundings: &Surroundings) -> Vec<Caller> {
    let mut identities = Identities::default();
    Named::read(root, "callers", str::parse, |section, id| {
        let auth = read_auth(section, surroundings.takes_certificates);
        if let Some(auth) = &auth {
            identities.claim(section, auth);
        }
        // Without an id the grants are read for their mistakes.
        let caller = id.or_else(|| CallerId::new("unnamed").ok())?;
        let grants = grants::read(section, caller, &surroundings.existing);
        Some(Caller { auth: auth?, grants })
    })
    .into_values()
}

/// The caller that stands for everybody on this machine.
pub(super) fn anyone_on_loopback() -> Option<Caller> {
    let caller = CallerId::new("loopback").ok()?;
    Some(Caller { auth: CallerAuth::AnyoneOnLoopback, grants: grants::everything(caller) })
}

fn read_auth(section: &mut Section<'_>, takes_certificates: bool) -> Option<CallerAuth> {
    let (has_token, has_certificate) = (section.has("token_sha256"), section.has("client_certificate"));
    if has_token == has_certificate {
        section.mistake_here("must have exactly one of token_sha256 and client_certificate");
    }
    if has_certificate && !takes_certificates {
        section.mistake("client_certificate", "needs grpc.tls.client_ca_file, the authority that it comes from");
    }
    let hashes = if has_token { section.full_list("token_sha256", Sha256Hash::parse) } else { skipped(section) };
    let certificate = section.optional_section("client_certificate", read_certificate);
    if hashes.len() > MAX_TOKENS {
        section.mistake("token_sha256", format_args!("must have at most {MAX_TOKENS} entries"));
    }
    match certificate {
        Some(identity) => Some(CallerAuth::Certificate(identity)),
        None if hashes.is_empty() => None,
        None => Some(CallerAuth::Token(hashes.into_iter().collect())),
    }
}

fn skipped(section: &mut Section<'_>) -> Vec<Sha256Hash> {
    section.skip("token_sha256");
    Vec::new()
}

fn read_certificate(section: &mut Section<'_>) -> Option<CertificateIdentity> {
    let found: Vec<CertificateIdentity> = [
        section.optional("dns_name", parse_name).map(|name| CertificateIdentity::DnsName(name.to_ascii_lowercase())),
        section.optional("uri", parse_name).map(CertificateIdentity::Uri),
        section.optional("sha256_fingerprint", Sha256Hash::parse).map(CertificateIdentity::Sha256Fingerprint),
    ]
    .into_iter()
    .flatten()
    .collect();
    if found.len() != 1 {
        section.mistake_here("must have exactly one of dns_name, uri and sha256_fingerprint");
    }
    found.into_iter().next()
}

/// A certificate's names are compared exactly; a pattern would grant more than it shows.
fn parse_name(text: &str) -> Result<String, &'static str> {
    if (1..=MAX_NAME_BYTES).contains(&text.len()) && !text.contains('*') && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("must be a name of at most 1024 bytes without *")
    }
}

/// What callers are known by so far: one token or certificate means one caller.
#[derive(Default)]
struct Identities {
    tokens: BTreeMap<Sha256Hash, String>,
    certificates: BTreeMap<CertificateIdentity, String>,
}

impl Identities {
    fn claim(&mut self, section: &Section<'_>, auth: &CallerAuth) {
        let path = section.path().to_owned();
        let (key, other) = match auth {
            CallerAuth::Token(hashes) => {
                let others: Vec<String> = hashes.iter().filter_map(|hash| self.tokens.insert(*hash, path.clone())).collect();
                ("token_sha256", others.into_iter().next())
            }
            CallerAuth::Certificate(identity) => ("client_certificate", self.certificates.insert(identity.clone(), path)),
            CallerAuth::AnyoneOnLoopback => return,
        };
        if let Some(other) = other {
            section.mistake(key, format_args!("stands for {other} too: one caller each"));
        }
    }
}
