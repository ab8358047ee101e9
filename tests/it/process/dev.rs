//! `dev`: the whole job without configuration.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use prost::Message;
use prost_types::FileDescriptorSet;
use serde_json::Value;
use settlement_gateway::grpc::pb::{self, SettlementState};
use tempfile::TempDir;

use super::calls::Gateway;
use super::support::{Ended, Process, until};
use crate::support::world::{PATIENCE, V1, V2};

const FREE: &str = "127.0.0.1:0";

/// A development run on free ports, and where its simulated venues are.
pub(super) struct Dev {
    pub(super) gateway: Gateway,
    pub(super) bitgo: String,
    pub(super) bitlipa: String,
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let own = ["dev", "--listen", FREE, "--ops-listen", FREE, "--callbacks-listen", FREE];
    let venues = ["--bitgo-listen", FREE, "--bitlipa-listen", FREE];
    [&own[..], &venues, more].concat()
}

impl Dev {
    /// Starts in a folder, where `home` is kept.
    pub(super) async fn start(folder: &Path, more: &[&str]) -> Self {
        let process = Process::start_in(folder, arguments(more));
        let mut gateway = Gateway::of(process, "  gRPC     ", "  ops      ").await;
        let bitgo = gateway.process.word_after("  BitGo    ").await;
        let bitlipa = gateway.process.word_after("  Bitlipa  ").await;
        gateway.process.word_after("Ctrl-C ").await;
        Self { gateway, bitgo, bitlipa }
    }

    /// The venue's ledger, as people read it.
    async fn ledger(&self) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("{}/sandbox/ledger", self.bitgo)).send().await.unwrap().json().await.unwrap()
    }

    pub(super) async fn stop_with(self, signal: &str) -> Ended {
        self.gateway.process.signal(signal);
        let ended = self.gateway.process.ended().await.with_code(0);
        assert!(ended.said.ends_with("draining\n"), "{}", ended.said);
        ended
    }
}

/// The names of all RPCs of the contract with the fields of their requests.
fn contract() -> Vec<(String, Vec<String>)> {
    let set = FileDescriptorSet::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let fields = |message: &str| -> Vec<String> {
        let messages = set.file.iter().flat_map(|file| file.message_type.iter().map(move |found| (file.package(), found)));
        let mut named = messages.filter(|(package, found)| format!(".{package}.{}", found.name()) == message);
        named.next().unwrap().1.field.iter().map(|field| field.name().to_owned()).collect()
    };
    let services = set.file.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    let rpcs = services.flat_map(|(package, service)| service.method.iter().map(move |method| (package, service, method)));
    rpcs.map(|(package, service, method)| {
        (format!("{package}.{}/{}", service.name(), method.name()), fields(method.input_type()))
    })
    .collect()
}

/// A grpcurl that only tells what it was asked: the address, the RPC and the message.
const TELLING_GRPCURL: &str = r#"grpcurl() {
    printf '%s %s %s\n' "$4" "$5" "$3" >> "$TOLD"
    printf '  "signature": "ab",\n  "txId": "tx",\n  "id": "id",\n'
}"#;

