//! What helm printed, taken apart.

/// The objects, each as its text.
pub(crate) fn objects(rendered: &str) -> Vec<&str> {
    let parts = rendered.split("\n---\n").map(|part| part.trim_start_matches("---\n"));
    parts.filter(|part| part.lines().any(|line| line.starts_with("kind: "))).collect()
}

/// The value of a key that stands at the beginning of a line.
pub(crate) fn word<'a>(object: &'a str, key: &str) -> &'a str {
    let found = object.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {key} in\n{object}"))
}

/// The objects of a kind.
pub(crate) fn of_kind<'a>(rendered: &'a str, kind: &str) -> Vec<&'a str> {
    objects(rendered).into_iter().filter(|object| word(object, "kind") == kind).collect()
}

/// The configurations that pods are given: of the gateway's pods first, then of those that migrate.
pub(crate) fn configurations(rendered: &str) -> Vec<String> {
    let maps = of_kind(rendered, "ConfigMap");
    let texts = maps.iter().filter_map(|map| map.split_once("  gateway.toml: |\n"));
    texts.map(|(_, text)| text.lines().map(|line| format!("{}\n", line.trim_start_matches("    "))).collect()).collect()
}

/// Whether an object's kind is Kubernetes' own, and not one that an operator brings along.
pub(crate) fn is_kubernetes_own(object: &str) -> bool {
    let version = word(object, "apiVersion");
    !["monitoring.coreos.com/", "cert-manager.io/", "external-secrets.io/"].iter().any(|group| version.starts_with(group))
}
