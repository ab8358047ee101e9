//! How a command tells its outcome: lines and tables for people, JSON for programs.

use std::fmt::Write;

use clap::ValueEnum;

/// For whom the outcome is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum OutputFormat {
    /// Lines and tables for people.
    #[default]
    Text,
    /// One JSON object for programs.
    Json,
}

/// The most characters of one cell: what is longer is cut, and `--output json` has it whole.
const MAX_CELL_CHARS: usize = 64;

/// Rows under a head, in columns as wide as what stands in them. There is no space at the end of a line.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    let cell = |text: &String| shortened(&printable(text));
    let lines: Vec<Vec<String>> = std::iter::once(&head).chain(rows).map(|row| row.iter().map(cell).collect()).collect();
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|column| width(column).unwrap_or_default()).collect();
    let joined = |line: &Vec<String>| {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(joined).collect()
}

/// Names and what they have, one a line; those that have nothing are left out.
pub(super) fn pairs(entries: &[(&str, String)]) -> Vec<String> {
    let told: Vec<_> = entries.iter().filter(|(_, text)| !text.is_empty()).collect();
    let width = told.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    told.iter().map(|(name, text)| format!("{name:width$}  {}", printable(text))).collect()
}

/// Text of somebody else, as a terminal may be shown it: nothing moves the cursor, changes colours or turns the direction of
/// what follows.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_direction(character) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Unicode's marks that reorder text, so that it reads as something else than it is.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MAX_CELL_CHARS {
        return text.to_owned();
    }
    text.chars().take(MAX_CELL_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let lines = table(&["ID", "STATE"], &[row(&["day-1", "PENDING"]), row(&["x", ""])]);
        assert_eq!(lines, ["ID     STATE", "day-1  PENDING", "x"]);
    }

    #[test]
    fn a_long_cell_is_cut_and_shows_that_it_was() {
        let lines = table(&["ID"], &[row(&[&"é".repeat(MAX_CELL_CHARS + 1)])]);
        assert_eq!(lines[1].chars().count(), MAX_CELL_CHARS);
        assert!(lines[1].ends_with('…'));
    }

    #[test]
    fn what_a_caller_named_cannot_speak_to_the_terminal() {
        let lines = table(&["ID"], &[row(&["day\u{1b}[31m\n1\u{202e}2"])]);
        assert_eq!(lines[1], "day\\u{1b}[31m\\u{a}1\\u{202e}2");
    }

    #[test]
    fn what_is_empty_is_left_out_of_pairs() {
        let lines = pairs(&[("state", "PENDING".to_owned()), ("notes", String::new()), ("a", "b".to_owned())]);
        assert_eq!(lines, ["state  PENDING", "a      b"]);
    }
}
