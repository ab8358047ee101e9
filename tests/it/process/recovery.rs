//! An older copy of the journal under a real process: nothing is signed and nothing is sent before it is repaired.

use std::fs;
use std::path::Path;

use serde_json::Value;
use settlement_gateway::grpc::pb::{RetrySettlementRequest, SettlementState};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, Sandbox};
use sqlx::{AssertSqlSafe, Executor};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::calls::Gateway;
use super::installation::{Installation, Terms, created, faults_left, token};
use super::support::{Ended, Process, until};
use crate::support::postgres::Schema;
use crate::support::world::{V1, V2};

/// Where a repair is killed, each time in the same journal.
pub(super) const REPAIRS: &[&str] = &["R1_ADOPTED", "R2_EXPOSED", "R3_ANCHORED"];
/// Longer than a test: what is held here is let go by the end of the process that asked.
const HELD: Behaviour = Behaviour::DelayBefore { ms: 600_000 };
pub(super) const UNDERSTOOD: &str = "--i-have-read-the-recovery-runbook";

fn hold(sandbox: &Sandbox, on: Endpoint) {
    sandbox.faults().push(Fault { on, times: 1, behaviour: HELD });
}

/// Doubts are resolved, and the anchor is looked at, within a moment.
fn hurried(installation: &Installation, more: &str) {
    let text = fs::read_to_string(installation.config_path()).unwrap();
    let text = text.replace("visibility_window_ms = 50", "visibility_window_ms = 50\nsilence_window_ms = 300");
    fs::write(installation.config_path(), text + more).unwrap();
}

/// Copies the journal's files, as a backup of a machine that was switched off.
fn copy_journal(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let _ = fs::remove_file(to.join(name));
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Starts `serve` with a recorder of what the keys are asked to sign.
async fn serve_counting_signatures(installation: &Installation, ledger: &Path) -> Gateway {
    let config = installation.config_path();
    let arguments = [Path::new("serve"), Path::new("--config"), config.as_path()];
    let process = Process::start_with([("GATEWAY_SIGNER_LEDGER", ledger.into())], arguments);
    Gateway::of(process, "grpc ", "ops ").await
}

/// The gateway neither takes nor sends a settlement.
async fn refuses(gateway: &Gateway, sandbox: &Sandbox, enterprise: &str, external_id: &str) {
    let before = sandbox.ledger().settlement(enterprise, external_id).map(|entry| (entry.created, entry.posts));
    let refused = gateway.initiate(enterprise, external_id).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused)), (Code::FailedPrecondition, "JOURNAL_BEHIND_ANCHOR".to_owned()));
    let after = sandbox.ledger().settlement(enterprise, external_id).map(|entry| (entry.created, entry.posts));
    assert_eq!(after, before);
}

fn told(ended: &Ended) -> Value {
    serde_json::from_str(ended.said.lines().last().unwrap()).unwrap_or_else(|_| panic!("{}", ended.output()))
}

/// The texts under a member of each entry of a list.
fn texts(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| entry[member].as_str().unwrap().to_owned()).collect()
}

