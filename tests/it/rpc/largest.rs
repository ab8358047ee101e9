//! The largest that is allowed goes through everything.

use settlement_gateway::grpc::pb::{SettlementAmount, SettlementState};

use super::requests::{leg, settle_legs, sign};
use crate::support::gateway::{GatewayUnderTest, KeySetup, V1, V1_KEY, V2, within};

/// As many legs as a settlement may have, each at a connection of its own.
fn legs() -> Vec<SettlementAmount> {
    (0..20_000)
        .map(|index| {
            leg(&format!("09684b38-49ed-4cf6-a28e-{index:012}"), "BTC", if index % 2 == 0 { "0.00000001" } else { "-1.5" })
        })
        .collect()
}

#[tokio::test]
async fn a_settlement_of_20_000_legs_goes_through_on_both_routes() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    for (enterprise, first) in [(V1, SettlementState::Completed), (V2, SettlementState::Pending)] {
        let request = settle_legs(enterprise, "largest", legs());
        within(client.initiate_settlement(request.clone())).await.unwrap();
        // The call's own patience may end before a slow machine has sent so much.
        gateway.until(enterprise, "largest", |settlement| settlement.state() == first).await;
        let settled = gateway.stored(enterprise, "largest").await;
        assert!(settled.posted_amounts == request.settlement_amounts, "not the legs that were asked for");
        let venue = gateway.sandbox.ledger();
        let entry = venue.settlement(enterprise, "largest").unwrap();
        assert_eq!((entry.created, entry.posts, entry.body_digests.len()), (1, 1, 1));
    }
}

#[tokio::test]
async fn a_payload_of_4_mib_is_signed() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.keys.push(KeySetup::new("raw", r#"purposes = ["raw"]"#))).await;
    let mut client = gateway.signing().await;
    let payload = "x".repeat(4 * 1024 * 1024);
    let signed = within(client.sign_payload(sign("raw", payload.clone()))).await.unwrap().into_inner();
    assert_eq!(signed.signature.len(), 130);
    assert_eq!(within(client.sign_payload(sign("raw", payload))).await.unwrap().into_inner(), signed);
    assert!(client.sign_payload(sign(V1_KEY, "x".repeat(4 * 1024 * 1024))).await.is_err(), "raw needs its purpose");
}
