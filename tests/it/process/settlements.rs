//! `settlements`: an operator looks and decides, over the API of a gateway that serves.

use std::fs;

use rcgen::SanType;
use serde_json::Value;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, Sandbox};
use sha2::{Digest, Sha256};

use super::calls::Gateway;
use super::installation::{Installation, write_private};
use super::support::{Ended, Process};
use crate::server::support::Pki;
use crate::support::world::V1;

/// A caller's token, as nothing else is written.
const TOKEN: &str = "operator-canary-5b1f0c77d2a94e36b8";

async fn settlements(target: &str, words: &[&str]) -> Ended {
    let (command, rest) = words.split_first().unwrap();
    let own = ["settlements", command, "--target", target, "--enterprise", V1];
    Process::run([&own[..], rest].concat()).await
}

fn refuse_the_next_post(sandbox: &Sandbox, status: u16) {
    let behaviour = Behaviour::Status { status, body: Body::Error, effect: false };
    sandbox.faults().push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour });
}

/// What the command told as JSON.
fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.said).unwrap_or_else(|_| panic!("{}", ended.output()))
}

#[tokio::test(flavor = "multi_thread")]
async fn settlements_are_listed_shown_and_told_change_by_change() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    for id in ["day-1", "day-2", "day-3\u{202e}1"] {
        gateway.initiate(V1, id).await.unwrap();
        gateway.reconciled(V1, id).await;
    }
    let target = format!("http://{}", gateway.grpc);

    let listed = settlements(&target, &["list"]).await.with_code(0);
    let lines: Vec<_> = listed.said.lines().collect();
    assert!(lines[0].starts_with("CREATED") && lines[1].contains("day-3\\u{202e}1  COMPLETED"), "{}", listed.said);
    assert!(lines[3].contains("day-1") && lines.len() == 4, "{}", listed.said);
    let two = json(&settlements(&target, &["list", "--limit", "2", "--output", "json"]).await.with_code(0));
    assert_eq!(two["settlements"].as_array().unwrap().len(), 2);
    assert!(two["nextPageToken"].is_string());
    let none = settlements(&target, &["list", "--state", "needs-operator"]).await.with_code(0);
    assert_eq!(none.said, "no settlements\n");

    let shown = settlements(&target, &["show", "day-1"]).await.with_code(0);
    for word in ["state", "COMPLETED (final)", "CREATED", "POSTED AMOUNTS", "BTC", "-2"] {
        assert!(shown.said.contains(word), "{word}: {}", shown.said);
    }
    let whole = json(&settlements(&target, &["show", "day-1", "--output", "json"]).await.with_code(0));
    assert_eq!(whole["settlement"]["state"], "SETTLEMENT_STATE_COMPLETED");
    let venues = whole["settlement"]["settlementId"].as_str().unwrap().to_owned();
    let same = json(&settlements(&target, &["show", "--settlement-id", &venues, "--output", "json"]).await.with_code(0));
    assert_eq!(same, whole);

    let told = settlements(&target, &["timeline", "day-1"]).await.with_code(0);
    let changes: Vec<_> = told.said.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert!(changes.starts_with(&["RECEIVED", "PREPARED", "SIGNED", "DISPATCHED", "TAKEN"]), "{}", told.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_settlement_is_sent_again_by_the_sequence_that_was_shown() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    refuse_the_next_post(&sandbox, 403);
    gateway.initiate(V1, "day-1").await.unwrap_err();
    let target = format!("http://{}", gateway.grpc);
    let shown = json(&settlements(&target, &["show", "day-1", "--output", "json"]).await.with_code(0));
    assert_eq!(shown["settlement"]["nextAction"], "NEXT_ACTION_RETRY_SAME");
    let sequence = shown["settlement"]["sequence"].as_str().unwrap();

    let stale = settlements(&target, &["resume", "day-1", "--sequence", "1"]).await.with_code(1);
    assert!(stale.complained.contains("STATE_CONFLICT (ABORTED)"), "{}", stale.complained);
    assert!(stale.complained.contains("what to do"), "{}", stale.complained);
    let resumed = settlements(&target, &["resume", "day-1", "--sequence", sequence]).await.with_code(0);
    assert!(resumed.said.contains("COMPLETED"), "{}", resumed.said);
    let again = settlements(&target, &["resume", "day-1", "--sequence", "99", "--output", "json"]).await.with_code(1);
    let told: Value = serde_json::from_str(&again.complained).unwrap();
    assert_eq!(told["error"]["metadata"]["external_id"], "day-1");
    assert!(told["error"]["request_id"].is_string());
}

