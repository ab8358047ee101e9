//! Every object against Kubernetes' own schemas, of the oldest version that the chart takes, the newest, and one between.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::manifests::{is_kubernetes_own, objects, of_kind, word};
use super::tools::{Helm, RENDERED, chart, output, tool};

const VERSIONS: [&str; 3] = ["1.30", "1.34", "1.37"];

/// The kinds that operators bring along, whose schemas are not Kubernetes': each is held by its snapshot alone.
const OPERATORS: [&str; 5] = ["Certificate", "ExternalSecret", "Issuer", "PrometheusRule", "ServiceMonitor"];

fn validate(validator: &Path, version: &str, objects: &[&str]) -> Result<String, String> {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("objects.yaml");
    fs::write(&file, objects.join("\n---\n")).unwrap();
    let mut command = Command::new(validator);
    command.args(["--kubernetes-version", version, "--strict"]).arg(file);
    output(command)
}

#[test]
fn every_object_is_as_three_versions_of_kubernetes_want_it() {
    let (Some(helm), Some(validator)) = (Helm::find(), tool("kubernetes-validate")) else { return };
    for values in RENDERED {
        let rendered = helm.rendered(values);
        let (own, others): (Vec<_>, Vec<_>) = objects(&rendered).into_iter().partition(|object| is_kubernetes_own(object));
        assert!(own.len() >= 7, "{values}: {}", own.len());
        for other in others {
            assert!(OPERATORS.contains(&word(other, "kind")), "{other}");
        }
        for version in VERSIONS {
            let told = validate(&validator, version, &own).unwrap_or_else(|error| panic!("{values}, {version}: {error}"));
            assert_eq!(told.matches("passed for resource").count(), own.len(), "{values}, {version}: {told}");
        }
    }
}

/// The Job is rendered by itself, and is in no release.
#[test]
fn an_operation_is_a_job_of_its_own_with_what_the_gateways_pods_have() {
    let (Some(helm), Some(validator)) = (Helm::find(), tool("kubernetes-validate")) else { return };
    let asked = ["--show-only", "templates/operation-job.yaml", "--set", "operation.args={repair,--config,gateway.toml}"];
    for values in RENDERED {
        let rendered = helm.template(values, &asked).unwrap();
        let jobs = objects(&rendered);
        assert_eq!((jobs.len(), word(jobs[0], "kind")), (1, "Job"));
        validate(&validator, VERSIONS[0], &jobs).unwrap();
        let release = helm.rendered(values);
        let [job, pod] = [jobs[0], of_kind(&release, "Deployment")[0]].map(mounted);
        assert_eq!(job, pod, "{values}");
        assert!(!release.contains("-operation\n"));
    }
}

/// Where an object's last container has its files, and what its volumes are.
fn mounted(object: &str) -> BTreeSet<&str> {
    let lines = object.lines().map(str::trim);
    lines.filter(|line| ["mountPath: ", "secretName: ", "claimName: "].iter().any(|key| line.starts_with(key))).collect()
}

#[test]
fn a_key_that_kubernetes_does_not_know_would_be_found() {
    let (Some(helm), Some(validator)) = (Helm::find(), tool("kubernetes-validate")) else { return };
    let rendered = helm.rendered("dev").replace("terminationGracePeriodSeconds", "terminationGraceSeconds");
    for version in VERSIONS {
        let own: Vec<_> = objects(&rendered).into_iter().filter(|object| is_kubernetes_own(object)).collect();
        assert!(validate(&validator, version, &own).unwrap_err().contains("terminationGraceSeconds"));
    }
}

#[test]
fn the_oldest_version_that_is_tried_is_the_oldest_that_the_chart_takes() {
    let described = fs::read_to_string(chart().join("Chart.yaml")).unwrap();
    assert_eq!(word(&described, "kubeVersion"), format!("\">={}.0-0\"", VERSIONS[0]));
}
