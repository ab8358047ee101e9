//! What a pod waits for is there before it, or comes without it.

use super::manifests::of_kind;
use super::tools::Helm;

/// A file of values, what is set on top of it, and how its pods are replaced.
type Replaced = (&'static str, &'static [&'static str], &'static str);

const REPLACED: [Replaced; 6] = [
    ("dev", &[], "Recreate"),
    ("production", &[], "RollingUpdate"),
    ("volumes", &[], "RollingUpdate"),
    ("single", &[], "Recreate"),
    ("single", &["--set", "persistence.anchor.accessModes={ReadWriteMany}"], "Recreate"),
    (
        "single",
        &["--set", "persistence.anchor.accessModes={ReadWriteMany},persistence.archive.accessModes={ReadWriteMany}"],
        "RollingUpdate",
    ),
];

/// Claims are made after the hook, or held by the pods that are there.
#[test]
fn the_job_that_migrates_waits_for_no_volume() {
    let Some(helm) = Helm::find() else { return };
    let rendered = helm.rendered("single");
    let (job, pods) = (of_kind(&rendered, "Job")[0], of_kind(&rendered, "Deployment")[0]);
    assert_eq!((job.matches("claimName: ").count(), pods.matches("claimName: ").count()), (0, 2), "{job}");
    for place in ["anchor", "archive"] {
        assert!(job.contains(&format!("mountPath: /var/lib/settlement-gateway/{place}\n")), "{place}");
    }
}

/// What has a Secret made is created after the hooks, before an upgrade too.
#[test]
fn no_job_goes_before_the_secrets_that_the_release_has_made() {
    let Some(helm) = Helm::find() else { return };
    let rendered = helm.rendered("production");
    assert!(of_kind(&rendered, "Job").is_empty());
    assert!(of_kind(&rendered, "Deployment")[0].contains("args: [migrate, up, "));
    let of_volumes = helm.template("volumes", &["--set", "migrations.mode=auto"]).unwrap();
    assert_eq!(of_kind(&of_volumes, "Job").len(), 1, "its Secrets exist");
    let of_dev = helm.template("dev", &["--set", "migrations.mode=auto"]).unwrap();
    assert!(of_kind(&of_dev, "Job").is_empty());
}

#[test]
fn a_certificate_of_a_listener_that_is_not_there_is_neither_asked_for_nor_waited_for() {
    let Some(helm) = Helm::find() else { return };
    let rendered = helm.rendered("single");
    assert!(!rendered.contains("callbacks"), "{rendered}");
    assert!(of_kind(&helm.rendered("production"), "Certificate").iter().any(|asked| asked.contains("-callbacks-tls\n")));
}

/// A volume that one node alone can mount is held by the pod that is there.
#[test]
fn a_pod_goes_before_the_next_comes_where_both_want_what_one_can_have() {
    let Some(helm) = Helm::find() else { return };
    for (values, more, strategy) in REPLACED {
        let rendered = helm.template(values, more).unwrap();
        let pods = of_kind(&rendered, "Deployment")[0];
        assert!(pods.contains(&format!("    type: {strategy}\n")), "{values} {more:?}");
    }
}
