//! helm, kubernetes-validate and hadolint, and the chart that they are run on.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The release's name and namespace in every rendering.
const RELEASE: [&str; 3] = ["gw", "--namespace", "settlement"];

/// The values that are rendered, each a file in the chart's `ci` folder.
pub(crate) const RENDERED: [&str; 4] = ["dev", "production", "single", "volumes"];

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The chart's folder.
pub(crate) fn chart() -> PathBuf {
    root().join("helm/settlement-gateway")
}

/// A tool, of the path or where the script has put it; `None` where it could not be had, which is said past the harness, and is a failure where
/// REQUIRE_TOOLS=true.
pub(crate) fn tool(name: &'static str) -> Option<PathBuf> {
    let installed = root().join("target/tools/chart/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(installed).chain(std::env::split_paths(&path)).map(|folder| folder.join(name));
    let found = found.into_iter().find(|file| file.is_file());
    if found.is_none() {
        assert!(
            !std::env::var("REQUIRE_TOOLS").is_ok_and(|required| required == "true"),
            "{name} is not there, and REQUIRE_TOOLS=true skips nothing: scripts/helm.sh"
        );
        let _ = writeln!(std::io::stderr(), "SKIPPED: what {name} does in a test of the chart; scripts/helm.sh installs it");
    }
    found
}

/// helm, where it could be had.
pub(crate) struct Helm(PathBuf);

impl Helm {
    /// Finds it.
    pub(crate) fn find() -> Option<Self> {
        tool("helm").map(Self)
    }

    /// The objects that come of the values of a `ci` file, with further arguments.
    pub(crate) fn template(&self, values: &str, more: &[&str]) -> Result<String, String> {
        let chart = chart();
        let mut command = Command::new(&self.0);
        command.arg("template").args(RELEASE).arg(&chart).arg("--values").arg(values_file(values)).args(more);
        output(command)
    }

    /// What helm's own lint says of the chart with a `ci` file's values, warnings counting as errors.
    pub(crate) fn lint(&self, values: &str) -> Result<String, String> {
        let mut command = Command::new(&self.0);
        command.args(["lint", "--strict"]).arg(chart()).arg("--values").arg(values_file(values));
        output(command)
    }

    /// The rendering of a `ci` file, which must succeed.
    pub(crate) fn rendered(&self, values: &str) -> String {
        self.template(values, &[]).unwrap_or_else(|error| panic!("{values}: {error}"))
    }
}

fn values_file(name: &str) -> PathBuf {
    chart().join(format!("ci/{name}-values.yaml"))
}

/// Runs a command to its end: its standard output, or both where it failed.
pub(crate) fn output(mut command: Command) -> Result<String, String> {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let (said, complained) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    if status.success() { Ok(said) } else { Err(format!("{said}{complained}")) }
}

#[test]
fn every_file_of_values_is_known_here() {
    let files = chart().join("ci").read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = files.map(|name| name.strip_suffix("-values.yaml").unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, RENDERED);
}

#[test]
fn the_chart_passes_helms_own_lint_with_each_file_of_values() {
    let Some(helm) = Helm::find() else { return };
    for values in RENDERED {
        let said = helm.lint(values).unwrap_or_else(|error| panic!("{values}: {error}"));
        assert!(said.contains("1 chart(s) linted, 0 chart(s) failed"), "{values}: {said}");
    }
}
