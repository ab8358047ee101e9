//! `doctor` against simulated venues: all is well, and then each thing broken in turn.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::Value;
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, Sandbox};

use super::installation::{BITLIPA_KEY, Installation, Terms};
use super::support::Ended;
use crate::support::postgres::Schema;
use crate::support::world::{V1, V2};

/// A folder in which a gateway has settled once and was stopped.
async fn settled() -> (Installation, Sandbox) {
    settled_on(Terms::default()).await
}

/// The same, on these terms.
async fn settled_on(terms: Terms) -> (Installation, Sandbox) {
    let installation = Installation::on(terms);
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    gateway.initiate(V1, "day-1").await.unwrap();
    gateway.reconciled(V1, "day-1").await;
    gateway.process.signal("TERM");
    gateway.process.ended().await.with_code(0);
    (installation, sandbox)
}

struct Told {
    ended: Ended,
    checks: Vec<Value>,
}

async fn doctor(installation: &Installation, more: &[&str]) -> Told {
    let ended = installation.command(&[&["doctor", "--output", "json"], more].concat()).await;
    let told: Value = serde_json::from_str(&ended.said).unwrap();
    Told { ended, checks: told["checks"].as_array().unwrap().clone() }
}

impl Told {
    /// The verdict on a topic and a subject that ends so.
    fn verdict(&self, topic: &str, subject: &str) -> &str {
        let named = |check: &&Value| check["check"] == topic && check["subject"].as_str().unwrap().ends_with(subject);
        let found = self.checks.iter().find(named);
        found.unwrap_or_else(|| panic!("no {topic} of {subject}: {}", self.ended.said))["verdict"].as_str().unwrap()
    }

    /// Every check that failed or warns, with its hint.
    fn troubles(&self) -> Vec<(String, bool)> {
        let troubled = |check: &&Value| check["verdict"] == "failed" || check["verdict"] == "warning";
        let told = |check: &Value| (check["check"].as_str().unwrap().to_owned(), check["hint"].is_string());
        self.checks.iter().filter(troubled).map(told).collect()
    }

    /// Fails unless this alone is wrong, with a hint, and the process ended so.
    #[track_caller]
    fn only(self, topic: &str, code: i32) -> Self {
        let troubles = self.troubles();
        assert!(
            !troubles.is_empty() && troubles.iter().all(|trouble| *trouble == (topic.to_owned(), true)),
            "{}",
            self.ended.said
        );
        assert_eq!(self.ended.code(), Some(code), "{}", self.ended.said);
        self
    }
}

/// Writes the configuration anew with one text in another's place, looks, and puts it back.
async fn with(installation: &Installation, from: &str, to: &str) -> Told {
    let text = fs::read_to_string(installation.config_path()).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(installation.config_path(), text.replacen(from, to, 1)).unwrap();
    let told = doctor(installation, &[]).await;
    fs::write(installation.config_path(), text).unwrap();
    told
}

