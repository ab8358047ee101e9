//! `config check` on what the chart renders, and the schema's bounds against those that the binary names.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::home::Home;
use crate::chart::manifests::configurations;
use crate::chart::schema::bounds;
use crate::chart::tools::{Helm, RENDERED, output};
use crate::process::support::Process;

/// The user and the group that the chart's pods run as.
const POD: u32 = 65_532;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_chart_renders_is_good_to_the_binary() {
    let Some(helm) = Helm::find() else { return };
    for values in RENDERED {
        let rendered = configurations(&helm.rendered(values));
        assert!(!rendered.is_empty() && rendered.iter().all(|text| *text == rendered[0]), "{values}: {rendered:?}");
        let home = Home::of(&rendered[0]);
        let path = home.config_path();
        let arguments = [Path::new("config"), Path::new("check"), Path::new("--config"), &path];
        let variables = [("CLIENT_TOKEN", OsString::from("plain-token"))];
        let checked = Process::start_with(variables, arguments).ended().await.with_code(0);
        let count = |key: &str| home.config.get(key).and_then(toml::Value::as_array).map_or(0, Vec::len);
        let [enterprises, keys, callers] = ["enterprises", "keys", "callers"].map(count);
        let told = format!("good: {enterprises} enterprises, {keys} keys, {callers} callers");
        assert!(checked.said.contains(&told), "{values}: {}", checked.said);
    }
}

/// Text that means something to YAML, to helm's templates or to TOML arrives as it was written.
#[test]
fn no_text_changes_on_its_way_through_the_chart() {
    let Some(helm) = Helm::find() else { return };
    let folder = tempfile::TempDir::new().unwrap();
    for text in ["a\"b\\c", "tab\tand 'quotes'", "{{ .Values }} <&> é", "yes", "1e3", "line\nbreak", "#no comment"] {
        let values = serde_json::json!({ "config": { "telemetry": { "log_filter": text } } });
        let path = folder.path().join("values.json");
        fs::write(&path, values.to_string()).unwrap();
        let rendered = helm.template("dev", &["--values", path.to_str().unwrap()]).unwrap();
        let config: toml::Table = configurations(&rendered)[0].parse().unwrap();
        assert_eq!(config["telemetry"]["log_filter"].as_str(), Some(text));
    }
}

/// A configuration in which every whole number is too small, with what a section needs to be read to its end.
fn wrong_in_every_number(bounds: &BTreeMap<String, (i64, i64)>) -> String {
    let mut sections: BTreeMap<&str, String> = BTreeMap::new();
    for path in bounds.keys() {
        let (section, key) = path.rsplit_once('.').unwrap();
        *sections.entry(section).or_default() += &format!("{key} = -1\n");
    }
    let section = |(name, keys): (&str, String)| match name {
        "enterprises" => {
            format!("[[enterprises]]\n{keys}signing_key = \"k\"\nroute = \"v1\"\namount_unit = \"full\"\n")
        }
        "callbacks.bitgo" => format!("[[callbacks.bitgo]]\n{keys}"),
        _ => format!("[{name}]\n{keys}"),
    };
    sections.into_iter().map(section).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_bounds_numbers_as_the_binary_does() {
    let bounds = bounds();
    assert!(bounds.len() > 50, "{}", bounds.len());
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("gateway.toml");
    fs::write(&path, wrong_in_every_number(&bounds)).unwrap();
    let arguments = [Path::new("config"), Path::new("check"), Path::new("--config"), &path];
    let complained = Process::run(arguments).await.with_code(2).complained;
    let told = complained.lines().filter_map(|line| {
        let (path, told) = line.trim().split_once(": must be a whole number from ")?;
        let (least, most) = told.split_once(" to ")?;
        Some((path.replace("[0]", ""), (least.parse().ok()?, most.parse().ok()?)))
    });
    assert_eq!(bounds, told.collect(), "{complained}");
}

/// Makes a folder's files root's, for a pod's group to read, as the kubelet does with `fsGroup`.
fn mount(folder: &Path, mode: u32) {
    chown(folder, Some(0), Some(POD)).unwrap();
    fs::set_permissions(folder, PermissionsExt::from_mode(0o750)).unwrap();
    for entry in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            mount(&entry, mode);
        } else {
            chown(&entry, Some(0), Some(POD)).unwrap();
            fs::set_permissions(&entry, PermissionsExt::from_mode(mode)).unwrap();
        }
    }
}

#[test]
fn secrets_as_kubernetes_mounts_them_are_read_and_no_others() {
    let Some(helm) = Helm::find() else { return };
    let home = Home::of(&configurations(&helm.rendered("production"))[0]);
    let folder = home.path("");
    if fs::metadata(&folder).unwrap().uid() != 0 {
        println!("SKIPPED: only root can mount secrets as Kubernetes does");
        return;
    }
    // The built binary may lie where the pod's user cannot reach it.
    let binary = home.path("settlement-gateway");
    fs::copy(env!("CARGO_BIN_EXE_settlement-gateway"), &binary).unwrap();
    let check = |mode: u32| {
        mount(&folder, mode);
        fs::set_permissions(&binary, PermissionsExt::from_mode(0o550)).unwrap();
        let mut command = Command::new(&binary);
        command.args(["config", "check", "--config"]).arg(home.config_path()).uid(POD).gid(POD);
        output(command)
    };
    assert!(check(0o440).unwrap().contains("good: 2 enterprises, 2 keys, 3 callers"));
    for mode in [0o460, 0o444] {
        let refused = check(mode).unwrap_err();
        let open = format!("the file is open to others (mode {mode:o})");
        // Two URLs, two keys for TLS, two tokens, two of Bitlipa's, two signing keys.
        assert_eq!(refused.matches(&open).count(), 10, "{refused}");
    }
}
