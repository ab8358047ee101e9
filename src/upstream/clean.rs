//! Text from outside, made fit to be logged and shown.

use crate::secret::Secret;

/// The longest sentence that is kept of a venue's error, in characters.
pub(super) const MAX_MESSAGE_CHARS: usize = 512;
/// The longest name or id that is kept of a venue's error, in characters.
pub(super) const MAX_NAME_CHARS: usize = 128;

/// What stands where a secret stood.
const REMOVED: &str = "[secret]";

/// The text's first characters, with a space for each that cannot be printed.
pub(super) fn bounded(text: &str, max_chars: usize) -> String {
    text.chars().map(|c| if is_printable(c) { c } else { ' ' }).take(max_chars).collect()
}

/// The same after every secret is taken out: a venue's proxy may write our own token into its answer.
pub(super) fn bounded_without(text: &str, secrets: &[&Secret], max_chars: usize) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter_map(|secret| secret.expose_text()).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, REMOVED);
    }
    bounded(&text, max_chars)
}

/// Control characters break log lines; the invisible ones of bidirectional text make them lie.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_removed_before_the_text_is_cut() {
        let token = Secret::from_text("v2xtoken".to_owned());
        assert_eq!(bounded_without("bad token v2xtoken, v2xtoken", &[&token], 512), "bad token [secret], [secret]");
        assert_eq!(bounded_without("bad token v2xtoken", &[&token], 14), "bad token [sec");
    }

    #[test]
    fn what_cannot_be_printed_becomes_a_space() {
        assert_eq!(bounded("a\nb\u{1b}[31m\u{202e}c", 512), "a b [31m c");
        assert_eq!(bounded("ééé", 2), "éé");
    }
}
