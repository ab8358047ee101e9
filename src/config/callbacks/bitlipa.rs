//! `[callbacks.bitlipa]`: where Bitlipa tells that a payout was executed or failed.

use super::bitgo::enter;
use super::path::CallbackPath;
use crate::config::base_url::BaseUrl;
use crate::config::section::Section;

/// Where Bitlipa calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitlipaCallback {
    /// How Bitlipa reaches the listener; each quote's unguessable token is appended to it.
    pub public_url: BaseUrl,
    /// The path in front of the token, as it arrives here; it has no slash at its end and may be empty.
    pub path: String,
}

pub(super) fn read(section: &mut Section<'_>, has_bitlipa: bool, paths: &mut Vec<CallbackPath>) -> Option<BitlipaCallback> {
    if !has_bitlipa {
        section.mistake_here("has no meaning without [bitlipa]");
    }
    let public_url = section.required("public_url", BaseUrl::new);
    if public_url.as_ref().is_some_and(BaseUrl::is_exposed) {
        section.mistake("public_url", "must be https: the token in it is all that a callback proves");
    }
    let prefix = section.optional("path", |text| CallbackPath::new(text).map(|path| path.as_str().to_owned()));
    let prefix = prefix.unwrap_or_else(|| public_url.as_ref().map(path_of).unwrap_or_default());
    match CallbackPath::with_place(&prefix) {
        Ok(path) => enter(section, "path", &path, paths),
        Err(problem) => section.mistake("public_url", format_args!("its path {problem}")),
    }
    Some(BitlipaCallback { public_url: public_url?, path: prefix })
}

fn path_of(url: &BaseUrl) -> String {
    let rest = url.as_str().split_once("://").map_or("", |(_, rest)| rest);
    rest.find('/').map_or_else(String::new, |at| rest[at..].to_owned())
}
