//! The path that a venue calls.

use std::fmt;

use thiserror::Error;

const MAX_PATH_BYTES: usize = 512;

/// A path of fixed segments and of places such as `{id}`, which each stand for any one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackPath(String);

/// Why a text is no such path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CallbackPathError {
    /// It is not a path, or holds what a path cannot.
    #[error("must be a path such as /bitgo/v1/settlements/finalize")]
    NotAPath,
    /// A segment is neither plain nor a place.
    #[error("a segment must be plain, or a place such as {{id}}")]
    Segment,
}

impl CallbackPath {
    /// Reads a path.
    ///
    /// # Errors
    /// [`CallbackPathError`] when it is none.
    pub fn new(text: &str) -> Result<Self, CallbackPathError> {
        let rest = text.strip_prefix('/').ok_or(CallbackPathError::NotAPath)?;
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~{}".contains(&b);
        if text.len() > MAX_PATH_BYTES || !rest.bytes().all(|b| b == b'/' || is_plain(b)) {
            return Err(CallbackPathError::NotAPath);
        }
        if !rest.split('/').all(is_segment) {
            return Err(CallbackPathError::Segment);
        }
        Ok(Self(text.to_owned()))
    }

    /// The path with one more place at its end.
    pub(super) fn with_place(prefix: &str) -> Result<Self, CallbackPathError> {
        Self::new(&format!("{prefix}/{{place}}"))
    }

    /// The path as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether one request's path could be both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let (mine, others) = (self.0.split('/'), other.0.split('/'));
        mine.clone().count() == others.clone().count() && mine.zip(others).all(|(a, b)| a == b || is_place(a) || is_place(b))
    }
}

impl fmt::Display for CallbackPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_place(segment: &str) -> bool {
    segment.starts_with('{')
}

fn is_segment(segment: &str) -> bool {
    let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(segment);
    !name.is_empty() && name != "." && name != ".." && !name.contains(['{', '}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> CallbackPath {
        CallbackPath::new(text).unwrap()
    }

    #[test]
    fn a_path_has_plain_segments_and_places() {
        for good in ["/a", "/bitgo/v1/settlements/{id}/finalize", "/{x}"] {
            assert_eq!(path(good).as_str(), good);
        }
        for bad in ["", "a", "/", "//", "/a/", "/a b", "/a?b", "/%2e", "/..", "/{}", "/{a", "/a}", "/x{a}", "/{*rest}", "/{{a}}"]
        {
            assert!(CallbackPath::new(bad).is_err(), "{bad}");
        }
        assert_eq!(CallbackPath::new(&format!("/{}", "a".repeat(MAX_PATH_BYTES))), Err(CallbackPathError::NotAPath));
    }

    #[test]
    fn paths_that_one_request_could_both_mean_overlap() {
        for (a, b) in [("/a", "/a"), ("/a/{x}", "/a/b"), ("/{x}/b", "/a/{y}")] {
            assert!(path(a).overlaps(&path(b)) && path(b).overlaps(&path(a)), "{a} {b}");
        }
        for (a, b) in [("/a", "/b"), ("/a", "/a/{x}"), ("/a/{x}", "/b/{x}")] {
            assert!(!path(a).overlaps(&path(b)), "{a} {b}");
        }
    }
}