/// A gateway that listens with TLS and knows an operator by a token, and another by a certificate.
async fn guarded(installation: &Installation, pki: &Pki) -> Gateway {
    let hash = base16ct::lower::encode_string(&Sha256::digest(TOKEN));
    let (certificate, key, authority) = (pki.path("tls.crt"), pki.path("tls.key"), pki.path("ca.pem"));
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let rpcs = "rpcs = [\"SettlementService/InitiateSettlement\", \"SettlementService/GetSettlement\", \
                \"SettlementService/ListSettlements\", \"AdminService/ResolveSettlement\"]\nenterprises = [\"ent-v1\"]\n\
                unlimited_currencies = true";
    let sections = format!(
        "[grpc.tls]\ncertificate_file = \"{}\"\nprivate_key_file = \"{}\"\nclient_ca_file = \"{}\"\n\
         [[callers]]\nid = \"operator\"\ntoken_sha256 = [\"{hash}\"]\n{rpcs}\n\
         [[callers]]\nid = \"desk\"\n{rpcs}\n[callers.client_certificate]\ndns_name = \"desk.internal\"\n",
        certificate.display(),
        key.display(),
        authority.display()
    );
    let text = fs::read_to_string(installation.config_path()).unwrap();
    fs::write(installation.config_path(), text.replace("unauthenticated_loopback = true\n", "") + &sections).unwrap();
    installation.serve().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_decides_through_tls_with_a_token_or_a_certificate_and_nobody_else_does() {
    let (installation, pki) = (Installation::new(), Pki::new());
    let sandbox = installation.with_venues().await;
    let gateway = guarded(&installation, &pki).await;
    let target = format!("https://localhost:{}", gateway.grpc.port());
    let token = installation.path("operator.token");
    write_private(&token, TOKEN.as_bytes());
    let (authority, token) = (pki.path("ca.pem"), token.to_str().unwrap().to_owned());
    let authority = authority.to_str().unwrap();
    let asked = async |words: &[&str]| settlements(&target, &[words, &["--ca-file", authority]].concat()).await;

    let unknown = asked(&["list"]).await.with_code(1);
    assert!(unknown.complained.contains("CALLER_UNKNOWN"), "{}", unknown.complained);
    asked(&["list", "--token-file", &token]).await.with_code(0);

    let identity = pki.client(&[SanType::DnsName("desk.internal".try_into().unwrap())]);
    let (certificate, key) = (installation.path("desk.pem"), installation.path("desk.key"));
    fs::write(&certificate, identity.certificate).unwrap();
    write_private(&key, identity.key.as_bytes());
    let certified = ["--client-certificate-file", certificate.to_str().unwrap(), "--client-key-file", key.to_str().unwrap()];
    let as_desk = async |words: &[&str]| asked(&[words, &certified[..]].concat()).await;

    refuse_the_next_post(&sandbox, 409);
    let channel = pki.channel(gateway.grpc, Some(&pki.client(&[SanType::DnsName("desk.internal".try_into().unwrap())]))).await;
    let mut client = settlement_gateway::grpc::pb::settlement_service_client::SettlementServiceClient::new(channel);
    client.initiate_settlement(super::calls::request(V1, "day-1")).await.unwrap();
    let shown = json(&as_desk(&["show", "day-1", "--output", "json"]).await.with_code(0));
    assert_eq!(shown["settlement"]["state"], "SETTLEMENT_STATE_NEEDS_OPERATOR");
    let sequence = shown["settlement"]["sequence"].as_str().unwrap();
    let decide = ["resolve", "day-1", "--sequence", sequence, "--why", "the venue lost its own lock", "--go-on"];
    let resolved = asked(&[&decide[..], &["--token-file", &token]].concat()).await.with_code(0);
    assert!(resolved.said.contains("day-1"), "{}", resolved.said);
    let told = as_desk(&["timeline", "day-1"]).await.with_code(0);
    assert!(told.said.contains("RESOLVED") && told.said.contains("the venue lost its own lock"), "{}", told.said);

    asked(&["resolve", "day-1", "--sequence", "1", "--why", "x", "--go-on", "--not-created"]).await.with_code(2);
    asked(&["resolve", "day-1", "--sequence", "1", "--why", "x"]).await.with_code(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_asked_is_told_from_who_refuses() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    let target = format!("http://{}", gateway.grpc);
    let missing = settlements(&target, &["show", "never"]).await.with_code(1);
    assert!(missing.complained.contains("SETTLEMENT_NOT_FOUND (NOT_FOUND)"), "{}", missing.complained);
    let denied = Process::run(["settlements", "list", "--target", &target, "--enterprise", "ent-other"]).await.with_code(1);
    assert!(denied.complained.contains("NOT_ALLOWED"), "{}", denied.complained);

    gateway.process.kill().await;
    let away = settlements(&target, &["list"]).await.with_code(4);
    assert!(away.complained.contains("is it running"), "{}", away.complained);
    settlements("ftp://127.0.0.1", &["list"]).await.with_code(2);
    let token = installation.path("operator.token");
    write_private(&token, TOKEN.as_bytes());
    let plain = settlements("http://192.0.2.1:50051", &["list", "--token-file", token.to_str().unwrap()]).await.with_code(2);
    assert!(plain.complained.contains("through TLS alone"), "{}", plain.complained);
    fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    settlements(&target, &["list", "--token-file", token.to_str().unwrap()]).await.with_code(2);
    assert!(!plain.output().contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Process::run(["completions", shell]).await.with_code(0).said;
        for word in ["doctor", "settlements", "timeline", "export-signed"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    Process::run(["completions", "cmd"]).await.with_code(2);
}
