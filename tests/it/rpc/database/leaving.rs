//! Callers that disconnect at any moment: whatever of their calls arrived goes on to its end, once.

use std::time::Duration;

use futures_util::future::join_all;
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault};

use super::{each_settled_once, enterprise_of, initiate, over};
use crate::rpc::requests::settle;
use crate::support::choices::Choices;
use crate::support::gateway::GatewayUnderTest;
use crate::support::postgres::Schema;
use crate::support::proxy::Proxy;

/// How many calls are left in each round, all at once.
const CALLS: usize = 10;
const ROUNDS: usize = 2;

/// Leaves calls at random moments of their way, then asks again for each and holds all of them to account.
async fn left_at_random(gateway: &GatewayUnderTest, within_microseconds: u64) {
    let mut choices = Choices::from_environment();
    let numbers = 0..CALLS * ROUNDS;
    for round in 0..ROUNDS {
        gateway.disturb(Fault {
            on: Endpoint::SettlementPost,
            times: 2,
            behaviour: Behaviour::DelayAfter { ms: choices.below(60) },
        });
        let leaving = (0..CALLS).map(|call| (round * CALLS + call, choices.below(within_microseconds)));
        let leaving: Vec<_> = leaving.collect();
        let channel = gateway.channel().await;
        join_all(leaving.into_iter().map(|(number, microseconds)| {
            let call = initiate(&channel, settle(enterprise_of(number), &format!("left-{number}")));
            // What is dropped here resets its stream.
            tokio::time::timeout(Duration::from_micros(microseconds), call)
        }))
        .await;
    }
    let channel = gateway.channel().await;
    let again = numbers.map(|number| initiate(&channel, settle(enterprise_of(number), &format!("left-{number}"))));
    let answers: Vec<_> = join_all(again).await.into_iter().map(Result::unwrap).collect();
    each_settled_once(gateway, &answers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnect_at_any_microsecond_changes_no_outcome_over_sqlite() {
    left_at_random(&GatewayUnderTest::start().await, 150_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnect_at_any_microsecond_changes_no_outcome_over_a_server_far_away() {
    let Some(schema) = Schema::fresh().await else { return };
    let proxy = Proxy::before(&schema.socket(), Duration::from_millis(5)).await;
    let gateway = over(&schema.url_at(proxy.address()).await, |_| ()).await;
    left_at_random(&gateway, 1_500_000).await;
}