/// What a repair adopted, in the order of their names.
fn adopted(report: &Value) -> Vec<String> {
    let mut all: Vec<_> =
        report["enterprises"].as_array().unwrap().iter().flat_map(|one| texts(&one["adopted"], "external_id")).collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_the_file_signs_and_sends_nothing_until_a_repair_has_read_the_venues() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    hurried(&installation, "");
    let gateway = installation.serve().await;
    gateway.initiate(V1, "before").await.unwrap();
    gateway.reconciled(V1, "before").await;
    hold(&sandbox, Endpoint::SettlementsSigning);
    gateway.initiate_and_go(V1, "midway");
    faults_left(&sandbox, 0).await;
    gateway.process.kill().await;
    copy_journal(&installation.path(""), &installation.path("backup"));

    // The life that the copy knows nothing of.
    let gateway = installation.serve().await;
    gateway.reconciled(V1, "midway").await;
    for (enterprise, external_id) in [(V1, "after-1"), (V2, "after-2")] {
        gateway.initiate(enterprise, external_id).await.unwrap();
        gateway.reconciled(enterprise, external_id).await;
    }
    gateway.process.kill().await;
    copy_journal(&installation.path("backup"), &installation.path(""));

    let ledger = installation.path("signatures-of-the-copy");
    let gateway = serve_counting_signatures(&installation, &ledger).await;
    assert_eq!(gateway.stored(V1, "before").await.unwrap().state(), SettlementState::Completed, "reads go on");
    refuses(&gateway, &sandbox, V1, "after-1").await;
    refuses(&gateway, &sandbox, V2, "new").await;
    let waits = until("the settlement says why it waits", async || {
        gateway.stored(V1, "midway").await.filter(|midway| midway.reason() == "JOURNAL_BEHIND_ANCHOR")
    })
    .await;
    assert_eq!(waits.state(), SettlementState::Received, "no payload was asked for");
    assert!(gateway.ops("/metrics").await.contains("settlement_gateway_journal_adrift 1"));
    let complained = gateway.process.kill().await.complained;
    assert!(complained.contains("JOURNAL_BEHIND_ANCHOR"), "{complained}");
    assert_eq!(fs::read_to_string(&ledger).unwrap_or_default(), "", "the key was asked for nothing");

    let looked = installation.command(&["repair", "--json"]).await.with_code(1);
    let standing = &told(&looked)["standing"];
    assert_eq!(
        (standing["adrift"].as_str(), standing["sequence"].as_u64()),
        (Some("BEHIND"), Some(2)),
        "nothing was signed or sent"
    );
    let ended = installation.command(&["repair", UNDERSTOOD, "--json"]).await.with_code(0);
    let report = told(&ended);
    assert_eq!(adopted(&report), ["after-1", "after-2"]);
    assert_eq!(texts(&report["settlements_read_back"], "external_id"), ["midway"]);
    let again = told(&installation.command(&["repair", UNDERSTOOD, "--json"]).await.with_code(0));
    assert_eq!(again["needed"], Value::Bool(false));

    let gateway = installation.serve().await;
    let midway = gateway.reconciled(V1, "midway").await;
    assert_eq!(midway.state(), SettlementState::Completed);
    let entry = created(&sandbox, V1, "midway").await;
    assert_eq!((entry.created, entry.posts, entry.body_digests.len()), (1, 1, 1), "it was read back and not sent again");
    for (enterprise, external_id) in [(V1, "after-1"), (V2, "after-2")] {
        let taken = gateway.initiate(enterprise, external_id).await.unwrap_err();
        assert_eq!((taken.code(), reason(&taken)), (Code::AlreadyExists, "EXTERNAL_ID_ADOPTED".to_owned()));
        let entry = created(&sandbox, enterprise, external_id).await;
        let told = taken.get_details_error_info().unwrap().metadata["settlement_id"].clone();
        assert_eq!((entry.created, entry.posts, entry.settlement_id.as_deref()), (1, 1, Some(told.as_str())));
    }
    gateway.initiate(V2, "new").await.unwrap();
    assert_eq!(gateway.reconciled(V2, "new").await.state(), SettlementState::Completed);
    for secret in installation.secrets() {
        assert!(!looked.output().contains(&secret) && !ended.output().contains(&secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_venue_does_not_have_after_a_repair_is_not_accepted_and_a_person_may_retry_it() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    hurried(&installation, "");
    hold(&sandbox, Endpoint::SettlementsSigning);
    let gateway = installation.serve().await;
    gateway.initiate_and_go(V1, "lost");
    faults_left(&sandbox, 0).await;
    gateway.process.kill().await;
    copy_journal(&installation.path(""), &installation.path("backup"));
    hold(&sandbox, Endpoint::SettlementsSigning);
    let gateway = installation.serve().await;
    faults_left(&sandbox, 0).await;
    gateway.initiate(V2, "other").await.unwrap();
    gateway.process.kill().await;
    copy_journal(&installation.path("backup"), &installation.path(""));

    // A repair that is killed anywhere leaves everything refused.
    let config = installation.config_path();
    let repair = [Path::new("repair"), Path::new(UNDERSTOOD), Path::new("--config"), config.as_path()];
    for moment in REPAIRS {
        let killed = Process::start_with([("GATEWAY_KILL_AT", moment.into())], repair).ended().await;
        assert_eq!(killed.code(), None, "{moment}: {}", killed.output());
        let gateway = installation.serve().await;
        refuses(&gateway, &sandbox, V1, "new").await;
        gateway.process.kill().await;
    }

    let report = told(&installation.command(&["repair", UNDERSTOOD, "--json"]).await.with_code(0));
    assert_eq!(report["epoch"].as_u64(), Some(3), "the kill between anchor and journal cost an epoch");
    assert!(adopted(&report).is_empty(), "what was adopted before the kills is adopted: {report}");
    let gateway = installation.serve().await;
    let refused = until("the venue provably has none", async || {
        gateway.stored(V1, "lost").await.filter(|lost| lost.state() == SettlementState::NotAccepted)
    })
    .await;
    assert_eq!(refused.reason(), "JOURNAL_RESTORED");
    assert!(sandbox.ledger().settlement(V1, "lost").is_none(), "nothing went out by itself");
    let retry = RetrySettlementRequest {
        enterprise_id: V1.to_owned(),
        external_id: "lost".to_owned(),
        expected_sequence: refused.sequence,
    };
    gateway.client().retry_settlement(retry).await.unwrap();
    assert_eq!(gateway.reconciled(V1, "lost").await.state(), SettlementState::Completed);
    assert_eq!(created(&sandbox, V1, "lost").await.created, 1);
}

/// Every table of a schema, kept in another one, and put back under whoever works on it.
pub(super) struct Copied<'a> {
    schema: &'a Schema,
    name: String,
    tables: Vec<String>,
}

impl<'a> Copied<'a> {
    pub(super) async fn of(schema: &'a Schema) -> Self {
        let mut on = schema.connect().await;
        let name = schema.url().rsplit_once("%3D").unwrap().1.to_owned();
        let tables: Vec<String> = sqlx::query_scalar("SELECT tablename FROM pg_tables WHERE schemaname = $1")
            .bind(&name)
            .fetch_all(&mut on)
            .await
            .unwrap();
        let copies = tables.iter().map(|table| format!("CREATE TABLE {name}_copy.{table} AS TABLE {name}.{table};"));
        let all: String = std::iter::once(format!("CREATE SCHEMA {name}_copy;")).chain(copies).collect();
        on.execute(AssertSqlSafe(all)).await.unwrap();
        Self { schema, name, tables }
    }

    pub(super) async fn put_back(&self) {
        let name = &self.name;
        let back = self
            .tables
            .iter()
            .map(|table| format!("DELETE FROM {name}.{table}; INSERT INTO {name}.{table} TABLE {name}_copy.{table};"));
        let tables: Vec<String> = self.tables.iter().map(|table| format!("{name}.{table}")).collect();
        // Whoever is inside a transaction ends it first, so that nothing of it stays behind.
        let begin = format!(
            "BEGIN; SET LOCAL session_replication_role = replica; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE;",
            tables.join(", ")
        );
        let all: String = std::iter::once(begin).chain(back).chain(["COMMIT".to_owned()]).collect();
        // Two that wait for each other are told so, and this one tries again.
        until("the rows are back", async || self.schema.connect().await.execute(AssertSqlSafe(all.clone())).await.ok()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn older_rows_under_two_running_replicas_stop_both_until_a_repair_beside_them() {
    let Some(schema) = Schema::fresh().await else { return };
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    hurried(&installation, "[anchor]\nfile = \"anchor/shared.anchor\"\nheartbeat_ms = 100\n");
    let text = fs::read_to_string(installation.config_path()).unwrap();
    fs::write(installation.config_path(), text.replace("sqlite://journal.db", &schema.url())).unwrap();
    let (one, other) = (installation.serve().await, installation.serve().await);
    one.initiate(V1, "before").await.unwrap();
    one.reconciled(V1, "before").await;
    let copied = Copied::of(&schema).await;
    for (gateway, external_id) in [(&one, "after-1"), (&other, "after-2")] {
        gateway.initiate(V2, external_id).await.unwrap();
        gateway.reconciled(V2, external_id).await;
    }
    copied.put_back().await;
    for gateway in [&one, &other] {
        until("the replica has seen it", async || {
            gateway.ops("/metrics").await.contains("settlement_gateway_journal_adrift 1").then_some(())
        })
        .await;
        refuses(gateway, &sandbox, V2, "after-1").await;
        refuses(gateway, &sandbox, V1, "new").await;
        assert!(gateway.stored(V1, "before").await.is_some(), "reads go on");
    }
    let signed: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM signing_reservation").fetch_one(&mut schema.connect().await).await.unwrap();
    assert_eq!(signed, 1, "nothing was even reserved");
    let report = told(&installation.command(&["repair", UNDERSTOOD, "--json"]).await.with_code(0));
    assert_eq!(adopted(&report), ["after-1", "after-2"]);
    for (gateway, external_id) in [(&one, "new-1"), (&other, "new-2")] {
        until("the replica works again", async || gateway.initiate(V1, external_id).await.ok()).await;
        assert_eq!(gateway.reconciled(V1, external_id).await.state(), SettlementState::Completed);
        assert_eq!(created(&sandbox, V1, external_id).await.created, 1);
        let taken = gateway.initiate(V2, "after-1").await.unwrap_err();
        assert_eq!(reason(&taken), "EXTERNAL_ID_ADOPTED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_or_missing_anchor_stops_what_would_leave_and_nothing_else() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    // The anchor's folder cannot be made below a file: every write fails, as on a volume that is full or gone.
    hurried(&installation, "[anchor]\nfile = \"volume/anchors/journal.anchor\"\nheartbeat_ms = 50\n");
    let gateway = installation.serve().await;
    gateway.initiate_and_go(V1, "waits");
    let waits = until("the settlement says why it waits", async || {
        gateway.stored(V1, "waits").await.filter(|waits| waits.reason() == "ANCHOR_UNAVAILABLE")
    })
    .await;
    assert!(!waits.terminal && waits.attempts == 0);
    assert!(sandbox.ledger().settlement(V1, "waits").is_none());
    fs::create_dir(installation.path("volume")).unwrap();
    assert_eq!(gateway.reconciled(V1, "waits").await.state(), SettlementState::Completed);
    assert_eq!(created(&sandbox, V1, "waits").await.created, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_that_a_stopped_process_holds_on_to_is_waited_for_and_nobody_is_taken_for_dead() {
    // Longer than two calls, and shorter than the lock is waited for.
    let engine = "lease_ms = 4500\n";
    let venues = "connect_timeout_ms = 1000\nfirst_byte_timeout_ms = 2000\ncall_timeout_ms = 2000\n";
    let installation = Installation::on(Terms { max_lapses: 2, engine, venues, ..Terms::default() });
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    gateway.initiate(V1, "before").await.unwrap();
    let lock = fs::File::open(installation.path("anchor/journal.db.anchor.lock")).unwrap();
    lock.lock().unwrap();
    gateway.initiate_and_go(V1, "waits");
    let waits = until("the settlement says why it waits", async || {
        gateway.stored(V1, "waits").await.filter(|waits| waits.reason() == "ANCHOR_UNAVAILABLE")
    })
    .await;
    assert!(sandbox.ledger().settlement(V1, "waits").is_none(), "{waits:?}");
    lock.unlock().unwrap();
    let settled = gateway.reconciled(V1, "waits").await;
    assert_eq!(settled.state(), SettlementState::Completed);
    assert!(settled.timeline.iter().all(|change| change.change != "UNANSWERED"), "{settled:?}");
    assert_eq!(created(&sandbox, V1, "waits").await.created, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_venue_had_before_the_first_use_is_adopted() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let (bitgo, bitlipa) = (sandbox.bitgo_url(), sandbox.bitlipa_url());
    let gateway = installation.serve().await;
    gateway.initiate(V1, "old").await.unwrap();
    gateway.reconciled(V1, "old").await;
    gateway.process.kill().await;
    // Another gateway over the same venues: a journal and an anchor of its own.
    installation.configure(&bitgo, &bitlipa, "[anchor]\nfile = \"second/journal.anchor\"\n");
    let text = fs::read_to_string(installation.config_path()).unwrap();
    fs::write(installation.config_path(), text.replace("sqlite://journal.db", "sqlite://second/journal.db")).unwrap();
    let report = told(&installation.command(&["adopt", "--json"]).await.with_code(0));
    assert_eq!(adopted(&report), ["old"]);
    let again = told(&installation.command(&["adopt", "--json"]).await.with_code(0));
    assert!(adopted(&again).is_empty());
    let gateway = installation.serve().await;
    let taken = gateway.initiate(V1, "old").await.unwrap_err();
    assert_eq!((taken.code(), reason(&taken)), (Code::AlreadyExists, "EXTERNAL_ID_ADOPTED".to_owned()));
    gateway.initiate(V1, "fresh").await.unwrap();
    assert_eq!(gateway.reconciled(V1, "fresh").await.state(), SettlementState::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_body_that_was_posted_by_hand_is_taken_back_in() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    for enterprise in [V1, V2] {
        hold(&sandbox, Endpoint::SettlementPost);
        let gateway = installation.serve().await;
        gateway.initiate_and_go(enterprise, "by-hand");
        faults_left(&sandbox, 0).await;
        gateway.process.kill().await;
        assert_eq!(sandbox.ledger().settlement(enterprise, "by-hand").map_or(0, |entry| entry.created), 0);

        let out = installation.path("handed-out");
        let words = ["export-signed", "--enterprise", enterprise, "--external-id", "by-hand", "--json", "--out"];
        let ended = installation.command(&[&words[..], &[out.to_str().unwrap()]].concat()).await.with_code(0);
        let handed = told(&ended)["bodies"][0].clone();
        let body = fs::read(handed["body_file"].as_str().unwrap()).unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let post = client.post(handed["url"].as_str().unwrap()).bearer_auth(token(enterprise));
        let answer = post.header("content-type", "application/json").body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        let by_hand = created(&sandbox, enterprise, "by-hand").await;

        let gateway = installation.serve().await;
        assert_eq!(gateway.reconciled(enterprise, "by-hand").await.state(), SettlementState::Completed);
        let entry = created(&sandbox, enterprise, "by-hand").await;
        assert_eq!((entry.created, entry.body_digests.len()), (1, 1));
        assert_eq!(entry.posts, by_hand.posts, "the gateway sent nothing of its own");
        for secret in installation.secrets() {
            assert!(!ended.output().contains(&secret));
        }
        gateway.process.kill().await;
    }
}
