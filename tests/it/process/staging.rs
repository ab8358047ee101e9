//! `sandbox`: the simulated venues as a process of their own, for a gateway that knows nothing of that.

use serde_json::Value;
use settlement_gateway::grpc::pb::SettlementState;

use super::installation::Installation;
use super::support::Process;
use crate::support::world::{V1, V2};

/// The venues' process, and where they are.
struct Staging {
    process: Process,
    bitgo: String,
    bitlipa: String,
}

async fn staging(installation: &Installation, bitgo: &str, bitlipa: &str) -> Staging {
    let file = |name: &str| installation.path(name).display().to_string();
    let enterprise = |id: &str, more: &str| {
        let token = file(&format!("{id}.token"));
        format!("{id},{},{token}{more}", installation.public_key(id).to_hex())
    };
    let (first, second) = (enterprise(V1, ""), enterprise(V2, ",disputes"));
    let (folder, key, secret) = (file("staging"), file("bitlipa.key"), file("bitlipa.secret"));
    let listen = ["sandbox", "--dir", &folder, "--bitgo-listen", bitgo, "--bitlipa-listen", bitlipa, "--window-ms", "0"];
    let known = ["--enterprise", &first, "--enterprise", &second, "--bitlipa-key-file", &key, "--bitlipa-secret-file", &secret];
    let mut process = Process::start(listen.iter().chain(&known));
    let (bitgo, bitlipa) = (process.word_after("BitGo    ").await, process.word_after("Bitlipa  ").await);
    process.word_after("What is asked ").await;
    Staging { process, bitgo, bitlipa }
}

async fn ledger(staging: &Staging) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(format!("{}/sandbox/ledger", staging.bitgo)).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulated_venues_serve_a_gateway_elsewhere_and_outlive_a_kill() {
    let installation = Installation::new();
    let venues = staging(&installation, "127.0.0.1:0", "127.0.0.1:0").await;
    installation.configure(&venues.bitgo, &venues.bitlipa, "");
    let gateway = installation.serve().await;
    for enterprise in [V1, V2] {
        gateway.initiate(enterprise, "staged").await.unwrap();
        assert_eq!(gateway.finished(enterprise, "staged").await.state(), SettlementState::Completed);
    }
    let before = ledger(&venues).await;
    assert_eq!(before["settlements"].as_array().unwrap().len(), 2);

    let address = |url: &str| url.trim_start_matches("http://").to_owned();
    let (bitgo, bitlipa) = (address(&venues.bitgo), address(&venues.bitlipa));
    venues.process.kill().await;
    gateway.initiate_and_go(V1, "while-the-venue-is-down");
    let venues = staging(&installation, &bitgo, &bitlipa).await;
    assert_eq!(gateway.finished(V1, "staged").await.state(), SettlementState::Completed);
    let late = gateway.initiate(V1, "while-the-venue-is-down").await.unwrap();
    assert_eq!(late.state(), SettlementState::Completed);
    let after = ledger(&venues).await;
    let entries = after["settlements"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert!(entries.iter().all(|entry| entry["created"] == 1 && entry["body_digests"].as_array().unwrap().len() == 1));

    for process in [gateway.process, venues.process] {
        process.signal("INT");
        let ended = process.ended().await.with_code(0);
        for secret in installation.secrets() {
            assert!(!ended.output().contains(&secret));
        }
    }
}