/// What a shell makes of the lines that are shown: RPC and message of each call, those inside of others too.
fn pasted(said: &str, folder: &Path, grpc: &str) -> Vec<(String, Value)> {
    let lines: Vec<_> = said.lines().filter(|line| line.starts_with("grpcurl ")).collect();
    let (script, told) = (format!("set -eu\n{TELLING_GRPCURL}\n{}", lines.join("\n")), folder.join("told"));
    let ran = Command::new("sh").arg("-c").arg(script).env("TOLD", &told).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let told = std::fs::read_to_string(told).unwrap();
    let calls = told.lines().map(|line| line.strip_prefix(grpc).unwrap().trim_start().split_once(' ').unwrap());
    calls.map(|(rpc, message)| (rpc.to_owned(), serde_json::from_str(message).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_tells_where_it_listens_and_a_line_to_paste_for_every_rpc() {
    let folder = TempDir::new().unwrap();
    let dev = Dev::start(folder.path(), &[]).await;
    let said = dev.gateway.process.said();
    let calls = pasted(&said, folder.path(), &dev.gateway.grpc.to_string());
    for (rpc, fields) in contract() {
        assert!(calls.iter().any(|(called, _)| *called == rpc), "{rpc} has no line:\n{said}");
        for (_, message) in calls.iter().filter(|(called, _)| *called == rpc) {
            let mut keys = message.as_object().unwrap().keys();
            assert!(keys.all(|key| fields.contains(key)), "{rpc}: {message}");
        }
    }
    assert_eq!(dev.gateway.ops("/readyz").await, "ready\n");
    assert!(folder.path().join(".settlement-gateway/gateway.db").exists());
    dev.stop_with("INT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulated_bitgo_calls_the_gateway_when_a_settlements_amounts_are_final() {
    let folder = TempDir::new().unwrap();
    let dev = Dev::start(folder.path(), &["--ephemeral"]).await;
    dev.gateway.initiate(V2, "called").await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ahead = serde_json::json!({ "advance_ms": 86_400_000 });
    client.post(format!("{}/sandbox/clock", dev.bitgo)).json(&ahead).send().await.unwrap();
    let answered = async {
        while dev.ledger().await["settlements"][0]["finalize_answered"] != true {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.expect("the gateway did not take the call");
    assert_eq!(dev.gateway.finished(V2, "called").await.state(), SettlementState::Completed);
    dev.stop_with("TERM").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_the_settlements_and_the_ledger_of_the_first() {
    let folder = TempDir::new().unwrap();
    let first = Dev::start(folder.path(), &["--dir", "home"]).await;
    first.gateway.initiate(V1, "kept").await.unwrap();
    let settled = until("the settlement is reconciled", async || {
        first.gateway.stored(V1, "kept").await.filter(|settlement| settlement.reconciliation.is_some())
    })
    .await;
    assert_eq!(settled.state(), SettlementState::Completed);
    let ledger = first.ledger().await;
    first.stop_with("TERM").await;

    let second = Dev::start(folder.path(), &["--dir", "home"]).await;
    assert_eq!(second.gateway.stored(V1, "kept").await.unwrap(), settled);
    assert_eq!(second.gateway.initiate(V1, "kept").await.unwrap(), settled);
    let again = second.ledger().await;
    assert_eq!(again["settlements"], ledger["settlements"]);
    assert_eq!(again["balances"], ledger["balances"]);
    second.stop_with("INT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_dev_in_the_same_folder_is_refused_and_leaves_the_first_alone() {
    let folder = TempDir::new().unwrap();
    let first = Dev::start(folder.path(), &["--dir", "home"]).await;
    let written = std::fs::read(folder.path().join("home/gateway.toml")).unwrap();
    let refused = Process::start_in(folder.path(), arguments(&["--dir", "home"])).ended().await.with_code(1);
    assert!(refused.complained.contains("in use by another process"), "{}", refused.complained);
    assert_eq!(std::fs::read(folder.path().join("home/gateway.toml")).unwrap(), written);
    first.gateway.initiate(V1, "undisturbed").await.unwrap();
    first.stop_with("TERM").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ephemeral_run_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let dev = Dev::start(folder.path(), &["--ephemeral"]).await;
    dev.gateway.initiate(V1, "forgotten").await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "one folder, while it runs");
    dev.stop_with("TERM").await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_drives_every_rpc_and_exits_with_0() {
    let folder = TempDir::new().unwrap();
    let ended = Process::start_in(folder.path(), arguments(&["--tour", "--ephemeral"])).ended().await.with_code(0);
    for (rpc, _) in contract() {
        let name = rpc.trim_start_matches("settlement.v1.");
        assert!(ended.said.contains(name), "{name} is not on the tour");
    }
    // A machine that is busy elsewhere is no fault of the tour's.
    let complaints: Vec<_> = ended.complained.lines().filter(|line| !line.contains("exceeded slow threshold")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tour_that_cannot_listen_says_so_and_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind(FREE).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for option in ["--listen", "--ops-listen", "--callbacks-listen", "--bitgo-listen", "--bitlipa-listen"] {
        let mut arguments = arguments(&["--tour", "--ephemeral"]);
        let place = arguments.iter().position(|argument| *argument == option).unwrap();
        arguments[place + 1] = &address;
        let ended = Process::start_in(folder.path(), arguments).ended().await.with_code(1);
        assert!(ended.complained.contains("in use"), "{option}: {}", ended.complained);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tour_that_is_interrupted_fails_and_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let mut tour = Process::start_in(folder.path(), arguments(&["--tour", "--ephemeral"]));
    tour.word_after("").await;
    tour.signal("INT");
    let ended = tour.ended().await.with_code(1);
    assert!(ended.complained.contains("interrupted"), "{}", ended.complained);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
