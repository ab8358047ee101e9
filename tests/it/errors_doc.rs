//! `docs/errors.md` is held to the error table, row by row.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use settlement_gateway::domain::settlement::State;
use settlement_gateway::grpc::status::{ROWS, Row, Standing};
use tonic::Code;

/// The table's rows in the document: the lines under its heading that begin with a reason.
fn documented() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let text = fs::read_to_string(path).unwrap();
    let table = text.lines().skip_while(|line| *line != "## The table");
    table.filter(|line| line.starts_with("| `")).map(str::to_owned).collect()
}

fn line(row: &Row) -> String {
    let told = match row.standing {
        Standing::Untold => "–".to_owned(),
        Standing::NotSent(_) | Standing::Unknown => {
            let (outcome, next) = row.standing.told().unwrap();
            format!("{}, {}", outcome.as_str(), next.as_str())
        }
    };
    let wait = row.retry_after.map_or("–".to_owned(), seconds);
    format!("| `{}` | {} | {told} | {wait} | {} | {} |", row.reason.reason(), name(row.code), row.sentence, row.advice)
}

fn seconds(wait: Duration) -> String {
    let millis = wait.as_millis();
    if millis.is_multiple_of(1_000) { format!("{} s", millis / 1_000) } else { format!("{millis} ms") }
}

/// A code as gRPC writes it.
fn name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[test]
fn the_document_shows_every_reason_as_the_gateway_sends_it() {
    let expected: Vec<_> = ROWS.iter().skip(1).map(line).collect();
    assert_eq!(documented(), expected, "docs/errors.md must have these rows:\n{}", expected.join("\n"));
}

/// The words in backticks that are written as reasons and states are.
fn capitals(text: &str) -> BTreeSet<&str> {
    let prose = text.split("```").step_by(2).flat_map(str::lines);
    let words = prose.flat_map(|line| line.split('`').skip(1).step_by(2));
    words.filter(|word| word.len() > 3 && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')).collect()
}

#[test]
fn the_questions_name_reasons_and_states_that_there_are() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faq.md")).unwrap();
    let states = State::ALL.iter().map(|state| state.as_str());
    let known: BTreeSet<_> = ROWS.iter().map(|row| row.reason.reason()).chain(states).chain(["WAIT", "NOT_SERVING"]).collect();
    let named = capitals(&text);
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "docs/faq.md names {unknown:?}");
    assert!(named.len() > 20, "only {named:?} were recognised");
}

#[test]
fn codes_are_written_as_grpc_writes_them() {
    assert_eq!(name(Code::InvalidArgument), "INVALID_ARGUMENT");
    assert_eq!(name(Code::Internal), "INTERNAL");
}
