//! The documents are held to the repository: what they name exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use prost_types::FileDescriptorSet;
use settlement_gateway::domain::settlement::{Reason, Route, State, next_action};
use settlement_gateway::grpc::pb;

use crate::chart::schema::of_the_example;

/// What one screen holds.
const MAX_README_LINES: usize = 100;

/// What the repository's paths begin with.
const FOLDERS: [&str; 9] = ["src/", "tests/", "docs/", "proto/", "config/", "scripts/", "benches/", "examples/", ".ci/"];

/// Files of the root that documents may name.
const ROOT_FILES: [&str; 6] = ["Cargo.toml", "Makefile", "build.rs", "README.md", "CHANGELOG.md", "buf.yaml"];

struct Document {
    path: PathBuf,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README, CHANGELOG and everything below docs/.
fn documents() -> Vec<Document> {
    let mut paths = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    paths.into_iter().map(|path| Document { text: fs::read_to_string(&path).unwrap(), path }).collect()
}

/// What stands between two marks, once for each pair of marks.
fn between<'a>(text: &'a str, open: &'static str, close: &'static str) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close).map(|(inside, _)| inside))
}

/// The text outside of fenced blocks, where backticks mark names.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// The words in single backticks.
fn quoted(text: &str) -> Vec<String> {
    prose(text).lines().flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn is_repository_path(word: &str) -> bool {
    let whole = !word.contains(char::is_whitespace) && !word.contains(['*', '<', '{']);
    whole && (FOLDERS.iter().any(|folder| word.starts_with(folder)) || ROOT_FILES.contains(&word))
}

/// The names that stand behind `settlement.v1.` in a text, such as `SigningService/ListKeys` or `Settlement`.
fn contract_names(text: &str) -> BTreeSet<&str> {
    text.split("settlement.v1.")
        .skip(1)
        .map(|rest| &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '/' && c != '_').unwrap_or(rest.len())])
        .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
        .collect()
}

/// Every service, method, message and enum of the contract.
fn contract() -> BTreeSet<String> {
    let set = FileDescriptorSet::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let mut names = BTreeSet::new();
    for file in set.file.iter().filter(|file| file.package() == "settlement.v1") {
        names.extend(file.message_type.iter().map(|message| message.name().to_owned()));
        names.extend(file.enum_type.iter().map(|kind| kind.name().to_owned()));
        for service in &file.service {
            names.insert(service.name().to_owned());
            names.extend(service.method.iter().map(|method| format!("{}/{}", service.name(), method.name())));
        }
    }
    names
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        for target in between(&prose(&document.text), "](", ")").filter(|target| !target.contains("://")) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !document.path.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {target}", document.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_path_that_is_named_exists() {
    let mut missing = Vec::new();
    let mut found = 0;
    for document in documents() {
        for word in quoted(&document.text).into_iter().filter(|word| is_repository_path(word)) {
            found += 1;
            if !root().join(&word).exists() {
                missing.push(format!("{}: {word}", document.path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "paths that do not exist:\n{}", missing.join("\n"));
    assert!(found > 50, "only {found} paths were recognised in the documents");
}

/// Whether a word looks like a key of the configuration: a section's name, and more behind a dot.
fn is_key(known: &BTreeSet<String>, word: &str) -> bool {
    let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.');
    plain && word.split_once('.').is_some_and(|(section, _)| known.contains(section))
}

/// A key that there is not keeps the gateway from starting, for whoever does what a runbook says.
#[test]
fn every_key_of_the_configuration_that_is_named_exists() {
    let known = of_the_example();
    let mut unknown = Vec::new();
    let mut found = 0;
    for document in documents() {
        for word in quoted(&document.text).into_iter().filter(|word| is_key(&known, word)) {
            found += 1;
            if !known.contains(&word) {
                unknown.push(format!("{}: {word}", document.path.display()));
            }
        }
    }
    assert!(unknown.is_empty(), "keys that no configuration takes:\n{}", unknown.join("\n"));
    assert!(found > 40, "only {found} keys were recognised in the documents");
}

#[test]
fn every_name_of_the_contract_exists_and_every_rpc_is_shown() {
    let contract = contract();
    let mut named = BTreeSet::new();
    for document in documents() {
        for name in contract_names(&document.text) {
            assert!(contract.contains(name), "{}: settlement.v1.{name} is not in the contract", document.path.display());
            named.insert(name.to_owned());
        }
    }
    let unseen: Vec<_> = contract.iter().filter(|name| name.contains('/') && !named.contains(*name)).collect();
    assert!(unseen.is_empty(), "no document shows a call of {unseen:?}");
}

/// Every next action that a state can lead to.
fn next_actions(state: State) -> BTreeSet<&'static str> {
    let telling = [
        Reason::LiabilitiesExceedBalance,
        Reason::VenueRejectedRequest,
        Reason::VenueCredentials,
        Reason::VenueForbidden,
        Reason::PayloadMismatch,
    ];
    let reasons = telling.into_iter().map(Some).chain([None]);
    let actions = reasons.flat_map(|reason| [Route::V1, Route::V2].map(|route| next_action(state, reason, route).as_str()));
    actions.collect()
}

#[test]
fn every_state_is_explained_with_its_next_actions() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    for state in State::ALL {
        let start = format!("| `{}` | ", state.as_str());
        let row = text.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{start} is not explained"));
        let shown: BTreeSet<_> = row.rsplit(" | ").next().unwrap().split('`').skip(1).step_by(2).collect();
        assert_eq!(shown, next_actions(state), "{start}");
    }
}

#[test]
fn the_readme_fits_one_screen() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines <= MAX_README_LINES, "README.md has {lines} lines");
}

#[test]
fn documents_name_no_machine_and_promise_nothing() {
    // Spelled in parts, so that this file does not hold what it forbids.
    let forbidden =
        [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("TO", "DO"), concat!("FIX", "ME")];
    for document in documents() {
        for word in forbidden {
            assert!(!document.text.contains(word), "{} contains {word}", document.path.display());
        }
    }
}

/// The names of all test functions below a folder.
fn functions(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(between(&fs::read_to_string(&path).unwrap(), "fn ", "(").map(str::to_owned));
        }
    }
}

#[test]
fn every_test_that_the_promises_name_exists() {
    let mut tests = BTreeSet::new();
    functions(&root().join("tests"), &mut tests);
    functions(&root().join("src"), &mut tests);
    let text = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let (files, names): (Vec<_>, Vec<_>) = quoted(&text)
        .into_iter()
        .filter(|word| word.ends_with(".rs") || word.matches('_').count() > 2)
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ['_', '/', '.'].contains(&c)))
        .partition(|word| word.ends_with(".rs"));
    assert!(files.len() > 5 && names.len() > 30, "{files:?} {names:?}");
    let lost: Vec<_> = names.iter().filter(|name| !tests.contains(*name)).collect();
    assert!(lost.is_empty(), "docs/reliability.md names tests that do not exist: {lost:?}");
    let exists = |file: &str| root().join(file).exists() || root().join("tests/it").join(file).exists();
    let lost: Vec<_> = files.iter().filter(|file| !exists(file)).collect();
    assert!(lost.is_empty(), "docs/reliability.md names files that do not exist: {lost:?}");
}
