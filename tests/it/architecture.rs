//! Who may import whom: `src/` is read, and a forbidden import fails.
//!
//! The table is the one in `docs/architecture.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module, the modules of this crate that it may name, and the outside crates that it may name.
struct Rule {
    module: &'static str,
    own: &'static [&'static str],
    outside: &'static [&'static str],
}

/// Crates that are plain language: errors, async traits, ids and instants.
const EVERYWHERE: &[&str] = &["std", "core", "alloc", "thiserror", "async_trait", "jiff", "uuid", "tracing", "metrics"];

const RULES: &[Rule] = &[
    Rule { module: "domain", own: &[], outside: &["bigdecimal", "sha2", "sha3", "base16ct", "serde", "serde_json"] },
    Rule {
        module: "custody",
        own: &["domain", "kill_points", "secret", "files"],
        outside: &[
            "secp256k1",
            "aes",
            "aes_gcm",
            "ccm",
            "argon2",
            "pbkdf2",
            "hkdf",
            "hmac",
            "sha2",
            "bs58",
            "base16ct",
            "base64ct",
            "zeroize",
            "subtle",
            "serde",
            "serde_json",
        ],
    },
    Rule { module: "archive", own: &["domain"], outside: &["tokio"] },
    Rule {
        module: "store",
        own: &["domain", "kill_points"],
        outside: &["sqlx", "bigdecimal", "serde", "serde_json", "tokio", "futures_util"],
    },
    Rule {
        module: "upstream",
        own: &["domain", "kill_points", "secret", "traces"],
        outside: &[
            "reqwest",
            "http",
            "hyper",
            "serde",
            "serde_json",
            "hmac",
            "sha2",
            "base16ct",
            "subtle",
            "arc_swap",
            "tokio",
            "futures_util",
            "zeroize",
        ],
    },
    Rule {
        module: "service",
        own: &["causes", "domain", "kill_points", "archive", "custody", "store", "upstream", "traces"],
        outside: &["tokio", "tokio_util", "bigdecimal", "base16ct"],
    },
    Rule {
        module: "grpc",
        own: &["causes", "domain", "kill_points", "service", "store", "custody", "upstream", "tls", "places", "traces"],
        outside: &[
            "tonic",
            "tonic_types",
            "tonic_health",
            "tonic_reflection",
            "tonic_prost",
            "prost",
            "prost_types",
            "tower",
            "http",
            "http_body",
            "http_body_util",
            "tokio",
            "tokio_stream",
            "tokio_util",
            "tokio_rustls",
            "rustls_pki_types",
            "futures_util",
            "arc_swap",
            "sha2",
            "subtle",
            "base16ct",
            "base64ct",
            "webpki",
            "hyper",
            "hyper_util",
            "zeroize",
            "bytes",
        ],
    },
    Rule {
        module: "http",
        own: &["causes", "domain", "secret", "service", "tls", "places"],
        outside: &[
            "axum",
            "http",
            "http_body_util",
            "hyper",
            "hyper_util",
            "tower",
            "tokio",
            "tokio_util",
            "jsonwebtoken",
            "serde",
            "serde_json",
            "arc_swap",
            "tokio_rustls",
            "base16ct",
            "base64ct",
            "sha2",
            "subtle",
            "zeroize",
        ],
    },
    Rule {
        module: "sandbox",
        own: &["domain", "secret"],
        outside: &[
            "axum",
            "serde",
            "serde_json",
            "secp256k1",
            "aws_lc_rs",
            "hmac",
            "sha2",
            "base16ct",
            "base64ct",
            "hyper",
            "hyper_util",
            "subtle",
            "bigdecimal",
            "tokio",
            "tokio_util",
            "futures_util",
            "http_body_util",
            "http",
            "getrandom",
            "sha3",
        ],
    },
    Rule {
        module: "config",
        own: &["causes", "domain", "secret", "custody", "files"],
        outside: &["serde", "toml", "base16ct", "rustls_pki_types", "zeroize"],
    },
    Rule {
        module: "telemetry",
        own: &["traces"],
        outside: &[
            "tracing_subscriber",
            "metrics_exporter_prometheus",
            "opentelemetry",
            "opentelemetry_sdk",
            "opentelemetry_otlp",
            "tracing_opentelemetry",
            "serde_json",
            "tokio",
            "tokio_util",
        ],
    },
    Rule { module: "traces", own: &["domain"], outside: &["opentelemetry", "tracing_opentelemetry"] },
    Rule { module: "tls", own: &[], outside: &["tokio_rustls", "arc_swap", "sha2", "tokio", "tokio_util", "zeroize"] },
    Rule { module: "places", own: &[], outside: &["tokio", "tokio_util"] },
    Rule { module: "secret", own: &[], outside: &["zeroize"] },
    Rule { module: "files", own: &["secret"], outside: &["rustix", "zeroize"] },
    Rule { module: "causes", own: &[], outside: &[] },
    Rule { module: "kill_points", own: &[], outside: &[] },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// A file itself, or the Rust files in a folder and those below.
pub(crate) fn files_below(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn module_path(module: &str) -> PathBuf {
    let folder = root().join("src").join(module);
    if folder.is_dir() { folder } else { root().join("src").join(format!("{module}.rs")) }
}

/// The code without its comments and without its unit tests, which may use what they like.
pub(crate) fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Whether a file holds unit tests and nothing else.
pub(crate) fn is_test_file(file: &Path) -> bool {
    let name = file.file_name().unwrap().to_string_lossy();
    name == "tests.rs" || name.ends_with("_tests.rs") || file.components().any(|part| part.as_os_str() == "tests")
}

/// The modules of this crate that the code names.
fn own_names(code: &str) -> BTreeSet<String> {
    code.match_indices("crate::").map(|(at, found)| word_at(&code[at + found.len()..])).filter(|word| !word.is_empty()).collect()
}

/// The outside crates that the code's `use` lines begin with.
fn outside_names(code: &str) -> BTreeSet<String> {
    let uses = code.lines().map(str::trim_start).filter_map(|line| line.strip_prefix("pub use ").or(line.strip_prefix("use ")));
    let own = ["crate", "self", "super", ""];
    uses.map(|rest| word_at(rest.trim_start_matches("::"))).filter(|word| !own.contains(&word.as_str())).collect()
}

fn word_at(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn no_module_imports_what_it_may_not() {
    let mut broken = Vec::new();
    for rule in RULES {
        for file in files_below(&module_path(rule.module)).into_iter().filter(|file| !is_test_file(file)) {
            let code = code_of(&file);
            let siblings: BTreeSet<String> = code.lines().filter_map(declared_module).collect();
            for name in own_names(&code) {
                if name != rule.module && !rule.own.contains(&name.as_str()) {
                    broken.push(format!("{}: crate::{name}", file.display()));
                }
            }
            for name in outside_names(&code) {
                let known = EVERYWHERE.contains(&name.as_str()) || rule.outside.contains(&name.as_str());
                let local = siblings.contains(&name) || name.starts_with(char::is_uppercase);
                if !known && !local {
                    broken.push(format!("{}: {name}", file.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "forbidden imports:\n{}", broken.join("\n"));
}

fn declared_module(line: &str) -> Option<String> {
    let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ").trim_start_matches("pub ");
    line.strip_prefix("mod ").map(word_at)
}

/// A rule as `docs/architecture.md` writes it.
fn documented(rule: &Rule) -> String {
    let list = |names: &[&str]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    format!("| {} | {} | {} |", rule.module, list(rule.own), list(rule.outside))
}

#[test]
fn the_document_shows_these_rules_and_no_others() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let chapter = text.split("\n## Who may import whom\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let shown: Vec<_> = chapter.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| module |")).collect();
    let expected: Vec<_> = RULES.iter().map(documented).collect();
    assert_eq!(shown, expected, "docs/architecture.md must have these rows:\n{}", expected.join("\n"));
}

#[test]
fn every_module_of_the_crate_has_a_rule() {
    let without_rule = ["app", "cli", "lib", "main"];
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        let ruled = RULES.iter().any(|rule| rule.module == name) || without_rule.contains(&name.as_str());
        assert!(ruled, "src/{name} has no rule in tests/it/architecture.rs");
    }
}

#[test]
fn some_crates_are_used_in_one_folder_alone() {
    let alone = [("sqlx::", "store"), ("reqwest::", "upstream")];
    for (used, folder) in alone {
        for file in files_below(&root().join("src")) {
            let inside = file.strip_prefix(root().join("src")).unwrap().starts_with(folder);
            assert!(inside || !code_of(&file).contains(used), "{used} is used in {}", file.display());
        }
    }
}

#[test]
fn the_contracts_types_leave_grpc_for_the_clients_of_the_command_line_alone() {
    let clients = ["src/grpc", "src/cli/dev/tour", "src/cli/dev/tour.rs", "src/cli/settlements"].map(|place| root().join(place));
    for file in files_below(&root().join("src")) {
        let is_client = clients.iter().any(|place| file.starts_with(place));
        assert!(is_client || !code_of(&file).contains("grpc::pb"), "the contract's types are used in {}", file.display());
    }
}

#[test]
fn a_use_case_gets_a_signature_from_the_keeper_of_the_anchor_alone() {
    let asks =
        |code: &str| code.split("crate::custody::").skip(1).any(|rest| rest.split(';').next().unwrap().contains("sign_once"));
    let service = root().join("src/service");
    let asking: Vec<_> = files_below(&service).into_iter().filter(|file| asks(&code_of(file))).collect();
    assert_eq!(asking, [service.join("anchor.rs")]);
}

#[test]
fn no_file_is_longer_than_400_lines_without_its_tests() {
    for file in files_below(&root().join("src")).into_iter().filter(|file| !is_test_file(file)) {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.split("#[cfg(test)]").next().unwrap_or_default().lines().count();
        assert!(lines <= 400, "{} has {lines} lines", file.display());
    }
}

#[test]
fn money_never_meets_a_float() {
    for file in files_below(&root().join("src")) {
        let code = code_of(&file);
        for float in ["f32", "f64"] {
            let used = code.match_indices(float).any(|(at, _)| {
                let before = code[..at].chars().next_back().unwrap_or(' ');
                let after = code[at + 3..].chars().next().unwrap_or(' ');
                !before.is_alphanumeric() && before != '_' && !after.is_alphanumeric() && after != '_'
            });
            let telemetry =
                file.components().any(|part| ["telemetry", "layers", "engine"].iter().any(|name| part.as_os_str() == *name));
            assert!(!used || telemetry, "{float} is used in {}", file.display());
        }
    }
}
