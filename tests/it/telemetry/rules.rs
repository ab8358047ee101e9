//! Each alert says what it means and what to do first, and has a test of its own.

use std::collections::BTreeSet;

use saphyr::{LoadableYamlNode, Yaml};

use super::names::read;

/// How many moves a person is given.
const MOVES: usize = 3;

fn yaml(text: &str) -> Yaml<'_> {
    Yaml::load_from_str(text).unwrap().remove(0)
}

/// The alerts of the rules: name, severity, runbook.
fn alerts() -> Vec<(String, String, String)> {
    let text = read("helm/settlement-gateway/files/rules.yaml");
    let document = yaml(&text);
    let groups = document["groups"].as_vec().unwrap();
    let rules = groups.iter().flat_map(|group| group["rules"].as_vec().unwrap());
    let text = |node: &Yaml<'_>| node.as_str().unwrap_or_default().to_owned();
    let alert = |rule: &Yaml<'_>| {
        assert!(!text(&rule["annotations"]["summary"]).is_empty(), "{rule:?} has no summary");
        (text(&rule["alert"]), text(&rule["labels"]["severity"]), text(&rule["annotations"]["runbook"]))
    };
    rules.filter(|rule| !text(&rule["alert"]).is_empty()).map(alert).collect()
}

#[test]
fn every_alert_has_a_severity_and_its_place_in_the_runbook_with_three_moves() {
    let runbook = read("docs/operations.md");
    let alerts = alerts();
    assert!(alerts.len() > 15, "{alerts:?}");
    for (alert, severity, place) in &alerts {
        assert!(["critical", "warning", "info"].contains(&severity.as_str()), "{alert}: {severity}");
        assert!(place.ends_with(&format!("docs/operations.md#{}", alert.to_lowercase())), "{alert}: {place}");
        let chapter = runbook.split(&format!("\n### {alert}\n")).nth(1).unwrap_or_else(|| panic!("{alert} is in no runbook"));
        let chapter = chapter.split("\n##").next().unwrap();
        let moves = (1..=MOVES).filter(|number| chapter.contains(&format!("\n{number}. "))).count();
        assert_eq!(moves, MOVES, "{alert} needs {MOVES} first moves");
    }
    let named: BTreeSet<&str> = alerts.iter().map(|(alert, ..)| alert.as_str()).collect();
    let chapters = runbook.lines().filter_map(|line| line.strip_prefix("### ")).filter(|title| title.starts_with("Settlement"));
    let stale: Vec<_> = chapters.filter(|title| !named.contains(title)).collect();
    assert!(stale.is_empty(), "the runbook speaks of alerts that there are none of: {stale:?}");
}

#[test]
fn every_alert_is_tested_to_fire() {
    let text = read("tests/golden/rules_test.yaml");
    let document = yaml(&text);
    let mut firing = BTreeSet::new();
    for test in document["tests"].as_vec().unwrap() {
        for check in test["alert_rule_test"].as_vec().unwrap() {
            if check["exp_alerts"].as_vec().is_some_and(|alerts| !alerts.is_empty()) {
                firing.insert(check["alertname"].as_str().unwrap().to_owned());
            }
        }
    }
    let untested: Vec<_> = alerts().into_iter().map(|(alert, ..)| alert).filter(|alert| !firing.contains(alert)).collect();
    assert!(untested.is_empty(), "no test lets these fire: {untested:?}");
}

/// A rise from zero is only seen where the process tells the zero: of every counter without labels, and of those that are begun by name.
#[test]
fn every_counter_that_rises_from_zero_in_a_rules_test_begins_with_the_process() {
    let (text, code) = (read("tests/golden/rules_test.yaml").replace("\\\"", "\""), read("src/telemetry/metrics.rs"));
    let mut lines = text.lines().map(str::trim);
    let mut found = 0;
    while let Some(line) = lines.next() {
        let Some(series) = line.strip_prefix("- series: \"").and_then(|rest| rest.strip_suffix("}\"")) else { continue };
        let values = lines.next().unwrap().strip_prefix("values: \"").unwrap();
        let (name, labels) = series.split_once('{').unwrap();
        if !name.ends_with("_total") || !values.starts_with("0x") || !values.contains(' ') {
            continue;
        }
        for (label, value) in labels.split(',').map(|label| label.split_once('=').unwrap()) {
            if ["job", "namespace", "instance"].contains(&label) {
                continue;
            }
            found += 1;
            assert!(code.contains(&format!("(\"{name}\", \"{label}\", {value})")), "{series} does not begin at zero");
        }
    }
    assert!(found >= 4, "only {found} counters with labels were recognised");
}

#[test]
fn the_dashboard_is_what_grafana_reads() {
    let dashboard: serde_json::Value = serde_json::from_str(&read("helm/settlement-gateway/files/dashboard.json")).unwrap();
    assert!(dashboard["title"].is_string() && dashboard["uid"].is_string() && dashboard["schemaVersion"].is_u64());
    let panels = dashboard["panels"].as_array().unwrap();
    let rows: Vec<_> =
        panels.iter().filter(|panel| panel["type"] == "row").map(|panel| panel["title"].as_str().unwrap()).collect();
    assert_eq!(rows, ["Overview", "Settlements", "Calls", "Venues", "Custody and audit", "Journal", "Process"]);
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "an id stands twice");
        assert!(panel["gridPos"]["w"].as_u64().unwrap() + panel["gridPos"]["x"].as_u64().unwrap() <= 24);
        if panel["type"] != "row" {
            assert!(
                panel["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{} says not what it means",
                panel["title"]
            );
            assert!(panel["targets"].as_array().is_some_and(|targets| !targets.is_empty()), "{}", panel["title"]);
        }
    }
}
