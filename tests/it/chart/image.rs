//! The image's recipe, and that it and the chart mean the same image.

use std::fs;
use std::process::Command;

use super::tools::{Helm, chart, output, root, tool};

fn recipe() -> String {
    fs::read_to_string(root().join("Dockerfile")).unwrap()
}

#[test]
fn hadolint_has_nothing_to_say_of_the_recipe() {
    let Some(hadolint) = tool("hadolint") else { return };
    let mut command = Command::new(hadolint);
    command.args(["--failure-threshold", "style"]).arg(root().join("Dockerfile"));
    assert_eq!(output(command), Ok(String::new()));
}

#[test]
fn the_chart_runs_the_image_as_the_user_and_on_the_ports_that_it_names() {
    let (recipe, values) = (recipe(), fs::read_to_string(chart().join("values.yaml")).unwrap());
    for port in [50_051, 9_464, 9_465] {
        assert!(recipe.lines().any(|line| line.starts_with("EXPOSE ") && line.contains(&port.to_string())), "{port}");
        assert!(values.contains(&format!(": {port}\n")), "{port}");
    }
    assert!(recipe.contains("\nUSER 65532:65532\n"));
    for key in ["runAsUser", "runAsGroup", "fsGroup"] {
        assert!(values.contains(&format!("  {key}: 65532\n")), "{key}");
    }
}

/// The last stage has no shell, so whatever it starts is a list of words.
#[test]
fn nothing_in_the_last_stage_needs_a_shell() {
    let recipe = recipe();
    let last = recipe.rsplit_once("\nFROM ").unwrap().1;
    assert!(last.starts_with("gcr.io/distroless/cc-debian12:nonroot\n"));
    for line in last.lines().map(str::trim) {
        assert!(!line.starts_with("RUN "), "{line}");
        if let Some((_, words)) = line.split_once("CMD ").or_else(|| line.split_once("ENTRYPOINT ")) {
            assert!(words.starts_with('['), "{line}");
        }
    }
    assert!(last.contains("CMD [\"/usr/local/bin/settlement-gateway\", \"healthcheck\"]"));
}

#[test]
fn the_chart_and_the_program_have_one_version() {
    let described = fs::read_to_string(chart().join("Chart.yaml")).unwrap();
    assert!(described.contains(&format!("appVersion: \"{}\"\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_digest_counts_before_a_tag() {
    let Some(helm) = Helm::find() else { return };
    let digest = format!("sha256:{}", "a".repeat(64));
    let rendered = helm.template("dev", &["--set", "image.tag=v7", "--set", &format!("image.digest={digest}")]).unwrap();
    assert!(rendered.contains(&format!("image: settlement-gateway@{digest}\n")));
    assert!(!rendered.contains("settlement-gateway:v7"));
}
