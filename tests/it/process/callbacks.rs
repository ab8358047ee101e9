//! A process that is killed with a venue's answer on its lips, and what it writes about the venue's calls.

use settlement_gateway::sandbox::Sandbox;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::installation::{Installation, write_private};
use super::support::until;
use crate::callbacks::support::{claims, token, venue_key};
use crate::support::world::V2;

const LIVES: usize = 4;

/// A folder whose gateway takes BitGo's calls and writes as much as it can.
async fn installation() -> (Installation, Sandbox) {
    let installation = Installation::new();
    write_private(&installation.path("venue.pem"), venue_key().public_key_pem().as_bytes());
    let mut venues = installation.venues();
    let partner = venues.enterprises.iter_mut().find(|enterprise| enterprise.enterprise_id == V2).unwrap();
    partner.dispute_window_ms = 3_600_000;
    let sandbox = Sandbox::start(venues).await.unwrap();
    let callbacks = format!(
        "[callbacks]\nlisten = \"127.0.0.1:0\"\n[[callbacks.bitgo]]\npath = \"/hidden-canary-55107/{{id}}\"\n\
         enterprises = [\"{V2}\"]\npublic_key_file = \"venue.pem\"\n[telemetry]\nlog_filter = \"trace\"\n"
    );
    installation.configure(&sandbox.bitgo_url(), &sandbox.bitlipa_url(), &callbacks);
    (installation, sandbox)
}

async fn outcomes(installation: &Installation) -> Vec<Option<String>> {
    let options = SqliteConnectOptions::new().filename(installation.path("journal.db")).read_only(true);
    let mut journal = options.connect().await.unwrap();
    sqlx::query_scalar("SELECT outcome FROM delivery ORDER BY id").fetch_all(&mut journal).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_acted_on_however_often_the_process_is_killed_and_no_token_is_written() {
    let (installation, _sandbox) = installation().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut written = String::new();
    let mut tokens = Vec::new();
    for life in 0..LIVES {
        let mut gateway = installation.serve().await;
        if life == 0 {
            gateway.initiate(V2, "day-1").await.unwrap();
        }
        let address = gateway.process.word_after("callbacks ").await;
        let token = token(&claims(&format!("j-{life}")));
        let call = client.post(format!("http://{address}/hidden-canary-55107/body-canary-{life}"));
        let answer = call.header("X-BitGo-Signature", &token).body(r#"{"externalId":"day-1"}"#).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        written += &gateway.process.kill().await.complained;
        tokens.push(token);
    }
    let gateway = installation.serve().await;
    until("every delivery is acted on", async || outcomes(&installation).await.iter().all(Option::is_some).then_some(())).await;
    assert_eq!(outcomes(&installation).await, vec![Some("NAMED".to_owned()); LIVES]);
    written += &gateway.process.kill().await.complained;
    assert!(written.contains("a delivery was acted on"), "{written}");
    for token in &tokens {
        assert!(token.split('.').all(|part| part == tokens[0].split('.').next().unwrap() || !written.contains(part)));
    }
    assert!(!written.contains("canary-55107") && !written.contains("body-canary"), "{written}");
}
