//! A database that cannot be reached, before anything is recorded and at each step after it.

use std::time::{Duration, Instant};

use settlement_gateway::grpc::pb::{GetSettlementRequest, SettlementState};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault};
use tokio::task::JoinSet;

use super::{acknowledged, each_settled_once, initiate, over, quickly_lapsing};
use crate::rpc::requests::{get, settle, sign, trade_payload};
use crate::support::choices::Choices;
use crate::support::gateway::{GatewayUnderTest, V1, V1_KEY, within};
use crate::support::postgres::Schema;
use crate::support::proxy::Proxy;
use crate::support::told::{assert_unavailable, refused};

/// For how long a venue holds an answer, while the database goes.
const HELD: Duration = Duration::from_millis(300);

/// The database answers nothing for as long as it takes a held answer to come and its outcome to be lost.
async fn down_for(gateway: &GatewayUnderTest, proxy: &Proxy, time: Duration) {
    proxy.cut();
    let mended = Instant::now() + time;
    while Instant::now() < mended {
        let request: GetSettlementRequest = get(V1, "nobody's");
        let told = refused(gateway.settlements().await.get_settlement(request).await);
        assert_unavailable(&told);
    }
    proxy.mend();
}

#[tokio::test]
async fn nothing_is_recorded_signed_or_sent_while_the_database_is_down_and_all_goes_on_when_it_is_back() {
    let Some(schema) = Schema::fresh().await else { return };
    let proxy = Proxy::before(&schema.socket(), Duration::ZERO).await;
    let gateway = over(&schema.url_at(proxy.address()).await, |_| ()).await;
    proxy.cut();
    let told = refused(initiate(&gateway.channel().await, settle(V1, "x")).await);
    assert_unavailable(&told);
    let told = refused(gateway.signing().await.sign_payload(sign(V1_KEY, trade_payload("1"))).await);
    assert_unavailable(&told);
    assert_eq!(gateway.venue_requests(), 0);
    proxy.mend();
    assert!(gateway.listed(V1).await.is_empty());
    let settled = initiate(&gateway.channel().await, settle(V1, "x")).await.unwrap();
    assert_eq!(settled.state(), SettlementState::Completed);
    gateway.signing().await.sign_payload(sign(V1_KEY, trade_payload("1"))).await.unwrap();
    each_settled_once(&gateway, &[settled]).await;
}

#[tokio::test]
async fn a_database_that_goes_silent_is_unavailable_in_bounded_time_and_holds_up_nobody_once_it_is_back() {
    let Some(schema) = Schema::fresh().await else { return };
    let proxy = Proxy::before(&schema.socket(), Duration::ZERO).await;
    let gateway = quickly_lapsing(&schema.url_at(proxy.address()).await).await;
    proxy.silence();
    let asking = initiate(&gateway.channel().await, settle(V1, "x")).await;
    assert_unavailable(&refused(asking));
    assert_eq!(gateway.venue_requests(), 0);
    proxy.mend();
    let settled = acknowledged(gateway.channel().await, 0, "x".to_owned()).await;
    each_settled_once(&gateway, &[settled]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_down_in_any_step_costs_no_settlement_and_sends_none_twice() {
    let ms = u64::try_from(HELD.as_millis()).unwrap();
    let Some(schema) = Schema::fresh().await else { return };
    let proxy = Proxy::before(&schema.socket(), Duration::ZERO).await;
    let gateway = quickly_lapsing(&schema.url_at(proxy.address()).await).await;
    let steps = [
        ("payload", vec![(Endpoint::SettlementsSigning, Behaviour::DelayBefore { ms })]),
        ("post", vec![(Endpoint::SettlementPost, Behaviour::DelayBefore { ms })]),
        ("answer", vec![(Endpoint::SettlementPost, Behaviour::DelayAfter { ms })]),
        (
            "doubt",
            vec![(Endpoint::SettlementPost, Behaviour::AcceptThenCut), (Endpoint::SettlementList, Behaviour::DelayBefore { ms })],
        ),
    ];
    let mut settled = Vec::new();
    for (step, faults) in steps {
        for (on, behaviour) in faults {
            gateway.disturb(Fault { on, times: 1, behaviour });
        }
        let (channel, request) = (gateway.channel().await, settle(V1, step));
        let asking = tokio::spawn(async move { initiate(&channel, request).await });
        within(async {
            while gateway.sandbox.faults().waiting() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        down_for(&gateway, &proxy, 3 * HELD).await;
        // Who waited was told that nobody knows, or the outcome.
        if let Err(status) = asking.await.unwrap() {
            let told = refused::<()>(Err(status));
            assert_unavailable(&told);
            assert_eq!(told.about("outcome"), "UNKNOWN");
        }
        // Its end comes with the lapse of the lease; the next one's faults are laid only then.
        settled.push(gateway.reconciled(V1, step).await);
    }
    each_settled_once(&gateway, &settled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_comes_and_goes_under_load_loses_nothing() {
    let mut choices = Choices::from_environment();
    let Some(schema) = Schema::fresh().await else { return };
    let proxy = Proxy::before(&schema.socket(), Duration::ZERO).await;
    let gateway = quickly_lapsing(&schema.url_at(proxy.address()).await).await;
    let mut asked = JoinSet::new();
    for number in 0..16 {
        asked.spawn(acknowledged(gateway.channel().await, number, "flaky".to_owned()));
    }
    let mut settled = Vec::new();
    for _ in 0..4 {
        let enough = gateway.venue_requests() + choices.below(8);
        within(async {
            while gateway.venue_requests() < enough && !asked.is_empty() {
                settled.extend(std::iter::from_fn(|| asked.try_join_next()).map(Result::unwrap));
                tokio::task::yield_now().await;
            }
        })
        .await;
        down_for(&gateway, &proxy, Duration::from_millis(choices.below(200))).await;
    }
    settled.extend(asked.join_all().await);
    assert_eq!(settled.len(), 16);
    each_settled_once(&gateway, &settled).await;
}
