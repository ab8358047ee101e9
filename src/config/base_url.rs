//! Where a venue answers.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use thiserror::Error;

/// The longest base URL.
const MAX_URL_BYTES: usize = 2_048;

/// A venue's base URL without a slash at its end; paths are appended to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    is_plaintext: bool,
    is_loopback: bool,
}

/// Why a text is no base URL. The text is never repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BaseUrlError {
    /// No URL with a scheme and a host.
    #[error("must be a URL such as https://app.bitgo.com")]
    NotAUrl,
    /// Another scheme than http and https.
    #[error("must start with https:// (or http://, where plain text is allowed)")]
    Scheme,
    /// A user name or a password in the URL.
    #[error("must not carry a user name or a password")]
    Credentials,
    /// Something after the path.
    #[error("must not have a query or a fragment")]
    QueryOrFragment,
}

impl BaseUrl {
    /// Reads a base URL.
    ///
    /// # Errors
    /// [`BaseUrlError`] when the text is not one, or carries more than scheme, host, port and path.
    pub fn new(text: &str) -> Result<Self, BaseUrlError> {
        if text.contains(['?', '#']) {
            return Err(BaseUrlError::QueryOrFragment);
        }
        let (scheme, rest) = text.split_once("://").ok_or(BaseUrlError::NotAUrl)?;
        let is_plaintext = match scheme {
            "https" => false,
            "http" => true,
            _ => return Err(BaseUrlError::Scheme),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(BaseUrlError::Credentials);
        }
        let host = host_of(authority).ok_or(BaseUrlError::NotAUrl)?;
        if text.len() > MAX_URL_BYTES || !path.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BaseUrlError::NotAUrl);
        }
        Ok(Self { text: text.trim_end_matches('/').to_owned(), is_plaintext, is_loopback: is_loopback(host) })
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the venue is reached without TLS.
    #[must_use]
    pub fn is_plaintext(&self) -> bool {
        self.is_plaintext
    }

    /// Whether a credential sent there could be read on the way: no TLS, and not this machine.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        self.is_plaintext && !self.is_loopback
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The host of `host[:port]`, where an IPv6 address stands in brackets.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, after)) => {
            address.parse::<Ipv6Addr>().ok()?;
            (address, after.strip_prefix(':').or(after.is_empty().then_some("443"))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "443")),
    };
    let is_name = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    (is_name(host) && is_port).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_loses_the_slash_at_its_end() {
        assert_eq!(BaseUrl::new("https://app.bitgo.com/").unwrap().as_str(), "https://app.bitgo.com");
        assert_eq!(BaseUrl::new("https://host:8443/express").unwrap().as_str(), "https://host:8443/express");
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for (text, error) in [
            ("", BaseUrlError::NotAUrl),
            ("app.bitgo.com", BaseUrlError::NotAUrl),
            ("https://", BaseUrlError::NotAUrl),
            ("https://:443", BaseUrlError::NotAUrl),
            ("https://host:", BaseUrlError::NotAUrl),
            ("https://host:70000", BaseUrlError::NotAUrl),
            ("https://a b", BaseUrlError::NotAUrl),
            ("https://host/a b", BaseUrlError::NotAUrl),
            ("https://[::1", BaseUrlError::NotAUrl),
            ("https://[::1]x", BaseUrlError::NotAUrl),
            ("https://[host]", BaseUrlError::NotAUrl),
            ("/path", BaseUrlError::NotAUrl),
            ("ftp://host", BaseUrlError::Scheme),
            ("https://u:p@host", BaseUrlError::Credentials),
            ("https://host?key=1", BaseUrlError::QueryOrFragment),
            ("https://host#part", BaseUrlError::QueryOrFragment),
        ] {
            assert_eq!(BaseUrl::new(text), Err(error), "{text}");
        }
    }

    #[test]
    fn plain_text_to_another_machine_is_exposed() {
        for (text, exposed) in [
            ("http://app.bitgo.com", true),
            ("http://localhost.example.com", true),
            ("http://127.0.0.1.example.com", true),
            ("https://app.bitgo.com", false),
            ("http://127.0.0.1:3080", false),
            ("http://127.9.9.9", false),
            ("http://[::1]:3080", false),
            ("http://localhost:3080", false),
        ] {
            assert_eq!(BaseUrl::new(text).unwrap().is_exposed(), exposed, "{text}");
        }
    }
}
