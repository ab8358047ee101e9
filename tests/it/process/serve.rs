//! `serve`: one process to a journal, tokens that change, and stopping in order.

use settlement_gateway::grpc::pb::SettlementState;
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, Sandbox, SandboxConfig};
use settlement_gateway::secret::Secret;
use std::fs;
use tokio::net::TcpStream;
use tonic::Code;

use super::installation::{Installation, created, faults_left};
use super::support::until;
use crate::support::world::{V1, V2};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_journal_is_refused_and_the_first_works_on() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let first = installation.serve().await;
    let refused = installation.command(&["serve"]).await.with_code(1);
    assert!(refused.complained.contains("in use by another process"), "{}", refused.complained);
    assert_eq!(refused.said, "");
    assert_eq!(first.initiate(V1, "undisturbed").await.unwrap().state(), SettlementState::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_peer_and_an_open_watch_do_not_hold_up_the_stop() {
    let installation = Installation::new();
    let mut venues = installation.venues();
    for enterprise in &mut venues.enterprises {
        enterprise.dispute_window_ms = 600_000;
    }
    let sandbox = Sandbox::start(venues).await.unwrap();
    installation.configure(&sandbox.bitgo_url(), &sandbox.bitlipa_url(), "");
    // Whoever is waited for is waited for longer than this test has patience.
    let text = fs::read_to_string(installation.config_path()).unwrap();
    fs::write(installation.config_path(), text.replace("grace_ms = 5000", "grace_ms = 600000")).unwrap();
    let gateway = installation.serve().await;
    assert_eq!(gateway.initiate(V2, "pending").await.unwrap().state(), SettlementState::Pending);
    let mut watch = gateway.watch(V2, "pending").await;
    assert!(watch.message().await.unwrap().is_some());
    let _silent = TcpStream::connect(gateway.grpc).await.unwrap();
    let _silent_at_ops = TcpStream::connect(gateway.ops).await.unwrap();

    gateway.process.signal("TERM");
    let status = watch.message().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    gateway.process.ended().await.with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_a_venue_holds_up_is_abandoned_after_the_grace_and_resumed_by_the_next_start() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let text = fs::read_to_string(installation.config_path()).unwrap();
    fs::write(installation.config_path(), text.replace("grace_ms = 5000", "grace_ms = 300")).unwrap();
    sandbox.faults().push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: Behaviour::DelayAfter { ms: 600_000 } });
    let gateway = installation.serve().await;
    gateway.initiate_and_go(V1, "held-up");
    faults_left(&sandbox, 0).await;
    gateway.process.signal("TERM");
    let ended = gateway.process.ended().await.with_code(1);
    assert!(ended.complained.contains("resumed at the next start"), "{}", ended.complained);

    let gateway = installation.serve().await;
    assert_eq!(gateway.finished(V1, "held-up").await.state(), SettlementState::Completed);
    let entry = created(&sandbox, V1, "held-up").await;
    assert_eq!((entry.created, entry.body_digests.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_loses_nothing() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    let names: Vec<_> = (0..12).map(|number| format!("draining-{number}")).collect();
    for name in &names {
        gateway.initiate_and_go(V1, name);
    }
    until("some are posted", async || (sandbox.ledger().settlements.len() > 2).then_some(())).await;
    gateway.process.signal("TERM");
    gateway.process.ended().await.with_code(0);

    let posted: Vec<_> = sandbox.ledger().settlements.iter().map(|entry| entry.external_id.clone()).collect();
    let gateway = installation.serve().await;
    for name in &names {
        if posted.contains(name) {
            assert!(gateway.stored(V1, name).await.is_some(), "{name} was posted and is not known");
        }
        let again = gateway.initiate(V1, name).await.unwrap();
        assert_eq!(again.state(), SettlementState::Completed);
        let entry = created(&sandbox, V1, name).await;
        assert_eq!((entry.created, entry.body_digests.len()), (1, 1));
    }
}

/// The same venues at the same address, after the enterprise's token was changed there.
async fn with_another_token(installation: &Installation, sandbox: Sandbox, token: &str) -> Sandbox {
    let address = |url: String| url.trim_start_matches("http://").parse().unwrap();
    let (bitgo_listen, bitlipa_listen) = (address(sandbox.bitgo_url()), address(sandbox.bitlipa_url()));
    sandbox.stop().await;
    let mut config = SandboxConfig { bitgo_listen, bitlipa_listen, ..installation.venues() };
    config.enterprises[0].token = Secret::from_text(token.to_owned());
    Sandbox::start(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_renewed_in_its_file_is_used_without_a_restart() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    assert_eq!(gateway.initiate(V1, "old-token").await.unwrap().state(), SettlementState::Completed);

    let renewed = "v2xrenewed-canary";
    let sandbox = with_another_token(&installation, sandbox, renewed).await;
    gateway.initiate_and_go(V1, "between-tokens");
    let refused = until("the venue refuses the old token", async || {
        let stored = gateway.stored(V1, "between-tokens").await;
        stored.filter(|settlement| settlement.reason.as_deref() == Some("VENUE_CREDENTIALS"))
    })
    .await;
    assert_eq!(refused.state(), SettlementState::Received, "nothing was sent");

    installation.write_token(V1, renewed);
    assert_eq!(gateway.finished(V1, "between-tokens").await.state(), SettlementState::Completed);
    assert_eq!(gateway.initiate(V1, "new-token").await.unwrap().state(), SettlementState::Completed);
    for name in ["between-tokens", "new-token"] {
        assert_eq!(created(&sandbox, V1, name).await.created, 1);
    }
    gateway.process.signal("TERM");
    assert!(!gateway.process.ended().await.with_code(0).output().contains(renewed));
}
