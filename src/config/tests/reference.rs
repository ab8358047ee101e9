//! `docs/configuration.md` is written from the example and from what the code says of wrong values.
//!
//! `BLESS=1 cargo test --lib reference` writes it anew.

use std::fmt::Write;

use super::example::{EXAMPLE, example_folder};
use super::*;

const MARK: &str = "<!-- What follows is written by a test from config/gateway.example.toml and from the code. -->\n";
/// Of a wrong type for every key.
const A_DATE: &str = "1979-05-27";
/// A text that hardly any key takes.
const NO_VALUE: &str = "\"\"";

/// A key as the example shows it.
struct Entry {
    section: String,
    key: String,
    /// The example's line.
    line: usize,
    about: String,
}

/// A section as the example introduces it.
struct Shown {
    header: String,
    about: String,
    entries: Vec<Entry>,
}

fn is_rule(line: &str) -> bool {
    line.starts_with("# ---")
}

/// The key of a line, also of one behind a `#`: an alternative to the one before it.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")?;
    let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    is_key.then_some(key)
}

/// Every section with every key, in the example's order; a key that comes twice is told where it is explained.
fn shown() -> Vec<Shown> {
    let mut sections: Vec<Shown> = Vec::new();
    let mut about = String::new();
    for (at, line) in EXAMPLE.lines().enumerate() {
        if line.starts_with('[') {
            let header = line.to_owned();
            if !sections.iter().any(|section| section.header == header) {
                sections.push(Shown { header, about: std::mem::take(&mut about), entries: Vec::new() });
            } else {
                let at = sections.iter().position(|section| section.header == header).unwrap();
                let again = sections.remove(at);
                sections.push(again);
            }
        } else if let (Some(key), Some(section)) = (key_of(line), sections.last_mut()) {
            let entry = Entry {
                section: section.header.clone(),
                key: key.to_owned(),
                line: at,
                about: std::mem::take(&mut about).trim().to_owned(),
            };
            match section.entries.iter_mut().find(|known| known.key == key) {
                None => section.entries.push(entry),
                Some(known) if known.about.is_empty() => *known = entry,
                Some(_) => {}
            }
        } else if let Some(words) = line.strip_prefix("# ").filter(|_| !is_rule(line)) {
            about.push_str(words);
            about.push(' ');
        } else {
            about.clear();
        }
    }
    sections
}

/// What is said of the key when another value stands in its line.
fn said_of(entry: &Entry, value: &str) -> Vec<String> {
    let replaced =
        |(at, line): (usize, &str)| if at == entry.line { format!("{} = {value}", entry.key) } else { line.to_owned() };
    let text: Vec<String> = EXAMPLE.lines().enumerate().map(replaced).collect();
    let folder = example_folder();
    let Err(errors) = folder.load(&text.join("\n")) else { return Vec::new() };
    let here = |path: &str| path.ends_with(&format!(".{}", entry.key));
    let problems = errors.mistakes().iter().filter(|mistake| here(&mistake.path)).map(|mistake| mistake.problem.clone());
    let place = folder.path().display().to_string();
    problems.filter(|problem| !problem.contains("stands beside") && !problem.contains(&place)).collect()
}

/// What the code says that a value must be.
fn limits(entry: &Entry) -> String {
    let kind = said_of(entry, A_DATE).into_iter().next().unwrap_or_default();
    let kind = match kind.strip_prefix("must be ").unwrap_or(&kind) {
        "text" => "text".to_owned(),
        "a list" => "list of texts".to_owned(),
        "a section" => "section".to_owned(),
        other => other.to_owned(),
    };
    if kind != "text" {
        return kind;
    }
    match said_of(entry, NO_VALUE).into_iter().find(|problem| problem.starts_with("must ")) {
        Some(problem) if entry.key.ends_with("_file") || entry.key.ends_with("_folder") || problem == "must not be empty" => {
            "path".to_owned()
        }
        Some(problem) => format!("text; {problem}"),
        None => kind,
    }
}

fn unit(key: &str) -> &'static str {
    let units = [("_ms", "ms"), ("_bytes", "bytes"), ("_days", "days"), ("_per_minute", "calls a minute")];
    units.into_iter().find(|(end, _)| key.ends_with(end)).map_or("", |(_, unit)| unit)
}

/// The example says `Default: VALUE` and often why.
fn default(about: &str) -> String {
    if about.starts_with("Required") {
        return "required".to_owned();
    }
    let Some((_, rest)) = about.split_once("Default: ").or_else(|| about.split_once("Default ")) else { return String::new() };
    let end = [", ", "; ", ": "].iter().filter_map(|mark| rest.find(mark)).chain([rest.find(". ").unwrap_or(rest.len())]).min();
    let value = rest[..end.unwrap_or(rest.len())].trim().trim_end_matches('.');
    value.trim_matches('"').to_owned()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn written() -> String {
    let mut text = String::new();
    for section in shown() {
        write!(text, "\n## `{}`\n", section.header).unwrap();
        if !section.about.trim().is_empty() {
            write!(text, "\n{}\n", section.about.trim()).unwrap();
        }
        text.push_str("\n| key | value | unit | default | what it is, and why |\n|---|---|---|---|---|\n");
        for entry in &section.entries {
            let limits = limits(entry);
            assert!(!limits.is_empty(), "{}.{}: a date is taken", entry.section, entry.key);
            let about = if entry.about.is_empty() { "As the one before it." } else { &entry.about };
            let (key, unit, default) = (&entry.key, unit(&entry.key), default(&entry.about));
            writeln!(text, "| `{key}` | {} | {unit} | {} | {} |", cell(&limits), cell(&default), cell(about)).unwrap();
        }
    }
    text
}

#[test]
fn the_document_says_what_the_example_and_the_code_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let text = fs::read_to_string(&path).unwrap();
    let (head, found) = text.split_once(MARK).unwrap();
    let expected = written();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{head}{MARK}{expected}")).unwrap();
    } else {
        assert!(found == expected, "docs/configuration.md is not what the code says: BLESS=1 cargo test --lib reference");
    }
}

#[test]
fn bounds_and_defaults_are_found_where_they_stand() {
    let entry = |key: &str| shown().into_iter().flat_map(|section| section.entries).find(|entry| entry.key == key).unwrap();
    let grace = entry("grace_ms");
    assert_eq!(limits(&grace), "a whole number from 100 to 600000");
    assert_eq!((unit(&grace.key), default(&grace.about).as_str()), ("ms", "20000"));
    assert_eq!(limits(&entry("reflection")), "true or false");
    assert_eq!(default(&entry("id").about), "required");
}
