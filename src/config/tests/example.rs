//! The shipped example: it loads, and it shows every key.

use std::collections::BTreeMap;

use super::*;
use crate::config::{CallerAuth, RequestAuth};

pub(super) const EXAMPLE: &str = include_str!("../../../config/gateway.example.toml");

/// A folder with all that the example names.
pub(super) fn example_folder() -> Folder {
    let mut folder = Folder::new();
    let wallet = "5f1e2d3c4b5a69788796a5b4";
    let signer = serde_json::json!({ wallet: sealed_for_the_signer() }).to_string();
    for (name, content) in [
        ("tls/server.pem", CERTIFICATE),
        ("tls/server.key", PRIVATE_KEY),
        ("tls/callers-ca.pem", CERTIFICATE),
        ("tls/venue-ca.pem", CERTIFICATE),
        ("keys/desk-a.xprv", std::str::from_utf8(&another_xprv(9)).unwrap()),
        ("keys/desk-b.json", SEALED),
        ("keys/desk-b.passphrase", "pw\n"),
        ("keys/signer.json", &signer),
        ("secrets/ent-a.token", TOKEN),
        ("secrets/bitlipa.key", "sk_live_xxx"),
        ("keys/bitgo-callbacks.pem", PUBLIC_KEY),
    ] {
        folder.file(name, content, 0o600);
    }
    folder.variables = Variables::of(&[
        ("CLIENT_TOKEN", "plain-token"),
        ("BITLIPA_SECRET", "secret"),
        (&format!("WALLET_{wallet}_PASSPHRASE"), "passphrase 1"),
    ]);
    folder
}

/// An envelope of the older kind, with another key than [`SEALED`] under the passphrase `passphrase 1`.
fn sealed_for_the_signer() -> String {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/golden/encrypted_prv.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    let vector = vectors.iter().find(|vector| vector["name"] == "v1-sdk-fixed-salt-iv-1").unwrap();
    vector["envelope"].as_str().unwrap().to_owned()
}

#[test]
fn the_example_loads_and_its_keys_open() {
    let (config, keyring) = example_folder().load_with_keyring(EXAMPLE).unwrap();
    assert_eq!(keyring.len(), 3);
    assert_eq!((config.keys.len(), config.enterprises.len(), config.callers.len()), (3, 2, 2));
    assert!(config.bitlipa.is_some());
    let partner = config.enterprises.iter().find(|enterprise| enterprise.id.as_str() == "ent-a").unwrap();
    assert_eq!(partner.request_auth, RequestAuth::HmacV3);
    assert!(config.callers.iter().all(|caller| caller.auth != CallerAuth::AnyoneOnLoopback));
}

/// Each section of the example gets a key that nobody knows; what is said of it lists the known ones.
fn known_keys() -> BTreeMap<String, Vec<String>> {
    let with_unknown: String = EXAMPLE
        .lines()
        .map(|line| if line.starts_with('[') { format!("{line}\nnobody_knows_this = 1\n") } else { format!("{line}\n") })
        .collect();
    let errors = example_folder().load(&format!("nobody_knows_this = 1\n{with_unknown}")).unwrap_err();
    let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mistake in errors.mistakes() {
        let section = mistake.path.strip_suffix("nobody_knows_this").unwrap().trim_end_matches('.');
        let keys = mistake.problem.strip_prefix("unknown key; known here: ").unwrap();
        let name: String = section.chars().filter(|c| !"[]0123456789".contains(*c)).collect();
        known.entry(name).or_default().extend(keys.split(", ").map(str::to_owned));
    }
    known
}

/// The keys that the example shows in each section, those behind a `#` too, and the sections below it.
fn shown_keys() -> BTreeMap<String, Vec<String>> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in EXAMPLE.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
            let (parent, key) = section.rsplit_once('.').unwrap_or(("", &section));
            shown.entry(parent.to_owned()).or_default().push(key.to_owned());
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
            shown.entry(section.clone()).or_default().push(key.to_owned());
        }
    }
    shown
}

#[test]
fn the_example_shows_every_known_key() {
    let (known, shown) = (known_keys(), shown_keys());
    let sections: Vec<&str> = known.keys().map(String::as_str).collect();
    assert_eq!(
        sections,
        [
            "",
            "anchor",
            "audit",
            "bitlipa",
            "bitlipa.merchants",
            "callbacks",
            "callbacks.bitgo",
            "callbacks.bitlipa",
            "callbacks.tls",
            "callers",
            "callers.client_certificate",
            "callers.limits",
            "drain",
            "engine",
            "enterprises",
            "enterprises.trading_accounts",
            "grpc",
            "grpc.tls",
            "keys",
            "ops",
            "retention",
            "store",
            "telemetry",
            "venues"
        ]
    );
    for (section, keys) in known {
        for key in keys {
            assert!(shown[&section].contains(&key), "{section} does not show {key}");
        }
    }
}

/// A default that is shown must be the default: without its line the same configuration comes out.
#[test]
fn the_defaults_that_the_example_tells_are_the_defaults() {
    let folder = example_folder();
    let whole = folder.load(EXAMPLE).unwrap();
    let told = |section: &str| {
        ["[grpc]", "[ops]", "[drain]", "[venues]", "[callbacks]", "[engine]", "[audit]", "[telemetry]"].contains(&section)
    };
    let mut is_dropped = false;
    let mut bare = String::new();
    for line in EXAMPLE.lines() {
        if line.starts_with('[') {
            is_dropped = told(line);
        }
        if !is_dropped || line.starts_with('[') {
            bare.push_str(line);
            bare.push('\n');
        }
    }
    assert!(!bare.contains("lease_ms"));
    assert_eq!(folder.load(&bare).unwrap(), whole);
}

/// No key takes a date, so each refuses it, under its own path.
#[test]
fn a_value_of_a_wrong_kind_is_refused_under_its_own_key() {
    let folder = example_folder();
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let is_value = |line: &&str| !line.starts_with('#') && line.contains(" = ");
    let places: Vec<usize> = (0..lines.len()).filter(|&at| is_value(&lines[at])).collect();
    assert!(places.len() > 60, "{}", places.len());
    for at in places {
        let key = lines[at].split(" = ").next().unwrap();
        let replaced = format!("{key} = 1979-05-27");
        let text: Vec<&str> = lines.iter().enumerate().map(|(n, line)| if n == at { replaced.as_str() } else { *line }).collect();
        let paths = folder.paths(&text.join("\n"));
        assert!(paths.iter().any(|path| path.ends_with(&format!(".{key}"))), "{key}: {paths:?}");
    }
}

#[test]
fn a_list_where_a_section_belongs_and_the_reverse_are_refused() {
    let folder = Folder::new();
    for section in
        ["grpc", "ops", "drain", "store", "venues", "bitlipa", "callbacks", "engine", "audit", "retention", "telemetry"]
    {
        let paths = folder.paths(&format!("[[{section}]]\n"));
        assert!(paths.iter().any(|path| path == section), "{section}: {paths:?}");
    }
    for list in ["keys", "enterprises", "callers"] {
        let paths = folder.paths(&format!("[{list}]\n"));
        assert!(paths.iter().any(|path| path == list), "{list}: {paths:?}");
    }
}
