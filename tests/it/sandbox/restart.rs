//! What a restart keeps.

use serde_json::json;
use settlement_gateway::sandbox::{LedgerError, Sandbox, SandboxConfig, SandboxError};

use super::support::{CONNECTION, ManualClock, PARTNER, Partner, config, content, content_v2, partner};

fn kept(clock: &std::sync::Arc<ManualClock>, dir: &tempfile::TempDir) -> SandboxConfig {
    let mut enterprise = partner();
    enterprise.dispute_window_ms = 1_000;
    SandboxConfig { data_dir: Some(dir.path().to_owned()), ..config(clock, enterprise) }
}

#[tokio::test]
async fn a_restart_keeps_settlements_balances_posts_and_windows() {
    let (clock, dir) = (ManualClock::new(), tempfile::tempdir().unwrap());
    let sandbox = Sandbox::start(kept(&clock, &dir)).await.unwrap();
    let venue = Partner::of(&sandbox);
    let body = venue.body(&content("day-1")).await;
    let (_, first) = venue.post("v1", &body).await;
    let pending = venue.body(&content_v2("day-2")).await;
    venue.post("v2", &pending).await;
    sandbox.stop().await;

    let sandbox = Sandbox::start(kept(&clock, &dir)).await.unwrap();
    let venue = Partner::of(&sandbox);
    let (status, again) = venue.post("v1", &body).await;
    assert_eq!((status, again), (200, first));
    let ledger = sandbox.ledger();
    let entry = ledger.settlement(PARTNER, "day-1").unwrap();
    assert_eq!((entry.created, entry.posts, entry.body_digests.len()), (1, 2, 1));
    assert_eq!(ledger.balance(PARTNER, CONNECTION, "ETH"), Some("198"));
    clock.advance(1_000);
    let listed = venue.get_json("partners/settlements?externalIds=day-2").await;
    assert_eq!(listed["settlements"][0]["status"], json!("completed"));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_second_sandbox_on_the_same_directory_is_refused_until_the_first_stops() {
    let (clock, dir) = (ManualClock::new(), tempfile::tempdir().unwrap());
    let sandbox = Sandbox::start(kept(&clock, &dir)).await.unwrap();
    let second = Sandbox::start(kept(&clock, &dir)).await;
    assert!(matches!(second.err(), Some(SandboxError::Ledger(LedgerError::InUse))));
    sandbox.stop().await;
    Sandbox::start(kept(&clock, &dir)).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_dropped_sandbox_stops_listening() {
    let clock = ManualClock::new();
    let sandbox = Sandbox::start(config(&clock, partner())).await.unwrap();
    let venue = Partner::of(&sandbox);
    drop(sandbox);
    tokio::task::yield_now().await;
    assert!(venue.try_post("v1", &json!({})).await.unwrap_err().is_connect());
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let clock = ManualClock::new();
    let first = Sandbox::start(config(&clock, partner())).await.unwrap();
    let taken = first.bitgo_url().trim_start_matches("http://").parse().unwrap();
    let second = Sandbox::start(SandboxConfig { bitgo_listen: taken, ..config(&clock, partner()) }).await;
    assert!(matches!(second.err(), Some(SandboxError::Listen { address, .. }) if address == taken));
}
