//! What a call to Bitlipa is called in metrics and traces: by its method and its path without the id.

use reqwest::{Method, Url};

/// The name of a call. A path that is nobody's here has none of its own, so that no path ever becomes a label.
pub(super) fn operation(method: &Method, url: &Url) -> &'static str {
    let segments: Vec<&str> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let writes = *method == Method::POST;
    match segments.as_slice() {
        [.., "settlements"] if writes => "bitlipa.create_quote",
        [.., "settlements", "confirm"] if writes => "bitlipa.confirm_quote",
        [.., "settlements", "cancel"] if writes => "bitlipa.cancel_quote",
        [.., "settlements", _] => "bitlipa.read_quote",
        _ => "bitlipa.other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_by_what_it_does_and_never_by_an_id() {
        let named = |method: &str, below: &str| {
            let url = Url::parse(&format!("https://venue.example/api/v1/{below}")).unwrap();
            operation(&method.parse().unwrap(), &url)
        };
        for (method, below, name) in [
            ("POST", "settlements", "bitlipa.create_quote"),
            ("GET", "settlements/tx-1", "bitlipa.read_quote"),
            ("GET", "settlements/confirm", "bitlipa.read_quote"),
            ("POST", "settlements/confirm", "bitlipa.confirm_quote"),
            ("POST", "settlements/cancel", "bitlipa.cancel_quote"),
            ("GET", "elsewhere", "bitlipa.other"),
        ] {
            assert_eq!(named(method, below), name, "{method} {below}");
        }
    }
}
