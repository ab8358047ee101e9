//! SIGTERM at random moments under load: it ends in order within the grace, whoever is connected, and loses nothing.

use std::net::SocketAddr;

use settlement_gateway::grpc::pb::{InitiateSettlementRequest, Settlement, SettlementState};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, Sandbox};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::calls::{Gateway, initiate, request};
use super::installation::{Installation, Terms, created};
use super::shim;
use super::support::until;
use crate::support::choices::Choices;
use crate::support::postgres::Schema;
use crate::support::world::{V1, V2};

const STOPS: u64 = 4;
const SETTLEMENTS: usize = 24;
/// What a peer says first that then says nothing more.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn enterprise_of(number: usize) -> &'static str {
    [V1, V2][number % 2]
}

/// Asks, over every restart, until there is an answer.
async fn acknowledged(mut address: watch::Receiver<SocketAddr>, number: usize) -> Settlement {
    loop {
        let here = *address.borrow_and_update();
        match initiate(here, enterprise_of(number), &format!("stopped-{number}")).await {
            Ok(settlement) => return settlement,
            // The process stopped: the next one will tell its address.
            Err(_) => address.changed().await.expect("there is a gateway"),
        }
    }
}

/// Peers that hold connections and say nothing: at all, and after the preface.
async fn silent_peers(gateway: &Gateway) -> [TcpStream; 3] {
    let silent = TcpStream::connect(gateway.grpc).await.unwrap();
    let mut deaf = TcpStream::connect(gateway.grpc).await.unwrap();
    deaf.write_all(PREFACE).await.unwrap();
    [silent, deaf, TcpStream::connect(gateway.ops).await.unwrap()]
}

fn fault(choices: &mut Choices) -> Fault {
    let ms = choices.below(200);
    let (on, behaviour) = match choices.below(4) {
        0 => (Endpoint::SettlementsSigning, Behaviour::DelayBefore { ms }),
        1 => (Endpoint::SettlementPost, Behaviour::DelayBefore { ms }),
        2 => (Endpoint::SettlementPost, Behaviour::AcceptThenCut),
        _ => (Endpoint::SettlementPost, Behaviour::DelayAfter { ms }),
    };
    Fault { on, times: 2, behaviour }
}

async fn stopped_at_random(installation: Installation) {
    let mut choices = Choices::from_environment();
    let sandbox = installation.with_venues().await;
    let mut gateway = installation.serve().await;
    let (tell, address) = watch::channel(gateway.grpc);
    let (mut asked, mut answers) = (JoinSet::new(), Vec::new());
    for number in 0..SETTLEMENTS {
        asked.spawn(acknowledged(address.clone(), number));
    }
    let requests = |sandbox: &Sandbox| sandbox.ledger().requests_containing("partners/");
    for _ in 0..STOPS {
        sandbox.faults().push(fault(&mut choices));
        let _silent = silent_peers(&gateway).await;
        let enough = requests(&sandbox) + choices.below(12);
        until("the venue was asked often enough", async || {
            answers.extend(std::iter::from_fn(|| asked.try_join_next()).map(Result::unwrap));
            (asked.is_empty() || requests(&sandbox) >= enough).then_some(())
        })
        .await;
        gateway.process.signal("TERM");
        // The process says itself whether everything ended within its grace.
        gateway.process.ended().await.with_code(0);
        gateway = installation.serve().await;
        tell.send_replace(gateway.grpc);
    }
    answers.extend(asked.join_all().await);
    assert_eq!(answers.len(), SETTLEMENTS);
    for acknowledged in answers {
        let settled = gateway.reconciled(&acknowledged.enterprise_id, &acknowledged.external_id).await;
        assert_eq!(settled.state(), SettlementState::Completed, "{settled:?}");
        let known = usize::try_from(acknowledged.sequence).unwrap();
        assert_eq!(settled.timeline[..known], acknowledged.timeline[..], "what was acknowledged is not lost");
        let entry = created(&sandbox, &settled.enterprise_id, &settled.external_id).await;
        assert_eq!((entry.created, entry.body_digests.len()), (1, 1), "{entry:?}");
    }
    assert_eq!(sandbox.ledger().settlements.len(), SETTLEMENTS, "nothing was sent that nobody knows of");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_any_moment_under_load_with_silent_peers_ends_in_order_and_loses_nothing_on_sqlite() {
    stopped_at_random(Installation::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_any_moment_under_load_with_silent_peers_ends_in_order_and_loses_nothing_on_postgresql() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = format!("url = \"{}\"\n[anchor]\nfile = \"anchor/shared.anchor\"\n", schema.url());
    stopped_at_random(Installation::on(Terms { store, ..Terms::default() })).await;
}

/// A request that may be sent for ten minutes.
fn within_ten_minutes(external_id: &str) -> InitiateSettlementRequest {
    let end = jiff::Timestamp::now().as_second() + 600;
    let submit_before = Some(prost_types::Timestamp { seconds: end, nanos: 0 });
    InitiateSettlementRequest { submit_before, ..request(V1, external_id) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_sent_in_time_is_never_sent_after_a_restart_either_whatever_was_prepared_or_signed() {
    let Some(an_hour_later) = shim::skewed(3_600) else { return };
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    for (moment, recorded) in [("K1_RECORDED", 1), ("K2_PAYLOAD_HELD", 1), ("K9_SAVED@PREPARED", 2), ("K9_SAVED@SIGNED", 3)] {
        let doomed = installation.serve_with([("GATEWAY_KILL_AT", moment.into())]).await;
        let (mut client, request) = (doomed.client(), within_ten_minutes(moment));
        assert!(client.initiate_settlement(request).await.is_err());
        doomed.process.ended().await;
        let later = installation.serve_with(an_hour_later.clone()).await;
        let expired = later.finished(V1, moment).await;
        assert_eq!((expired.state(), expired.attempts), (SettlementState::Expired, 0), "{expired:?}");
        assert_eq!(expired.sequence, recorded + 1, "{expired:?}");
        assert!(sandbox.ledger().settlement(V1, moment).is_none(), "nothing was sent");
        later.process.signal("TERM");
        later.process.ended().await.with_code(0);
    }
    let down = Behaviour::Status { status: 503, body: Body::Html, effect: false };
    sandbox.faults().push(Fault { on: Endpoint::SettlementsSigning, times: 1, behaviour: down });
    let heir = installation.serve().await;
    let settled = until("one in time is sent", async || {
        heir.client().initiate_settlement(within_ten_minutes("in-time")).await.ok()?.into_inner().settlement
    })
    .await;
    assert_eq!(settled.state(), SettlementState::Completed);
}
