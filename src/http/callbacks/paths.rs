//! Whether a request's path is an endpoint's.

/// The most bytes of a segment that is read as a possible id.
const MAX_PLACE_BYTES: usize = 256;

/// What stands in the places of `pattern`, such as `/a/{id}`, when `path` is one of its paths.
pub(super) fn places<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let (mut expected, mut segments) = (pattern.split('/'), path.split('/'));
    let mut places = Vec::new();
    loop {
        match (expected.next(), segments.next()) {
            (None, None) => return Some(places),
            (Some(place), Some(segment)) if place.starts_with('{') => {
                if segment.is_empty() || segment.len() > MAX_PLACE_BYTES {
                    return None;
                }
                places.push(segment);
            }
            (Some(plain), Some(segment)) if plain == segment => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_segment_by_segment() {
        assert_eq!(places("/a/b", "/a/b"), Some(vec![]));
        assert_eq!(places("/a/{id}/c/{other}", "/a/1/c/2"), Some(vec!["1", "2"]));
        for path in ["/a", "/a/", "/a//c/2", "/a/1/c/2/", "/a/1/c/2/d", "a/1/c/2", "/A/1/c/2", ""] {
            assert_eq!(places("/a/{id}/c/{other}", path), None, "{path}");
        }
        assert_eq!(places("/{id}", &format!("/{}", "x".repeat(MAX_PLACE_BYTES + 1))), None);
    }
}
