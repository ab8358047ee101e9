//! `[[callbacks.bitgo]]`: a path that BitGo calls when a settlement's amounts are final, and the key that it signs with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::path::CallbackPath;
use crate::config::section::{Bounds, Section};
use crate::config::tls;
use crate::domain::ids::EnterpriseId;

const MAX_TOKEN_LIFETIME_MS: Bounds = Bounds { default: 60_000, min: 1_000, max: 600_000 };
const CLOCK_TOLERANCE_MS: Bounds = Bounds { default: 10_000, min: 0, max: 60_000 };
const ANSWER_STATUS: Bounds = Bounds { default: 200, min: 200, max: 299 };
const MAX_ANSWER_BYTES: usize = 4_096;
const MAX_CLAIM_BYTES: usize = 1_024;

/// One path that BitGo calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitGoCallback {
    /// The path; what stands in its places is read as possible ids of settlements.
    pub path: CallbackPath,
    /// Whose settlements its calls are about; never empty.
    pub enterprises: Vec<EnterpriseId>,
    /// What BitGo signs with.
    pub key: CallbackKey,
    /// The `iss` that tokens must name; any where it is absent.
    pub issuer: Option<String>,
    /// The `aud` that tokens must name; any where it is absent.
    pub audience: Option<String>,
    /// The longest time between `iat` and `exp`.
    pub max_token_lifetime: Duration,
    /// How far the venue's clock may be from ours.
    pub clock_tolerance: Duration,
    /// The status of the answer to what is stored.
    pub answer_status: u16,
    /// The body of that answer.
    pub answer_body: String,
}

/// Where the public key stands that BitGo's tokens are verified with. The file is read again when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallbackKey {
    /// PEM: one RSA public key.
    Pem(PathBuf),
    /// A JSON Web Key Set.
    Jwks(PathBuf),
}

/// Reads all of them, and enters their paths.
pub(super) fn read_all(
    section: &mut Section<'_>,
    enterprises: &BTreeMap<EnterpriseId, bool>,
    paths: &mut Vec<CallbackPath>,
) -> Vec<BitGoCallback> {
    let mut callbacks = Vec::new();
    section.sections("bitgo", |section| callbacks.extend(read(section, enterprises, paths)));
    callbacks
}

fn read(section: &mut Section<'_>, known: &BTreeMap<EnterpriseId, bool>, paths: &mut Vec<CallbackPath>) -> Option<BitGoCallback> {
    let path = section.required("path", CallbackPath::new);
    if let Some(path) = &path {
        enter(section, "path", path, paths);
    }
    let enterprises = section.full_list("enterprises", |text| {
        let id = text.parse::<EnterpriseId>().map_err(|error| error.to_string())?;
        match known.get(&id) {
            Some(true) => Ok(id),
            Some(false) => Err("names an enterprise that does not settle".to_owned()),
            None => Err("names no enterprise of [[enterprises]]".to_owned()),
        }
    });
    let key = read_key(section);
    let callback = BitGoCallback {
        issuer: section.optional("issuer", claim),
        audience: section.optional("audience", claim),
        max_token_lifetime: section.duration_ms("max_token_lifetime_ms", MAX_TOKEN_LIFETIME_MS),
        clock_tolerance: section.duration_ms("clock_tolerance_ms", CLOCK_TOLERANCE_MS),
        answer_status: u16::try_from(section.number("answer_status", ANSWER_STATUS)).unwrap_or(200),
        answer_body: section.optional("answer_body", answer).unwrap_or_else(|| "{}".to_owned()),
        path: path?,
        enterprises,
        key: key?,
    };
    Some(callback)
}

/// Notes a path, and a mistake where a request could mean another as well.
pub(super) fn enter(section: &Section<'_>, key: &str, path: &CallbackPath, paths: &mut Vec<CallbackPath>) {
    if let Some(other) = paths.iter().find(|other| other.overlaps(path)) {
        section.mistake(key, format_args!("cannot be told from {other}"));
    }
    paths.push(path.clone());
}

fn read_key(section: &mut Section<'_>) -> Option<CallbackKey> {
    let pem = tls::public_file(section, "public_key_file", is_public_key).map(CallbackKey::Pem);
    let jwks = tls::public_file(section, "jwks_file", |text| text.trim_ascii_start().starts_with(b"{")).map(CallbackKey::Jwks);
    match (pem, jwks) {
        (Some(_), Some(_)) => {
            section.mistake("jwks_file", "stands beside public_key_file: keep one of the two");
            None
        }
        (None, None) => {
            section.mistake_here("needs public_key_file or jwks_file");
            None
        }
        (pem, jwks) => pem.or(jwks),
    }
}

fn is_public_key(pem: &[u8]) -> bool {
    const LABEL: &[u8] = b"PUBLIC KEY-----";
    pem.windows(LABEL.len()).any(|window| window == LABEL)
}

fn claim(text: &str) -> Result<String, &'static str> {
    let is_good = !text.is_empty() && text.len() <= MAX_CLAIM_BYTES;
    if is_good { Ok(text.to_owned()) } else { Err("must be the claim's text") }
}

fn answer(text: &str) -> Result<String, String> {
    if text.len() <= MAX_ANSWER_BYTES {
        Ok(text.to_owned())
    } else {
        Err(format!("must be at most {MAX_ANSWER_BYTES} bytes long"))
    }
}
