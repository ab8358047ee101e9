//! The schema of the values: closed everywhere, and for `config` the same as what the gateway itself takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::tools::{chart, root};

/// Keys that the chart decides itself.
const OF_THE_CHART: [&str; 4] = ["grpc.listen", "ops.listen", "ops.allow_non_loopback", "callbacks.listen"];

/// The schema of the values.
fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string(chart().join("values.schema.json")).unwrap()).unwrap()
}

/// The schema of `config`.
pub(crate) fn of_the_configuration() -> Value {
    schema()["properties"]["config"].take()
}

/// Each schema below one, with its path; entries of lists have their list's.
pub(crate) fn below<'a>(schema: &'a Value, path: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
    visit(path, schema);
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        below(property, &path, visit);
    }
    if schema["items"].is_object() {
        below(&schema["items"], path, visit);
    }
}

#[test]
fn no_object_with_keys_of_its_own_takes_others() {
    let schema = schema();
    let mut closed = 0;
    below(&schema, "", &mut |path, found| {
        if found["properties"].is_object() {
            assert_eq!(found["additionalProperties"], Value::Bool(false), "{path}");
            closed += 1;
        }
    });
    assert!(closed > 60, "{closed}");
}

/// The keys of the shipped example, those behind a `#` too, and its sections.
pub(crate) fn of_the_example() -> BTreeSet<String> {
    let example = fs::read_to_string(root().join("config/gateway.example.toml")).unwrap();
    let (mut keys, mut section) = (BTreeSet::new(), String::new());
    for line in example.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
            keys.insert(section.clone());
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ")
            && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        {
            keys.insert(format!("{section}.{key}"));
        }
    }
    keys
}

#[test]
fn the_values_take_every_key_of_the_configuration_and_no_other() {
    let schema = of_the_configuration();
    let mut taken: BTreeSet<String> = OF_THE_CHART.map(str::to_owned).into();
    below(&schema, "", &mut |path, _| {
        taken.insert(path.to_owned());
    });
    taken.remove("");
    let known = of_the_example();
    let missing: Vec<_> = known.difference(&taken).collect();
    assert!(missing.is_empty(), "helm/settlement-gateway/values.schema.json lacks {missing:?}");
    let unknown: Vec<_> = taken.difference(&known).collect();
    assert!(unknown.is_empty(), "config/gateway.example.toml shows no {unknown:?}");
}

#[test]
fn the_values_show_every_section_of_the_configuration() {
    let values = fs::read_to_string(chart().join("values.yaml")).unwrap();
    let config = values.split_once("\nconfig:\n").unwrap().1.lines().take_while(|line| line.starts_with("  "));
    let key = |line: &str| Some(line.strip_prefix("  ")?.split_once(": ")?.0.to_owned());
    let shown: BTreeSet<_> = config.filter(|line| !line.contains('#')).filter_map(key).collect();
    let sections = of_the_example().into_iter().filter(|key| !key.contains('.'));
    assert_eq!(shown, sections.collect());
}

/// The whole numbers of the configuration, with the least and the most that each may be.
pub(crate) fn bounds() -> BTreeMap<String, (i64, i64)> {
    let schema = of_the_configuration();
    let mut bounds = BTreeMap::new();
    below(&schema, "", &mut |path, found| {
        if found["type"] == "integer" {
            bounds.insert(path.to_owned(), (found["minimum"].as_i64().unwrap(), found["maximum"].as_i64().unwrap()));
        }
    });
    bounds
}
