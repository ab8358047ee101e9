//! Printing requests and answers for people.

use std::fmt::Debug;

use super::super::super::exit::say;

/// The most lines that are shown of one message.
const MAX_LINES: usize = 60;

/// Shows a request.
pub(super) fn request(rpc: &str, about: &str, message: &impl Debug) {
    say(&format!("\n== {rpc}: {about}"));
    show("->", message);
}

/// Shows an answer.
pub(super) fn answer(message: &impl Debug) {
    show("<-", message);
}

fn show(arrow: &str, message: &impl Debug) {
    let lines = readable(&format!("{message:#?}"));
    for line in lines.iter().take(MAX_LINES) {
        say(&format!("{arrow} {line}"));
    }
    if lines.len() > MAX_LINES {
        say(&format!("{arrow} ... {} lines more", lines.len() - MAX_LINES));
    }
}

/// What a message says, a field a line: fields that say nothing and the `Some` around those that do are left out.
fn readable(debug: &str) -> Vec<String> {
    let empty = [": None,", ": [],", ": \"\",", ": 0,", ": false,", ": Unspecified,"];
    let mut lines: Vec<String> = Vec::new();
    // Which of the open parentheses belong to a `Some`, whose contents move one level to the left.
    let mut open = Vec::new();
    let mut joins = false;
    for line in debug.lines().filter(|line| !empty.iter().any(|end| line.ends_with(end))) {
        let wrapped = open.iter().filter(|is_some| **is_some).count();
        if line.trim_start().starts_with(')') && open.pop() == Some(true) {
            continue;
        }
        let opens_some = line.ends_with("Some(");
        if line.ends_with('(') {
            open.push(opens_some);
        }
        let text = line.strip_suffix("Some(").unwrap_or(line);
        match lines.last_mut().filter(|_| joins) {
            Some(last) => last.push_str(text.trim_start()),
            None => lines.push(text.chars().skip((4 * wrapped).min(indent(text))).collect()),
        }
        joins = opens_some;
    }
    lines
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "only its Debug text is looked at")]
    struct Message {
        name: Option<&'static str>,
        nothing: Option<u8>,
        inner: Option<Inner>,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "only its Debug text is looked at")]
    struct Inner {
        count: u8,
        zero: u8,
    }

    #[test]
    fn what_is_said_is_shown_and_what_is_not_is_left_out() {
        let message = Message { name: Some("n"), nothing: None, inner: Some(Inner { count: 1, zero: 0 }) };
        let shown = readable(&format!("{message:#?}"));
        assert_eq!(shown, ["Message {", "    name: \"n\",", "    inner: Inner {", "        count: 1,", "    },", "}"]);
    }
}
