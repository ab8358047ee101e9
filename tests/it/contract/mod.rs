//! What the gateway sends to BitGo and what the simulated BitGo answers, held against BitGo's own OpenAPI document.
//!
//! The document is not part of this repository: the environment variable
//! `BITGO_OPENAPI` names it. Without that nothing is checked, and a line says so.

mod exchange;
mod recorder;
mod scenario;
mod schema;
mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use recorder::Exchange;
use spec::Spec;

/// Names the document.
const VARIABLE: &str = "BITGO_OPENAPI";

/// What is tried: every operation that the gateway uses, and the client's disputes, which the simulated venue lists too.
const TRIED: [(&str, &str); 14] = [
    ("GET", "v1 partners"),
    ("GET", "v1 partners/balances"),
    ("GET", "v1 partners/connections"),
    ("GET", "v1 partners/settlement/disputes"),
    ("GET", "v1 partners/settlements"),
    ("GET", "v1 partners/settlements-signing"),
    ("GET", "v1 partners/settlements/{settlementId}"),
    ("POST", "v1 partners/settlements"),
    ("POST", "v1 partners/settlements-signing"),
    ("POST", "v2 partners/settlements"),
    ("GET", "v1 clients/settlementTransfers"),
    ("GET", "v1 clients/settlements"),
    ("GET", "v1 clients/settlements/{settlementId}"),
    ("GET", "v1 clients/settlement/disputes"),
];

#[tokio::test]
async fn every_request_and_every_answer_is_as_bitgos_own_document_has_it() {
    let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) else {
        say(&format!("contract test skipped: {VARIABLE} does not name BitGo's OpenAPI document"));
        return;
    };
    let spec = Spec::read(&path);
    let exchanges = scenario::play().await;
    let mut faults = BTreeSet::new();
    let mut counts: BTreeMap<String, BTreeMap<u16, usize>> = BTreeMap::new();
    for exchange in &exchanges {
        faults.extend(exchange::check(&spec, exchange));
        *counts.entry(operation(&spec, exchange)).or_default().entry(exchange.status).or_default() += 1;
    }
    say(&format!("contract test: {} exchanges against {}", exchanges.len(), path.display()));
    for (operation, statuses) in &counts {
        let statuses: Vec<String> = statuses.iter().map(|(status, count)| format!("{count} x {status}")).collect();
        say(&format!("  {operation}: {}", statuses.join(", ")));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), Vec::from_iter(faults).join("\n"));
    let seen: BTreeSet<&str> = counts.keys().map(String::as_str).collect();
    let tried: BTreeSet<String> = TRIED.iter().map(|(method, below)| format!("{method} {below}")).collect();
    assert_eq!(seen, tried.iter().map(String::as_str).collect(), "an operation was not tried");
}

/// The operation of an exchange, as [`TRIED`] writes it.
fn operation(spec: &Spec, exchange: &Exchange) -> String {
    let Some(operation) = spec.operation(&exchange.method, exchange.path()) else {
        return format!("{} {} (undeclared)", exchange.method, exchange.path());
    };
    let below = operation.template.trim_start_matches("/api/network/").replace("/enterprises/{enterpriseId}/", " ");
    format!("{} {below}", exchange.method)
}

/// Past the capture of test output: whether and what was checked must be seen.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
