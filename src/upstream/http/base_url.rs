//! A venue's base URL, and the paths below it.

use reqwest::Url;

use super::{BuildError, CallError};

/// Where a venue is: scheme, host, port and, behind a proxy, the first part of the path.
#[derive(Debug, Clone)]
pub(in crate::upstream) struct BaseUrl(Url);

impl BaseUrl {
    /// Reads a base URL; `http` is taken only where plaintext is allowed.
    pub(in crate::upstream) fn new(text: &str, allow_plaintext: bool) -> Result<Self, BuildError> {
        let url = Url::parse(text).map_err(|_| BuildError::BaseUrl)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        match url.scheme() {
            "https" | "http" if !bare => Err(BuildError::BaseUrl),
            "https" => Ok(Self(url)),
            "http" if allow_plaintext => Ok(Self(url)),
            "http" => Err(BuildError::Plaintext),
            _ => Err(BuildError::BaseUrl),
        }
    }

    /// Whether the venue is reached with TLS.
    pub(super) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The URL of a path, given by its segments: each is percent-encoded, since ids are opaque.
    ///
    /// `.` and `..` would climb to another path, and no encoding keeps them from it: they are refused.
    pub(in crate::upstream) fn at(&self, segments: &[&str]) -> Result<Url, CallError> {
        let refused = || CallError::NotSent("an id cannot stand in a path".to_owned());
        if segments.iter().any(|segment| matches!(*segment, "." | "..")) {
            return Err(refused());
        }
        let mut url = self.0.clone();
        url.path_segments_mut().map_err(|()| refused())?.pop_if_empty().extend(segments);
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_encoded_and_cannot_change_the_path() {
        let base = BaseUrl::new("https://venue.example", false).unwrap();
        assert_eq!(base.at(&["api", "a/b?c#d%2e é"]).unwrap().as_str(), "https://venue.example/api/a%2Fb%3Fc%23d%252e%20%C3%A9");
        assert!(base.at(&["api", "..", "admin"]).is_err());
        assert!(base.at(&["api", "."]).is_err());
    }

    #[test]
    fn a_base_path_is_kept_with_and_without_its_slash() {
        for text in ["https://venue.example/bitgo", "https://venue.example/bitgo/"] {
            let url = BaseUrl::new(text, false).unwrap().at(&["api"]).unwrap();
            assert_eq!(url.as_str(), "https://venue.example/bitgo/api");
        }
    }

    #[test]
    fn plaintext_needs_permission() {
        assert!(matches!(BaseUrl::new("http://127.0.0.1:1", false), Err(BuildError::Plaintext)));
        assert!(BaseUrl::new("http://127.0.0.1:1", true).is_ok());
    }

    #[test]
    fn what_is_no_bare_http_url_is_refused() {
        for text in [
            "",
            "venue.example",
            "ftp://venue.example",
            "data:,x",
            "https://u:p@venue.example",
            "https://v.example?q",
            "https://v.example#f",
        ] {
            assert!(matches!(BaseUrl::new(text, true), Err(BuildError::BaseUrl)), "{text}");
        }
    }
}
