//! A database server that dies in the middle of commits: an answer that was given stands, and what failed may have been done.

use settlement_gateway::grpc::pb::SignPayloadResponse;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use super::{acknowledged, each_settled_once, quickly_lapsing};
use crate::rpc::requests::{sign, trade_payload};
use crate::support::choices::Choices;
use crate::support::gateway::{V1_KEY, within};
use crate::support::postgres::OwnServer;

const SETTLEMENTS: usize = 20;
const SIGNATURES: usize = 20;
const CRASHES: usize = 3;

/// Asks until there is a signature.
async fn signed(channel: Channel, nonce: usize) -> (usize, SignPayloadResponse) {
    within(async {
        loop {
            let request = sign(V1_KEY, trade_payload(&nonce.to_string()));
            if let Ok(signed) = SigningServiceClient::new(channel.clone()).sign_payload(request).await {
                return (nonce, signed.into_inner());
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_done_twice_when_the_server_dies_in_mid_commit() {
    let Some(server) = OwnServer::start() else { return };
    let mut choices = Choices::from_environment();
    let gateway = quickly_lapsing(&server.url()).await;
    let (mut settling, mut signing, mut settled) = (JoinSet::new(), JoinSet::new(), Vec::new());
    for number in 0..SETTLEMENTS {
        settling.spawn(acknowledged(gateway.channel().await, number, "mid-commit".to_owned()));
    }
    for nonce in 0..SIGNATURES {
        signing.spawn(signed(gateway.channel().await, nonce));
    }
    for _ in 0..CRASHES {
        let enough = gateway.venue_requests() + choices.below(12);
        within(async {
            while gateway.venue_requests() < enough && !settling.is_empty() {
                settled.extend(std::iter::from_fn(|| settling.try_join_next()).map(Result::unwrap));
                tokio::task::yield_now().await;
            }
        })
        .await;
        tokio::task::block_in_place(|| server.crash());
    }
    settled.extend(settling.join_all().await);
    assert_eq!(settled.len(), SETTLEMENTS);
    each_settled_once(&gateway, &settled).await;
    let signatures = signing.join_all().await;
    let gateway = gateway.restart().await;
    for (nonce, first) in &signatures {
        let (_, again) = signed(gateway.channel().await, *nonce).await;
        assert_eq!(again, *first, "what was acknowledged is there");
    }
    let mut places: Vec<u64> = signatures.iter().map(|(_, signature)| signature.journal_sequence).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), SIGNATURES, "no two signatures have one place");
}
