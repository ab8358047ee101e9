//! The image's recipe, and that it and the chart mean the same image.

use std::fs;
use std::process::Command;

use super::tools::{Helm, chart, output, root, tool};
use crate::architecture::{code_of, files_below, is_test_file};

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

/// A volume that docker makes has the owner of the folder that it stands for, and root without one.
#[test]
fn a_journal_on_a_new_volume_belongs_to_the_images_user() {
    let recipe = recipe();
    assert!(recipe.contains("install -d -m 0700 /out/data/settlement-gateway\n"));
    assert!(recipe.contains("\nCOPY --from=build --chown=65532:65532 /out/data /var/lib/\n"));
    for page in ["docs/deploying.md", "helm/settlement-gateway/templates/_validate.tpl"] {
        assert!(fs::read_to_string(root().join(page)).unwrap().contains("/var/lib/settlement-gateway"), "{page}");
    }
}

/// A file that the program includes and the context lacks would fail the image's build alone, long after every test.
#[test]
fn the_images_build_is_given_what_the_program_is_built_of_and_nothing_else() {
    let ignored = fs::read_to_string(root().join(".dockerignore")).unwrap();
    let rules: Vec<_> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rules, ["*", "!Cargo.toml", "!Cargo.lock", "!build.rs", "!proto", "!src"]);
    let root = root().canonicalize().unwrap();
    let mut included = 0;
    for file in files_below(&root.join("src")).iter().filter(|file| !is_test_file(file)) {
        let code = code_of(file);
        let pieces = ["include_str!(\"", "include_bytes!(\""].into_iter().flat_map(|call| code.split(call).skip(1));
        for path in pieces.map(|rest| rest.split('"').next().unwrap()) {
            let named = file.parent().unwrap().join(path).canonicalize().unwrap();
            let given = ["proto", "src"].into_iter().any(|folder| named.starts_with(root.join(folder)));
            assert!(given, "{} includes {path}", file.display());
            included += 1;
        }
    }
    assert!(included > 0, "no file is included any more, so this looks at nothing");
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
