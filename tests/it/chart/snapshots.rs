//! What each file of values becomes, whole. With `BLESS=1` the pages in `tests/golden/chart` are written anew.
//!
//! Alerts and dashboard are files of their own that are only passed on, so they are no part of the pages.

use std::fs;

use super::manifests::{objects, of_kind, word};
use super::tools::{Helm, RENDERED, chart, root};

fn page(rendered: &str) -> String {
    let passed_on = |object: &&str| {
        word(object, "kind") == "PrometheusRule" || object.contains("# Source: settlement-gateway/templates/dashboard.yaml")
    };
    let kept: Vec<_> = objects(rendered).into_iter().filter(|object| !passed_on(object)).map(str::trim_end).collect();
    kept.join("\n---\n") + "\n"
}

#[test]
fn the_chart_renders_what_its_pages_show() {
    let Some(helm) = Helm::find() else { return };
    for values in RENDERED {
        let path = root().join(format!("tests/golden/chart/{values}.yaml"));
        let now = page(&helm.rendered(values));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &now).unwrap();
        }
        let shown = fs::read_to_string(&path).unwrap_or_default();
        let differing = now.lines().zip(shown.lines()).enumerate().find(|(_, (now, shown))| now != shown);
        assert!(now == shown, "{} differs, first at {differing:?}: BLESS=1 writes it anew", path.display());
    }
}

#[test]
fn alerts_and_dashboard_are_installed_where_they_are_asked_for_and_there() {
    let Some(helm) = Helm::find() else { return };
    let dashboards = |rendered: &str| rendered.matches("  settlement-gateway.json: |").count();
    let is_there = |name: &str| usize::from(chart().join("files").join(name).is_file());
    let asked = helm.rendered("production");
    assert_eq!(of_kind(&asked, "PrometheusRule").len(), is_there("rules.yaml"));
    assert_eq!(dashboards(&asked), is_there("dashboard.json"));
    let not_asked = helm.rendered("volumes");
    assert_eq!((of_kind(&not_asked, "PrometheusRule").len(), dashboards(&not_asked)), (0, 0));
}

/// What is absent cannot say whose it was, so the release's own labels stand there where its own monitor gives them.
#[test]
fn the_alert_of_a_release_that_is_down_names_that_release() {
    let Some(helm) = Helm::find() else { return };
    let asked = helm.rendered("production");
    let own = r#"absent(settlement_gateway_census_timestamp_seconds{namespace="settlement",job="gw-settlement-gateway-ops"})"#;
    assert!(asked.contains(own));
    assert!(of_kind(&asked, "Service").iter().any(|service| service.contains("  name: gw-settlement-gateway-ops\n")));
    let read_by_another = helm.template("production", &["--set", "serviceMonitor.enabled=false"]).unwrap();
    assert!(read_by_another.contains("absent(settlement_gateway_census_timestamp_seconds)"));
}

/// What the process may take to end, by the configuration, is over before the kubelet kills.
#[test]
fn the_kubelet_kills_only_after_the_drain() {
    let Some(helm) = Helm::find() else { return };
    for (grace_ms, pre_stop, granted) in [(20_000, 5, 30), (25_000, 5, 35), (25_001, 5, 36), (100, 0, 6), (600_000, 30, 635)] {
        let sets = [format!("config.drain.grace_ms={grace_ms}"), format!("shutdown.preStopSeconds={pre_stop}")];
        let rendered = helm.template("dev", &["--set", &sets[0], "--set", &sets[1]]).unwrap();
        assert!(rendered.contains(&format!("terminationGracePeriodSeconds: {granted}\n")), "{grace_ms}");
        assert!(rendered.contains(&format!("grace_ms = {grace_ms}\n")), "{grace_ms}");
        assert_eq!(rendered.contains("preStop:"), pre_stop > 0);
    }
}
