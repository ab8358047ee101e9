//! A failover that loses what was recorded after the last signature: that something was sent. Both who runs and who starts refuse.

use std::sync::Arc;

use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault};

use super::asks::{Ask, Told};
use super::scene::{Backend, Scene};
use crate::process::calls::Gateway;
use crate::process::recovery::{Copied, UNDERSTOOD};
use crate::process::support::until;
use crate::support::world::V1;

/// How often the gateway is asked while it refuses.
const ASKED_MEANWHILE: usize = 5;

/// Has something sent, takes the journal back to where nothing of it was sent, and sees that it is not sent again.
async fn sent_and_forgotten(ask: Ask, last_moment: &str, reason: Option<&str>) {
    let Some(scene) = Scene::open(Backend::Postgres, None).await else { return };
    let ask = Arc::new(ask);
    let doomed = scene.serve(last_moment).await;
    scene.ask(doomed.grpc, &ask).await.expect_err("it dies before it sends");
    doomed.process.ended().await;
    let copied = Copied::of(scene.schema()).await;

    let running = scene.serve("").await;
    let before = scene.settled(running.grpc, &ask).await;
    let sent = posts(&scene, &ask);
    assert_eq!(sent, 1, "{}", scene.run());
    // What the venue shows of a quote may be old: no reading saves a second confirmation.
    scene.sandbox.faults().push(Fault { on: Endpoint::QuoteGet, times: u32::MAX, behaviour: stale() });
    copied.put_back().await;
    adrift(&running).await;
    sends_nothing_more(&scene, &running, &ask, sent, reason).await;
    running.process.kill().await;

    let started = scene.serve("").await;
    adrift(&started).await;
    sends_nothing_more(&scene, &started, &ask, sent, reason).await;
    started.process.kill().await;

    scene.sandbox.faults().clear();
    scene.command(&["repair", UNDERSTOOD]).await.with_code(0);
    let repaired = scene.serve("").await;
    let after = scene.settled(repaired.grpc, &ask).await;
    assert_eq!((&after.answer.state, &after.at_venue), (&before.answer.state, &before.at_venue), "{}", scene.run());
    assert_eq!(posts(&scene, &ask), sent, "it was found, and not sent again");
    scene.audit().await;
}

/// A quote as it was before it was confirmed.
fn stale() -> Behaviour {
    let members = [("status", "\"quoted\""), ("external_tx_id", "null"), ("confirmed_at", "null")];
    Behaviour::AlteredQuote { members: members.map(|(name, text)| (name.to_owned(), text.to_owned())).into() }
}

async fn adrift(gateway: &Gateway) {
    until("the gateway has seen it", async || {
        gateway.ops("/metrics").await.contains("settlement_gateway_journal_adrift 1").then_some(())
    })
    .await;
}

/// Asks again and again: what is stored is answered, and says why it waits where it has a word for that.
async fn sends_nothing_more(scene: &Scene, gateway: &Gateway, ask: &Arc<Ask>, sent: u64, reason: Option<&str>) {
    let says_why = |told: &Told| reason.is_none_or(|reason| told.plain.contains(reason));
    until("it says why it waits", async || ask.read(gateway.grpc).await.unwrap().filter(says_why)).await;
    for _ in 0..ASKED_MEANWHILE {
        let told = ask.read(gateway.grpc).await.unwrap().expect("reads go on");
        assert!(!told.answer.at_rest, "{told:?}");
    }
    assert_eq!(posts(scene, ask), sent);
}

/// How often the venue got it.
fn posts(scene: &Scene, ask: &Ask) -> u64 {
    let ledger = scene.sandbox.ledger();
    match ask {
        Ask::Settlement { enterprise, id, .. } => ledger.settlement(enterprise, id).map_or(0, |entry| entry.posts),
        Ask::Trade { .. } => {
            let is_post = |line: &str| line.starts_with("POST /api/trade/") && line.ends_with("/settlements");
            ledger.requests.iter().filter(|(line, _)| is_post(line)).map(|(_, count)| count).sum()
        }
        _ => ledger.requests_containing("/settlements/confirm"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_whose_dispatch_a_failover_lost_is_not_sent_again() {
    sent_and_forgotten(Ask::settlement(V1, "forgotten"), "K9_SAVED@SIGNED", Some("JOURNAL_BEHIND_ANCHOR")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trade_write_whose_dispatch_a_failover_lost_is_not_sent_again() {
    sent_and_forgotten(Ask::trade(0), "T9_SAVED@SIGNED", Some("JOURNAL_BEHIND_ANCHOR")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_whose_attempt_a_failover_lost_is_not_sent_again() {
    sent_and_forgotten(Ask::payout("forgotten"), "Q2_QUOTE_HELD", None).await;
}
