//! The whole gateway over PostgreSQL, and over databases that fail: what callers meet, and what becomes of settlements.

mod down;
mod held;
mod killed;
mod leaving;
mod main_job;

use std::collections::BTreeSet;

use settlement_gateway::grpc::pb::settlement_service_client::SettlementServiceClient;
use settlement_gateway::grpc::pb::{InitiateSettlementRequest, Settlement, SettlementState};
use settlement_gateway::sandbox::Sandbox;
use tonic::Status;
use tonic::transport::Channel;

use super::requests::settle;
use crate::support::gateway::{GatewayUnderTest, V1, V2, within};

/// Leases that are lost with a connection lapse soon; they outlast the two calls of a step all the same.
const SHORT_CALLS: &str = "connect_timeout_ms = 900\nfirst_byte_timeout_ms = 1000\ncall_timeout_ms = 1000\n\
                           bitgo_requests_per_minute = 1000000\nread_repeats = 0\nbreaker_failures = 0";
const SHORT_LEASE: &str = "\nlease_ms = 2100\nsilence_window_ms = 300";

/// A gateway over the database of a URL, and what else a test changes.
async fn over(url: &str, change: impl FnOnce(&mut crate::support::gateway::Setup)) -> GatewayUnderTest {
    GatewayUnderTest::start_with(|setup| {
        setup.store = format!("url = \"{url}\"\nmax_connections = 8\n[anchor]\nfile = \"anchor/shared.anchor\"");
        change(setup);
    })
    .await
}

/// The same, whose leases lapse soon.
async fn quickly_lapsing(url: &str) -> GatewayUnderTest {
    over(url, |setup| {
        setup.venues = SHORT_CALLS.to_owned();
        setup.engine += SHORT_LEASE;
    })
    .await
}

/// The enterprises in turn.
fn enterprise_of(number: usize) -> &'static str {
    [V1, V2][number % 2]
}

async fn initiate(channel: &Channel, request: InitiateSettlementRequest) -> Result<Settlement, Status> {
    let answer = SettlementServiceClient::new(channel.clone()).initiate_settlement(request).await?;
    Ok(answer.into_inner().settlement.unwrap())
}

/// Asks until there is an answer, whatever is down meanwhile.
async fn acknowledged(channel: Channel, number: usize, prefix: String) -> Settlement {
    let external_id = format!("{prefix}-{number}");
    within(async {
        loop {
            if let Ok(settlement) = initiate(&channel, settle(enterprise_of(number), &external_id)).await {
                return settlement;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// Every settlement has come to its end and stands once at the venue, from one body; what was acknowledged is still there; and
/// nothing went out without its dispatch being recorded first.
async fn each_settled_once(gateway: &GatewayUnderTest, acknowledged: &[Settlement]) {
    for acknowledged in acknowledged {
        let (enterprise, external_id) = (acknowledged.enterprise_id.as_str(), acknowledged.external_id.as_str());
        let settled = gateway.until(enterprise, external_id, |settlement| settlement.terminal).await;
        assert_eq!(settled.state(), SettlementState::Completed, "{settled:?}");
        let known = usize::try_from(acknowledged.sequence).unwrap();
        assert_eq!(settled.timeline[..known], acknowledged.timeline[..], "what was acknowledged is not lost");
        at_venue_once(&gateway.sandbox, &settled);
    }
    let ids: BTreeSet<_> = gateway.sandbox.ledger().settlements.iter().map(|entry| entry.external_id.clone()).collect();
    assert!(ids.iter().all(|id| acknowledged.iter().any(|known| known.external_id == *id)), "{ids:?}");
}

fn at_venue_once(sandbox: &Sandbox, settled: &Settlement) {
    let ledger = sandbox.ledger();
    let entry = ledger.settlement(&settled.enterprise_id, &settled.external_id).unwrap();
    assert_eq!((entry.created, entry.body_digests.len()), (1, 1), "{entry:?}");
    let dispatches = settled.timeline.iter().filter(|change| change.change == "DISPATCHED").count();
    assert!(usize::try_from(entry.posts).unwrap() <= dispatches, "{} posts, {dispatches} recorded: {settled:?}", entry.posts);
}
