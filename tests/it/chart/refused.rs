//! Wrong values, each with what is said of it: by the schema, where one value is wrong, and by the chart, where several do not go together.

use super::tools::Helm;

/// A file of values, what is set on top of it, and what is said of that.
type Refused = (&'static str, &'static [&'static str], &'static str);

/// What no value may be.
const BY_THE_SCHEMA: [Refused; 38] = [
    ("dev", &["replicas=2"], "Additional property replicas is not allowed"),
    ("dev", &["image.sha=abc"], "Additional property sha is not allowed"),
    ("dev", &["config.grcp.reflection=true"], "Additional property grcp is not allowed"),
    ("dev", &["config.grpc.listen=127.0.0.1:1"], "Additional property listen is not allowed"),
    ("dev", &["config.ops.allow_non_loopback=false"], "Additional property allow_non_loopback is not allowed"),
    ("dev", &["config.store.password=hunter2"], "Additional property password is not allowed"),
    ("dev", &["config.enterprises[0].token=v2x"], "Additional property token is not allowed"),
    ("dev", &["networkPolicy.egress.proxy.url=http://p"], "Additional property url is not allowed"),
    ("dev", &["secretFiles.secrets.secretName=s"], "Additional property secretName is not allowed"),
    ("dev", &["tls.grpc.certManager.issuer=ca"], "Additional property issuer is not allowed"),
    ("dev", &["replicaCount=two"], "replicaCount: Invalid type. Expected: integer"),
    ("dev", &["replicaCount=-1"], "replicaCount: Must be greater than or equal to 0"),
    ("dev", &["production=perhaps"], "production: Invalid type. Expected: boolean"),
    ("dev", &["image.digest=sha256:abc"], "image.digest: Does not match pattern"),
    ("dev", &["image.repository=Registry/Image"], "image.repository: Does not match pattern"),
    ("dev", &["image.pullPolicy=Sometimes"], "image.pullPolicy must be one of"),
    ("dev", &["ports.grpc=80"], "ports.grpc: Must be greater than or equal to 1024"),
    ("dev", &["listenAddress=localhost"], "listenAddress: Does not match pattern"),
    ("dev", &["migrations.mode=sometimes"], "migrations.mode must be one of"),
    ("dev", &["service.type=NodePort"], "service.type must be one of"),
    ("dev", &["shutdown.preStopSeconds=1.5"], "shutdown.preStopSeconds: Invalid type. Expected: integer"),
    ("dev", &["shutdown.marginSeconds=0"], "shutdown.marginSeconds: Must be greater than or equal to 1"),
    ("dev", &["topologySpread.zones=Perhaps"], "topologySpread.zones must be one of"),
    ("dev", &["securityContext.readOnlyRootFilesystem=false"], "securityContext.readOnlyRootFilesystem does not match: true"),
    ("dev", &["securityContext.allowPrivilegeEscalation=true"], "securityContext.allowPrivilegeEscalation does not match: false"),
    ("dev", &["securityContext.privileged=true"], "Additional property privileged is not allowed"),
    ("dev", &["podSecurityContext.runAsNonRoot=false"], "podSecurityContext.runAsNonRoot does not match: true"),
    ("dev", &["podSecurityContext.runAsUser=0"], "podSecurityContext.runAsUser: Must be greater than or equal to 1"),
    ("dev", &["secretFiles.tls.existingSecret=s"], "secretFiles"),
    ("dev", &["config.store.url=mysql://h/d"], "config.store.url: Does not match pattern"),
    ("dev", &["config.store=null"], "config: store is required"),
    ("dev", &["config.callers=null"], "config: callers is required"),
    ("dev", &["config.grpc.unauthenticated_loopback=true"], "config.grpc.unauthenticated_loopback does not match: false"),
    ("dev", &["config.drain.grace_ms=50"], "config.drain.grace_ms: Must be greater than or equal to 100"),
    ("dev", &["config.engine.workers=16.5"], "config.engine.workers: Invalid type. Expected: integer"),
    ("dev", &["config.keys[0].purposes={withdraw}"], "config.keys.0.purposes.0 must be one of"),
    ("dev", &["config.enterprises[0].route=v3"], "config.enterprises.0.route must be one of"),
    ("dev", &["config.callers[0].token_sha256={secret}"], "config.callers.0.token_sha256.0: Does not match pattern"),
];

/// What is well by itself and not beside the rest.
const BY_THE_CHART: [Refused; 24] = [
    ("dev", &["replicaCount=2"], "SQLite is for one process"),
    ("dev", &["autoscaling.enabled=true"], "SQLite is for one process"),
    ("dev", &["migrations.mode=job"], "migrations.mode: a Job cannot reach the SQLite file"),
    ("production", &["migrations.mode=job"], "migrations.mode: a Job goes before the Secrets"),
    ("dev", &["config.store.url=sqlite:///tmp/journal.db"], "config.store.url: the file must lie below"),
    ("dev", &["config.store.url=sqlite://journal.db"], "config.store.url: the file must lie below"),
    ("dev", &["production=true"], "config.anchor: in production the anchor stands outside the pod"),
    ("dev", &["production=true"], "persistence.journal.enabled: in production a journal in SQLite outlives its pod"),
    ("dev", &["config.anchor.file=/tmp/anchor"], "config.anchor.file: must lie below"),
    ("dev", &["tls.grpc.certManager.enabled=false"], "tls.grpc: beyond loopback gRPC needs a certificate"),
    ("dev", &["tls.grpc.certManager.dnsNames=null"], "tls.grpc.certManager: needs issuerRef.name and dnsNames"),
    (
        "dev",
        &["config.grpc.tls.certificate_file=a", "config.grpc.tls.private_key_file=b"],
        "config.grpc.tls: stands beside tls.grpc",
    ),
    ("dev", &["config.callbacks.allow_plaintext=true"], "config.callbacks: serves nothing: it needs bitgo or bitlipa"),
    ("dev", &["secretFiles.keys.existingSecret="], "secretFiles.keys: needs existingSecret, or externalSecret.enabled"),
    ("production", &["config.anchor=null"], "config.anchor: in production the anchor stands outside the pod"),
    ("volumes", &["persistence.anchor.enabled=false"], "config.anchor: in production"),
    ("production", &["config.venues=null"], "config.venues.proxy_url must name it"),
    ("production", &["networkPolicy.egress.proxy.enabled=false"], "config.venues.proxy_url: the proxy cannot be reached"),
    ("production", &["networkPolicy.egress.proxy.to=null"], "networkPolicy.egress.proxy.to: says where the proxy is"),
    ("production", &["networkPolicy.egress.database.to=null"], "networkPolicy.egress.database.to: says where PostgreSQL is"),
    ("production", &["tls.callbacks.certManager.enabled=false"], "tls.callbacks: the callbacks' listener needs a certificate"),
    (
        "volumes",
        &["persistence.anchor.accessModes={ReadWriteOnce}"],
        "persistence.anchor.accessModes: all replicas share one anchor",
    ),
    ("volumes", &["persistence.archive.enabled=false"], "config.retention.archive_folder: needs persistence.archive.enabled"),
    ("volumes", &["autoscaling.minReplicas=5"], "autoscaling.minReplicas: is more than maxReplicas"),
];

fn said_of(helm: &Helm, (values, sets, _): &Refused) -> Result<String, String> {
    let arguments: Vec<_> = sets.iter().flat_map(|set| ["--set", set]).collect();
    helm.template(values, &arguments)
}

#[test]
fn every_wrong_value_is_refused_with_words_for_it() {
    let Some(helm) = Helm::find() else { return };
    let mut faults = Vec::new();
    for wrong in BY_THE_SCHEMA.iter().chain(&BY_THE_CHART) {
        match said_of(&helm, wrong) {
            Ok(_) => faults.push(format!("{wrong:?} is taken")),
            Err(said) if !said.contains(wrong.2) => faults.push(format!("{wrong:?}: {said}")),
            Err(_) => {}
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_does_not_go_together_is_told_at_once() {
    let Some(helm) = Helm::find() else { return };
    let said = said_of(&helm, &("dev", &["production=true", "replicaCount=3", "migrations.mode=job"], "")).unwrap_err();
    let mistakes = said.lines().filter(|line| line.starts_with("- ")).count();
    assert_eq!(mistakes, 4, "{said}");
}
