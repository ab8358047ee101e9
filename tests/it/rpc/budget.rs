//! A spent budget, as callers meet it: nothing is sent, and they are told how long to wait.

use std::time::Duration;

use settlement_gateway::grpc::pb::SettlementState;
use tonic::Code;

use super::requests::{client_settlement, settle};
use crate::support::gateway::{GatewayUnderTest, V1};
use crate::support::told::{assert_told, refused};

/// A burst of two calls, and one more in six seconds: a settlement's two and no third.
async fn nearly_spent() -> GatewayUnderTest {
    let venues = "call_timeout_ms = 10000\nbitgo_requests_per_minute = 12".to_owned();
    let gateway = GatewayUnderTest::start_with(|setup| setup.venues = venues).await;
    let first = gateway.settlements().await.initiate_settlement(settle(V1, "first")).await.unwrap().into_inner();
    assert_eq!(first.settlement.unwrap().state(), SettlementState::Completed);
    assert_eq!(gateway.venue_requests(), 2);
    gateway
}

#[tokio::test]
async fn a_read_that_the_budget_does_not_cover_is_not_sent() {
    let gateway = nearly_spent().await;
    let told = refused(gateway.settlements().await.get_client_settlement(client_settlement(V1)).await);
    assert_told(&told, Code::Unavailable, "VENUE_RATE_LIMITED");
    assert!(told.retry_after.is_some_and(|wait| wait > Duration::ZERO), "{told:?}");
    assert_eq!(gateway.venue_requests(), 2);
}

#[tokio::test]
async fn a_settlement_that_the_budget_does_not_cover_waits_and_says_why() {
    let gateway = nearly_spent().await;
    let mut client = gateway.settlements().await;
    let asking = tokio::spawn(async move { client.initiate_settlement(settle(V1, "second")).await });
    let waiting = gateway.until(V1, "second", |settlement| settlement.reason() == "VENUE_RATE_LIMITED").await;
    assert_eq!((waiting.state(), waiting.attempts), (SettlementState::Received, 0));
    assert_eq!(gateway.venue_requests(), 2);
    asking.abort();
}
