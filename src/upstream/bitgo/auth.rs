//! How a request says whose it is, and how an answer proves that it is BitGo's.
//!
//! A bare bearer token travels with every request. With request signing only
//! its hash does, and the token itself keys an HMAC over the request; answers
//! then carry an HMAC of their own.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use sha2::{Digest, Sha256};

use crate::secret::Secret;
use crate::upstream::header::{plain, sensitive, unusable};
use crate::upstream::http::{CallError, Response};

/// How old a signed answer of version 3 may be.
const MAX_ANSWER_AGE: SignedDuration = SignedDuration::from_mins(5);
/// How far in the future a signed answer of version 3 may lie.
const MAX_ANSWER_LEAD: SignedDuration = SignedDuration::from_mins(1);
/// The length of the older tokens that can sign, in characters.
const LONG_TOKEN_CHARS: usize = 67;

/// How requests to BitGo are authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestAuth {
    /// `Authorization: Bearer <token>`.
    Bearer,
    /// Signed requests and answers, version 2.
    HmacV2,
    /// Signed requests and answers, version 3, which covers the method and bounds an answer's age.
    HmacV3,
}

impl RequestAuth {
    /// Whether this token can be used so: only two kinds of token can sign.
    pub(super) fn suits(self, token: &Secret) -> bool {
        self == Self::Bearer || token.expose().starts_with(b"v2x") || token.expose().len() == LONG_TOKEN_CHARS
    }
}

/// One request and its answer, as far as authentication sees them.
pub(super) struct Exchange {
    auth: RequestAuth,
    token: Arc<Secret>,
    method: Method,
    target: String,
}

impl Exchange {
    /// An exchange that is about to begin, with the token as it is now.
    pub(super) fn new(auth: RequestAuth, token: Arc<Secret>, method: Method, url: &Url) -> Self {
        let target = match url.query() {
            Some(query) if !query.is_empty() => format!("{}?{query}", url.path()),
            _ => url.path().to_owned(),
        };
        Self { auth, token, method, target }
    }

    /// The token that this exchange uses.
    pub(super) fn token(&self) -> &Secret {
        &self.token
    }

    /// The request's headers.
    pub(super) fn headers(&self, body: &[u8], now: Timestamp) -> Result<Vec<(HeaderName, HeaderValue)>, CallError> {
        let version = match self.auth {
            RequestAuth::Bearer => return Ok(vec![(AUTHORIZATION, bearer(self.token.expose())?)]),
            RequestAuth::HmacV2 => "2.0",
            RequestAuth::HmacV3 => "3.0",
        };
        let milliseconds = now.as_millisecond().to_string();
        let mac = self.mac(&[self.request_subject(&milliseconds).as_bytes(), body]).ok_or_else(unusable)?;
        let token_hash = base16ct::lower::encode_string(&Sha256::digest(self.token.expose()));
        Ok(vec![
            (AUTHORIZATION, bearer(token_hash.as_bytes())?),
            (HeaderName::from_static("bitgo-auth-version"), HeaderValue::from_static(version)),
            (HeaderName::from_static("auth-timestamp"), plain(&milliseconds)?),
            (HeaderName::from_static("hmac"), plain(&base16ct::lower::encode_string(&mac.finalize().into_bytes()))?),
        ])
    }

    /// Whether the answer is BitGo's: always for bearer tokens, for which TLS alone vouches.
    pub(super) fn vouches_for(&self, response: &Response, now: Timestamp) -> bool {
        if self.auth == RequestAuth::Bearer {
            return true;
        }
        let (Some(timestamp), Some(mac)) = (response.header("timestamp"), response.header("hmac")) else {
            return false;
        };
        self.verifies(timestamp, response.status, &response.body, mac)
            && (self.auth == RequestAuth::HmacV2 || is_fresh(timestamp, now))
    }

    fn verifies(&self, timestamp: &str, status: u16, body: &[u8], expected_hex: &str) -> bool {
        let Ok(expected) = base16ct::mixed::decode_vec(expected_hex) else {
            return false;
        };
        let mac = self.mac(&[self.answer_subject(timestamp, status).as_bytes(), body]);
        mac.is_some_and(|mac| mac.verify_slice(&expected).is_ok())
    }

    fn request_subject(&self, milliseconds: &str) -> String {
        match self.auth {
            RequestAuth::HmacV3 => format!("{}|{milliseconds}|3.0|{}|", self.method, self.target),
            RequestAuth::Bearer | RequestAuth::HmacV2 => format!("{milliseconds}|{}|", self.target),
        }
    }

    fn answer_subject(&self, timestamp: &str, status: u16) -> String {
        match self.auth {
            RequestAuth::HmacV3 => format!("{}|{timestamp}|{}|{status}|", self.method, self.target),
            RequestAuth::Bearer | RequestAuth::HmacV2 => format!("{timestamp}|{}|{status}|", self.target),
        }
    }

    /// `None` never comes: an HMAC takes a key of any length.
    fn mac(&self, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.token.expose()).ok()?;
        parts.iter().for_each(|part| mac.update(part));
        Some(mac)
    }
}

fn is_fresh(timestamp: &str, now: Timestamp) -> bool {
    let at = timestamp.parse().ok().and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    at.map(|at| now.duration_since(at)).is_some_and(|age| age <= MAX_ANSWER_AGE && age >= -MAX_ANSWER_LEAD)
}

fn bearer(token: &[u8]) -> Result<HeaderValue, CallError> {
    sensitive(Secret::new([b"Bearer ", token].concat()).expose())
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
