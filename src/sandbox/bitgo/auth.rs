//! Who is calling: a bare token, or requests and answers signed with it.

use axum::http::HeaderValue;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::sandbox::config::{SandboxAuth, SandboxEnterprise};
use crate::sandbox::desk::Desk;
use crate::sandbox::exchange::{Answer, Asked};

use super::refusal::Refusal;

/// How far a signed request's time may lie from ours, either way.
const TOLERANCE_MS: i64 = 5 * 60 * 1000;

/// The two versions of signed requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Two,
    Three,
}

impl Version {
    fn of(asked: &Asked) -> Result<Option<Self>, Refusal> {
        match asked.header("bitgo-auth-version") {
            "" => Ok(None),
            "2.0" => Ok(Some(Self::Two)),
            "3.0" => Ok(Some(Self::Three)),
            _ => Err(Refusal::unauthorized("unknown authentication version")),
        }
    }

    /// What a request's HMAC is taken over.
    fn request_subject(self, method: &str, timestamp: &str, target: &str, body: &[u8]) -> Vec<u8> {
        let target = target.strip_suffix('?').unwrap_or(target);
        let head = match self {
            Self::Two => format!("{timestamp}|{target}|"),
            Self::Three => format!("{}|{timestamp}|3.0|{target}|", method.to_uppercase()),
        };
        [head.as_bytes(), body].concat()
    }

    /// What an answer's HMAC is taken over.
    fn answer_subject(self, method: &str, timestamp: &str, target: &str, status: u16, body: &[u8]) -> Vec<u8> {
        let target = target.strip_suffix('?').unwrap_or(target);
        let head = match self {
            Self::Two => format!("{timestamp}|{target}|{status}|"),
            Self::Three => format!("{}|{timestamp}|{target}|{status}|", method.to_uppercase()),
        };
        [head.as_bytes(), body].concat()
    }
}

/// Holds a request against an enterprise's credential.
///
/// # Errors
/// 401 where the token, the HMAC, the time or the kind of authentication is wrong.
pub(crate) fn authenticate(enterprise: &SandboxEnterprise, asked: &Asked, now_ms: i64) -> Result<(), Refusal> {
    let token = enterprise.token.expose();
    match (Version::of(asked)?, enterprise.auth) {
        (None, SandboxAuth::Bearer | SandboxAuth::Any) => bearer(asked, token),
        (Some(Version::Two), SandboxAuth::HmacV2 | SandboxAuth::Any) => signed(Version::Two, asked, token, now_ms),
        (Some(Version::Three), SandboxAuth::HmacV3 | SandboxAuth::Any) => signed(Version::Three, asked, token, now_ms),
        _ => Err(Refusal::unauthorized("this token is not accepted with this kind of authentication")),
    }
}

fn bearer(asked: &Asked, token: &[u8]) -> Result<(), Refusal> {
    let given = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    // Digests are compared, so that the comparison's time says nothing about the token.
    if Sha256::digest(given) == Sha256::digest(token) { Ok(()) } else { Err(Refusal::unauthorized("unauthorized")) }
}

fn signed(version: Version, asked: &Asked, token: &[u8], now_ms: i64) -> Result<(), Refusal> {
    if asked.header("authorization") != hashed_bearer(token) {
        return Err(Refusal::unauthorized("unauthorized"));
    }
    let timestamp = asked.header("auth-timestamp");
    let fresh = timestamp.parse::<i64>().is_ok_and(|at| at.abs_diff(now_ms) <= TOLERANCE_MS.unsigned_abs());
    if !fresh {
        return Err(Refusal::unauthorized("the request's time is too far from the server's"));
    }
    let subject = version.request_subject(asked.method.as_str(), timestamp, asked.target(), &asked.body);
    let verified = mac(token, &subject)
        .zip(base16ct::mixed::decode_vec(asked.header("hmac")).ok())
        .is_some_and(|(mac, given)| mac.verify_slice(&given).is_ok());
    if verified { Ok(()) } else { Err(Refusal::unauthorized("the request's HMAC does not verify")) }
}

/// Adds the headers by which a caller of signed requests verifies the answer.
pub(crate) fn sign_answer(desk: &Desk, asked: &Asked, answer: &mut Answer) {
    let Ok(Some(version)) = Version::of(asked) else { return };
    let caller = desk.enterprises().iter().find(|one| asked.header("authorization") == hashed_bearer(one.token.expose()));
    let Some(caller) = caller else { return };
    let timestamp = desk.unmoved_ms().to_string();
    let subject = version.answer_subject(asked.method.as_str(), &timestamp, asked.target(), answer.status.as_u16(), &answer.body);
    let hex = mac(caller.token.expose(), &subject).map(|mac| base16ct::lower::encode_string(&mac.finalize().into_bytes()));
    if let Some(value) = hex.and_then(|text| HeaderValue::from_str(&text).ok()) {
        answer.headers.insert("hmac", value);
    }
    if let Ok(value) = HeaderValue::from_str(&timestamp) {
        answer.headers.insert("timestamp", value);
    }
}

fn hashed_bearer(token: &[u8]) -> String {
    format!("Bearer {}", base16ct::lower::encode_string(&Sha256::digest(token)))
}

fn mac(token: &[u8], subject: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(token).ok()?;
    mac.update(subject);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../tests/golden/bitgo_hmac.json")).unwrap()
    }

    fn hex(token: &str, subject: &[u8]) -> String {
        base16ct::lower::encode_string(&mac(token.as_bytes(), subject).unwrap().finalize().into_bytes())
    }

    #[test]
    fn the_hashed_token_is_bitgos() {
        let vectors = vectors();
        let token = vectors["token"].as_str().unwrap();
        assert_eq!(hashed_bearer(token.as_bytes()), vectors["authorization_header"].as_str().unwrap());
    }

    #[test]
    fn all_ten_request_and_answer_hmacs_are_bitgos() {
        let vectors = vectors();
        let token = vectors["token"].as_str().unwrap();
        let list = vectors["vectors"].as_array().unwrap();
        assert_eq!(list.len(), 10);
        for vector in list {
            let version = if vector["auth_version"] == 2 { Version::Two } else { Version::Three };
            let method = vector["method"].as_str().unwrap().replace("del", "delete");
            let target = vector["url"].as_str().unwrap().trim_start_matches("https://app.bitgo.com");
            let timestamp = vector["timestamp_ms"].to_string();
            let body = vector["body"].as_str().unwrap().as_bytes();
            let request = version.request_subject(&method, &timestamp, target, body);
            assert_eq!(hex(token, &request), vector["request_hmac"].as_str().unwrap());
            let status = u16::try_from(vector["response_status"].as_u64().unwrap()).unwrap();
            let answer_body = vector["response_body"].as_str().unwrap().as_bytes();
            let answer = version.answer_subject(&method, &timestamp, target, status, answer_body);
            assert_eq!(hex(token, &answer), vector["response_hmac"].as_str().unwrap());
        }
    }
}
