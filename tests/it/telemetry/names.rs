//! One table names every metric, and the code uses these names, with these labels, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use settlement_gateway::telemetry::table::{Kind, METRICS, Metric};

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// A use of a metric: its macro, its name, and its labels in order.
struct Use {
    place: String,
    kind: &'static str,
    name: String,
    labels: BTreeSet<String>,
}

/// Every `counter!("name", "label" => value)` of the code, and its like, without what tests do.
fn uses() -> Vec<Use> {
    let mut uses = Vec::new();
    // What begins all of them at zero names them by the table.
    let beginning = Path::new("src/telemetry/metrics.rs");
    for file in sources(&root().join("src")).into_iter().filter(|file| !file.ends_with(beginning)) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for kind in ["counter", "gauge", "histogram"] {
            for (at, found) in code.match_indices(&format!("{kind}!(")) {
                // The macros that describe end alike.
                if code[..at].ends_with("describe_") {
                    continue;
                }
                let arguments = arguments(&code[at + found.len()..]);
                let mut texts = literals(arguments);
                assert!(!texts.is_empty(), "{}: a metric whose name is no literal", file.display());
                let name = texts.remove(0).0;
                let labels = texts.into_iter().filter(|(_, is_label)| *is_label).map(|(text, _)| text).collect();
                uses.push(Use { place: file.display().to_string(), kind, name, labels });
            }
        }
    }
    uses
}

/// What lies within a macro's parentheses.
fn arguments(after: &str) -> &str {
    let mut depth = 1;
    let end = after.char_indices().find(|(_, letter)| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    &after[..end.unwrap().0]
}

/// The texts in quotation marks, and whether an arrow follows.
fn literals(code: &str) -> Vec<(String, bool)> {
    let parts: Vec<_> = code.split('"').collect();
    let texts = parts.iter().enumerate().skip(1).step_by(2);
    texts.map(|(at, text)| ((*text).to_owned(), parts[at + 1].trim_start().starts_with("=>"))).collect()
}

fn table() -> BTreeMap<&'static str, &'static Metric> {
    METRICS.iter().map(|metric| (metric.name, metric)).collect()
}

#[test]
fn the_code_uses_the_tables_metrics_with_their_labels_and_no_others() {
    let table = table();
    let uses = uses();
    for used in &uses {
        let metric = table.get(used.name.as_str()).unwrap_or_else(|| panic!("{}: {} is not in the table", used.place, used.name));
        let labels: BTreeSet<String> = metric.labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!((used.kind, &used.labels), (metric.kind.name(), &labels), "{}: {}", used.place, used.name);
    }
    let used: BTreeSet<&str> = uses.iter().map(|used| used.name.as_str()).collect();
    let unused: Vec<_> = table.keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "nothing counts {unused:?}");
}

#[test]
fn names_follow_prometheus_and_stand_once() {
    assert_eq!(table().len(), METRICS.len(), "a name stands twice");
    for metric in METRICS {
        assert!(metric.name.starts_with("settlement_gateway_"), "{}", metric.name);
        assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
        assert!(metric.unit != "s" || metric.name.ends_with("_seconds"), "{}: the unit is in the name", metric.name);
        assert!(metric.meaning.ends_with('.') && !metric.meaning.contains('|'), "{}", metric.name);
    }
}

/// A metric as the document writes it.
fn line(metric: &Metric) -> String {
    let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
    let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
    format!("| `{}` | {} | {} | {labels} | {} |", metric.name, metric.kind.name(), metric.unit, metric.meaning)
}

#[test]
fn the_document_shows_the_table() {
    let text = read("docs/operations.md");
    let shown: Vec<&str> = text.lines().filter(|line| line.starts_with("| `settlement_gateway_")).collect();
    let expected: Vec<String> = METRICS.iter().map(line).collect();
    assert_eq!(shown, expected, "docs/operations.md must have these rows:\n{}", expected.join("\n"));
}

/// Every metric that a text names, histograms without the endings of their series.
pub(super) fn named(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in text.match_indices("settlement_gateway_") {
        let rest = &text[at..];
        let name = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())];
        let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|ending| name.strip_suffix(ending));
        let of = histogram.filter(|name| METRICS.iter().any(|metric| metric.name == *name && metric.kind == Kind::Histogram));
        names.insert(of.unwrap_or(name).to_owned());
    }
    names
}

#[test]
fn the_dashboard_and_the_rules_name_metrics_that_there_are_and_each_is_shown_somewhere() {
    let dashboard = named(&read("helm/settlement-gateway/files/dashboard.json"));
    let rules = named(&read("helm/settlement-gateway/files/rules.yaml"));
    let tests = named(&read("tests/golden/rules_test.yaml"));
    let table = table();
    for (file, names) in [("the dashboard", &dashboard), ("the rules", &rules), ("the rules' tests", &tests)] {
        let unknown: Vec<_> = names.iter().filter(|name| !table.contains_key(name.as_str())).collect();
        assert!(unknown.is_empty(), "{file} names what nothing counts: {unknown:?}");
    }
    let unseen: Vec<_> = table.keys().filter(|name| !dashboard.contains(**name) && !rules.contains(**name)).collect();
    assert!(unseen.is_empty(), "nobody would see {unseen:?}");
}

#[test]
fn labels_in_the_dashboard_and_the_rules_belong_to_their_metrics() {
    let table = table();
    for file in ["helm/settlement-gateway/files/dashboard.json", "helm/settlement-gateway/files/rules.yaml"] {
        let text = read(file).replace("\\\"", "\"");
        for (at, _) in text.match_indices("settlement_gateway_") {
            let rest = &text[at..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let Some(metric) = named(&rest[..end]).first().and_then(|name| table.get(name.as_str()).copied()) else { continue };
            let Some(selector) = rest[end..].strip_prefix('{').and_then(|inside| inside.split_once('}')) else { continue };
            for matcher in selector.0.split(',').filter(|matcher| !matcher.is_empty()) {
                let label = matcher.trim().split(['=', '!']).next().unwrap().trim();
                let known = metric.labels.contains(&label) || ["job", "instance", "namespace", "pod"].contains(&label);
                assert!(known, "{file}: {} has no label {label}", metric.name);
            }
        }
    }
}
