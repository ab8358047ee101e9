//! Printing requests and answers for people.

use std::fmt::Debug;

use super::super::super::exit::say;

/// The most lines that are shown of one message.
const MAX_LINES: usize = 80;

/// Shows a request.
pub(super) fn request(rpc: &str, about: &str, message: &impl Debug) {
    say(&format!("\n== {rpc}: {about}"));
    show("->", message);
}

/// Shows an answer.
pub(super) fn answer(message: &impl Debug) {
    show("<-", message);
}

/// Fields that say nothing are left out, so that what is said can be seen.
fn show(arrow: &str, message: &impl Debug) {
    let text = format!("{message:#?}");
    let says_something = |line: &&str| {
        let empty = [": None,", ": [],", ": \"\",", ": 0,", ": false,", ": Unspecified,"];
        !empty.iter().any(|end| line.ends_with(end))
    };
    let lines: Vec<_> = text.lines().filter(says_something).collect();
    for line in lines.iter().take(MAX_LINES) {
        say(&format!("{arrow} {line}"));
    }
    if let Some(more) = lines.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
        say(&format!("{arrow} ... {more} lines more"));
    }
}
