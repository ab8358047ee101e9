//! Whether a token proves that a call is its venue's: RS256 with a configured key, fresh, and for one delivery.

use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use thiserror::Error;

use super::key::NamedKey;
use crate::domain::time::later;

/// The longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 8_192;
/// The longest `jti`.
const MAX_JTI_BYTES: usize = 512;

/// What is asked of a token beside its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRules {
    /// The `iss` that it must name; any where it is absent.
    pub issuer: Option<String>,
    /// The `aud` that it must name; any where it is absent.
    pub audience: Option<String>,
    /// The longest time between `iat` and `exp`.
    pub max_lifetime: Duration,
    /// How far the venue's clock may be from ours.
    pub clock_tolerance: Duration,
}

/// Why a token proves nothing. It is for the log: a caller is told none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    #[error("it is no token")]
    Malformed,
    #[error("its algorithm is not RS256, or its header asks for more than that")]
    Algorithm,
    #[error("no key of the venue has signed it")]
    Signature,
    #[error("its claims lack exp, iat or jti, or are of another kind")]
    Claims,
    #[error("it names another issuer or audience")]
    Parties,
    #[error("it lives longer than a token may")]
    Lifetime,
    #[error("it has expired")]
    Expired,
    #[error("it is from the future")]
    Early,
}

#[derive(Deserialize)]
struct Claims {
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    jti: String,
    iss: Option<String>,
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}

/// Verifies a token and answers its `jti`. Times are judged by `now`: the library would ask the machine.
pub(super) fn verify(token: &str, keys: &[NamedKey], rules: &TokenRules, now: Timestamp) -> Result<String, Refusal> {
    let claims = signed_claims(token, keys)?;
    if !(1..=MAX_JTI_BYTES).contains(&claims.jti.len()) {
        return Err(Refusal::Claims);
    }
    let names = |expected: &Option<String>, named: &dyn Fn(&str) -> bool| expected.as_deref().is_none_or(named);
    let is_from = |name: &str| claims.iss.as_deref() == Some(name);
    let is_for = |name: &str| claims.aud.as_ref().is_some_and(|audience| audience.has(name));
    if !names(&rules.issuer, &is_from) || !names(&rules.audience, &is_for) {
        return Err(Refusal::Parties);
    }
    hold_times(&claims, rules, now)?;
    Ok(claims.jti)
}

/// The claims, once one of the keys has signed them. What the header says of keys is never followed: a `kid` only chooses
/// among those that are configured.
fn signed_claims(token: &str, keys: &[NamedKey]) -> Result<Claims, Refusal> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Refusal::Malformed);
    }
    let header = decode_header(token).map_err(|_| Refusal::Malformed)?;
    if header.alg != Algorithm::RS256 || header.crit.is_some() {
        return Err(Refusal::Algorithm);
    }
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let is_meant = |key: &&NamedKey| match (&header.kid, &key.id) {
        (Some(named), Some(id)) => named == id,
        _ => true,
    };
    let signed = keys.iter().filter(is_meant).find_map(|key| decode::<serde_json::Value>(token, &key.key, &validation).ok());
    serde_json::from_value(signed.ok_or(Refusal::Signature)?.claims).map_err(|_| Refusal::Claims)
}

fn hold_times(claims: &Claims, rules: &TokenRules, now: Timestamp) -> Result<(), Refusal> {
    let instant = |seconds: i64| Timestamp::from_second(seconds).map_err(|_| Refusal::Claims);
    let (issued, expires) = (instant(claims.iat)?, instant(claims.exp)?);
    if expires > later(issued, rules.max_lifetime) {
        return Err(Refusal::Lifetime);
    }
    if now >= later(expires, rules.clock_tolerance) {
        return Err(Refusal::Expired);
    }
    let begins = issued.max(claims.nbf.map(instant).transpose()?.unwrap_or(issued));
    if begins > later(now, rules.clock_tolerance) {
        return Err(Refusal::Early);
    }
    Ok(())
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