/// Every file below a folder but SQLite's own beside the database, with what it holds.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if !path.to_string_lossy().ends_with("-shm") && !path.to_string_lossy().ends_with("-wal") {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// What the venues hold and were asked, but for reads.
fn but_reads(sandbox: &Sandbox) -> Value {
    let mut ledger = serde_json::to_value(sandbox.ledger()).unwrap();
    ledger["requests"].as_object_mut().unwrap().retain(|request, _| !request.starts_with("GET "));
    ledger
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well_and_looking_changed_nothing_and_showed_no_secret() {
    let (installation, sandbox) = settled().await;
    let folder = installation.path("");
    let (before, ledger) = (contents(&folder), but_reads(&sandbox));
    let told = doctor(&installation, &[]).await;
    assert_eq!(told.ended.code(), Some(0), "{}", told.ended.said);
    assert_eq!(told.troubles(), []);
    for topic in ["configuration", "store", "durability", "anchor", "audit-chain"] {
        assert_eq!(told.checks.iter().filter(|check| check["check"] == topic && check["verdict"] == "ok").count(), 1, "{topic}");
    }
    for (topic, subject) in [("credential", V1), ("credential", V2), ("credential", "Bitlipa"), ("terms", V2), ("clock", V1)] {
        assert_eq!(told.verdict(topic, subject), "ok");
    }
    assert_eq!(told.verdict("scopes", V1), "skipped");
    assert_eq!(contents(&folder), before);
    assert_eq!(but_reads(&sandbox), ledger);
    let text = installation.command(&["doctor"]).await.with_code(0);
    assert!(text.said.ends_with("0 warning, 0 failed\n"), "{}", text.said);
    for secret in installation.secrets() {
        assert!(!text.output().contains(&secret) && !told.ended.output().contains(&secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_is_wrong_at_a_venue_is_named_alone_and_with_a_hint() {
    let (installation, sandbox) = settled().await;
    let fault = |on, times, behaviour| sandbox.faults().push(Fault { on, times, behaviour });

    let good = installation.secrets();
    installation.write_token(V1, "v2x-not-the-one");
    let told = doctor(&installation, &[]).await.only("credential", 1);
    assert_eq!((told.verdict("credential", V1), told.verdict("terms", V1)), ("failed", "skipped"));
    assert_eq!(told.verdict("credential", V2), "ok");
    installation.write_token(V1, &good[1]);

    with(&installation, "route = \"v1\"", "route = \"v2\"").await.only("terms", 1);

    fault(Endpoint::PartnerReads, 20, Behaviour::DateSkew { seconds: 300 });
    let told = doctor(&installation, &[]).await.only("clock", 3);
    assert_eq!((told.verdict("clock", V1), told.verdict("clock", "Bitlipa")), ("warning", "ok"));
    sandbox.faults().clear();

    sandbox.fund(V1, None, "BTC", "0.5").await.unwrap();
    with(&installation, "amount_unit = \"full\"", "amount_unit = \"base\"").await.only("amount-unit", 1);

    fs::write(installation.path("bitlipa.key"), "pk-another").unwrap();
    let told = doctor(&installation, &[]).await.only("credential", 1);
    assert_eq!(told.verdict("credential", "Bitlipa"), "failed");
    fs::write(installation.path("bitlipa.key"), BITLIPA_KEY).unwrap();

    fault(Endpoint::PartnerReads, 1, Behaviour::DelayBefore { ms: 600_000 });
    let told = doctor(&installation, &["--timeout-seconds", "1"]).await;
    assert_eq!(told.ended.code(), Some(1), "{}", told.ended.said);
    assert!(told.ended.said.contains("did not answer in time"), "{}", told.ended.said);
    sandbox.faults().clear();

    sandbox.stop().await;
    let told = doctor(&installation, &[]).await.only("credential", 1);
    assert_eq!(told.verdict("clock", V1), "skipped");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_is_wrong_on_this_machine_is_named_alone_and_with_a_hint() {
    let (installation, _sandbox) = settled().await;
    doctor(&installation, &[]).await.ended.with_code(0);
    let chmod = |name: &str, mode| fs::set_permissions(installation.path(name), fs::Permissions::from_mode(mode)).unwrap();

    chmod("gateway.toml", 0o666);
    doctor(&installation, &[]).await.only("permissions", 1);
    chmod("gateway.toml", 0o644);
    chmod("journal.db", 0o644);
    doctor(&installation, &[]).await.only("permissions", 3);
    chmod("journal.db", 0o600);

    let pin = format!("id = \"key-{V1}\"\npublic_key = \"{}\"", installation.public_key(V2).to_hex());
    with(&installation, &format!("id = \"key-{V1}\""), &pin).await.only("keys", 1);
    let disabled = format!("id = \"key-{V1}\"\nenabled = false");
    with(&installation, &format!("id = \"key-{V1}\""), &disabled).await.only("keys", 3);

    let lapsed = certificate(2024);
    fs::write(installation.path("ca.pem"), lapsed).unwrap();
    with(&installation, "route = \"v1\"", "route = \"v1\"\nca_file = \"ca.pem\"").await.only("certificates", 1);
    fs::write(installation.path("ca.pem"), certificate(2999)).unwrap();
    let told = with(&installation, "route = \"v1\"", "route = \"v1\"\nca_file = \"ca.pem\"").await;
    assert_eq!(told.verdict("certificates", "ca.pem"), "ok");

    fs::rename(installation.path("anchor"), installation.path("elsewhere")).unwrap();
    let told = doctor(&installation, &[]).await.only("anchor", 1);
    assert!(told.ended.said.contains("MISSING"), "{}", told.ended.said);
    fs::rename(installation.path("elsewhere"), installation.path("anchor")).unwrap();

    fs::rename(installation.path("journal.db"), installation.path("away.db")).unwrap();
    let told = doctor(&installation, &[]).await;
    assert_eq!(told.ended.code(), Some(1), "{}", told.ended.said);
    assert_eq!((told.verdict("store", "journal.db"), told.verdict("anchor", "the anchor")), ("warning", "failed"));
    fs::write(installation.path("journal.db"), "no database").unwrap();
    let told = doctor(&installation, &[]).await;
    assert_eq!((told.verdict("store", "journal.db"), told.verdict("anchor", "journal.db")), ("failed", "skipped"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_server_is_looked_at_as_the_gateway_would_meet_it() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = format!("url = \"{}\"\n[anchor]\nfile = \"anchor/shared.anchor\"\n", schema.url());
    let (installation, _sandbox) = settled_on(Terms { store, ..Terms::default() }).await;
    let told = doctor(&installation, &[]).await;
    assert_eq!((told.ended.code(), told.troubles()), (Some(0), Vec::new()), "{}", told.ended.said);
    let found = |topic: &str| told.checks.iter().find(|check| check["check"] == topic).unwrap()["finding"].to_string();
    assert!(found("durability").contains("synchronous_commit on, fsync"), "{}", told.ended.said);

    let lazy = format!("{}%20-c%20synchronous_commit%3Doff", schema.url());
    let told = with(&installation, &schema.url(), &lazy).await.only("durability", 1);
    assert!(told.ended.said.contains("synchronous_commit"), "{}", told.ended.said);

    let nobody = "postgres://nobody@127.0.0.1:1/none";
    let told = with(&installation, &schema.url(), nobody).await;
    assert_eq!((told.ended.code(), told.verdict("store", "PostgreSQL")), (Some(1), "failed"), "{}", told.ended.said);
    assert!(!told.ended.output().contains("nobody"), "an address may hold a password: {}", told.ended.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_with_mistakes_is_told_whole_and_nothing_else_is_looked_at() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let told = with(&installation, "grace_ms = 5000", "grace_ms = 5\nunheard_of = 1").await;
    assert_eq!(told.ended.code(), Some(2), "{}", told.ended.said);
    assert_eq!(told.verdict("configuration", "drain.grace_ms"), "failed");
    assert_eq!(told.verdict("configuration", "drain.unheard_of"), "failed");
    assert_eq!(told.verdict("store", "gateway.toml"), "skipped");
    assert!(!installation.path("journal.db").exists());
    sandbox.stop().await;
}

fn certificate(until: i32) -> String {
    let mut params = CertificateParams::new(vec!["venue".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}
