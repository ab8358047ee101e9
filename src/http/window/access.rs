//! Who may look through the window.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The longest header that is looked at; a token with a name before it is far shorter.
const MAX_HEADER_BYTES: usize = 8 * 1024;
/// What a browser is asked with.
const CHALLENGE: &str = "Basic realm=\"settlement-gateway\", charset=\"UTF-8\"";

/// Who may look through the window; clones share it.
#[derive(Clone)]
pub struct WindowAccess(Arc<Access>);

enum Access {
    ThisMachine,
    /// The hash of the token.
    Token([u8; 32]),
}

/// Who may not, and what they are told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The request names another host than this machine: a page elsewhere may have made a browser here send it.
    AnotherHost,
    /// There is no token, or another one.
    NoToken,
}

impl WindowAccess {
    /// Everybody on this machine, for a listener that is reachable from nowhere else.
    ///
    /// A browser here may still be made to ask by a page elsewhere whose name was turned to a loopback address, so the
    /// request must name this machine too.
    #[must_use]
    pub fn this_machine() -> Self {
        Self(Arc::new(Access::ThisMachine))
    }

    /// Whoever has the token.
    #[must_use]
    pub fn token(token: &Secret) -> Self {
        Self(Arc::new(Access::Token(Sha256::digest(token.expose()).into())))
    }

    pub(super) fn admits(&self, headers: &HeaderMap) -> Result<(), Refused> {
        match self.0.as_ref() {
            Access::ThisMachine if names_this_machine(headers) => Ok(()),
            Access::ThisMachine => Err(Refused::AnotherHost),
            Access::Token(hash) => {
                let given = shown(headers).map(|token| Sha256::digest(token.as_slice()));
                let fits = given.is_some_and(|given| bool::from(given.as_slice().ct_eq(hash)));
                if fits { Ok(()) } else { Err(Refused::NoToken) }
            }
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::AnotherHost => {
                (StatusCode::FORBIDDEN, "the window is for this machine: name it as localhost or by its loopback address\n")
                    .into_response()
            }
            Self::NoToken => (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, CHALLENGE)], "the window's token is the password\n")
                .into_response(),
        }
    }
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else { return false };
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The token that a request shows: as a bearer, or as the password under any name.
fn shown(headers: &HeaderMap) -> Option<Zeroizing<Vec<u8>>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    if value.len() > MAX_HEADER_BYTES {
        return None;
    }
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Zeroizing::new(rest.as_bytes().to_vec()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(Base64::decode_vec(rest).ok()?);
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    decoded.get(colon + 1..).map(|password| Zeroizing::new(password.to_vec()))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn with(entries: &[(HeaderName, &str)]) -> HeaderMap {
        entries.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn on_this_machine_the_request_must_name_it() {
        let asked = |host: &str| WindowAccess::this_machine().admits(&with(&[(HOST, host)]));
        for host in ["localhost", "localhost:9464", "LOCALHOST:1", "127.0.0.1:9464", "127.9.9.9", "[::1]:9464", "[::1]"] {
            assert_eq!(asked(host), Ok(()), "{host}");
        }
        for host in ["rebound.example", "rebound.example:9464", "192.0.2.1:9464", "127.0.0.1.example", "[2001:db8::1]:1", ""] {
            assert_eq!(asked(host), Err(Refused::AnotherHost), "{host}");
        }
        assert_eq!(WindowAccess::this_machine().admits(&HeaderMap::new()), Err(Refused::AnotherHost));
    }

    #[test]
    fn a_token_opens_it_as_a_bearer_or_as_a_password_and_nothing_else_does() {
        let access = WindowAccess::token(&Secret::from_text(TOKEN.to_owned()));
        let asked = |value: &str| access.admits(&with(&[(AUTHORIZATION, value)]));
        let basic = |text: &str| format!("Basic {}", Base64::encode_string(text.as_bytes()));
        for good in [format!("Bearer {TOKEN}"), basic(&format!("anybody:{TOKEN}")), basic(&format!(":{TOKEN}"))] {
            assert_eq!(asked(&good), Ok(()), "{good}");
        }
        let wrong = [
            format!("Bearer {TOKEN}x"),
            "Bearer ".to_owned(),
            TOKEN.to_owned(),
            basic(TOKEN),
            basic(&format!("{TOKEN}:")),
            "Basic !!".to_owned(),
            format!("Digest {TOKEN}"),
        ];
        for bad in wrong {
            assert_eq!(asked(&bad), Err(Refused::NoToken), "{bad}");
        }
        // Naming this machine is no token, and two headers are none either.
        assert_eq!(access.admits(&with(&[(HOST, "localhost")])), Err(Refused::NoToken));
        let mut twice = with(&[(AUTHORIZATION, &format!("Bearer {TOKEN}"))]);
        twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert_eq!(access.admits(&twice), Err(Refused::NoToken));
    }
}
