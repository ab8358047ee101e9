//! JavaScript's `unescape`, which the older format applies to its associated data.

/// Replaces `%XX` and `%uXXXX` by the UTF-16 unit that they name and keeps all
/// else; `None` when the units are no text, which JavaScript refuses to encode too.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((unit, after)) = escape(rest) {
            units.push(unit);
            rest = after;
        } else {
            units.extend_from_slice(first.encode_utf16(&mut [0; 2]));
            rest = rest.split_at(first.len_utf8()).1;
        }
    }
    String::from_utf16(&units).ok()
}

/// The unit of the escape that the text begins with, and what follows it.
fn escape(text: &str) -> Option<(u16, &str)> {
    let (digits, after) = match text.strip_prefix("%u") {
        Some(long) => long.split_at_checked(4)?,
        None => text.strip_prefix('%')?.split_at_checked(2)?,
    };
    let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten().map(|unit| (unit, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_become_the_units_that_they_name() {
        assert_eq!(unescape("wallet%20id%3a%E9%u20AC").unwrap(), "wallet id:é€");
        assert_eq!(unescape("%uD83D%uDD11").unwrap(), "🔑");
    }

    #[test]
    fn what_is_no_escape_stays_as_it_is() {
        for text in ["", "plain", "%", "%2", "%zz", "%u12", "%u12zz", "100%é", "%+1", "%u+123"] {
            assert_eq!(unescape(text).unwrap(), text);
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        assert_eq!(unescape("%uD83D"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[%uU0-9a-fA-F£é🔑]{0,24}") {
            let _ = unescape(&text);
        }
    }
}
