//! What a caller may settle at once and in a rolling day, to the last digit.

use settlement_gateway::grpc::pb::SettlementAmount;
use tonic::Code;

use super::known::{caller, of};
use super::requests::{leg, settle_legs};
use crate::support::gateway::{GatewayUnderTest, V1};
use crate::support::told::{Told, assert_told, refused};

const LIMITS: &str = r#"
rpcs = ["*"]
enterprises = ["*"]
[[callers.limits]]
currency = "BTC"
per_settlement = "10"
per_day = "15.5"
[[callers.limits]]
currency = "ETH"
per_day = "0.3"
"#;

async fn with_limits() -> GatewayUnderTest {
    GatewayUnderTest::start_with(|setup| setup.callers = caller("desk", LIMITS) + &caller("other", LIMITS)).await
}

async fn ask(gateway: &GatewayUnderTest, name: &str, id: &str, legs: Vec<SettlementAmount>) -> Option<Told> {
    let answer = gateway.settlements().await.initiate_settlement(of(name, settle_legs(V1, id, legs))).await;
    answer.err().map(|status| Told::by(&status))
}

fn btc(amount: &str) -> Vec<SettlementAmount> {
    vec![leg("c1", "BTC", amount)]
}

async fn assert_exceeded(gateway: &GatewayUnderTest, id: &str, legs: Vec<SettlementAmount>, limit: &str) {
    let told = ask(gateway, "desk", id, legs.clone()).await.unwrap();
    assert_told(&told, Code::PermissionDenied, "LIMIT_EXCEEDED");
    assert_eq!((told.about("limit"), told.about("currency")), (limit, legs[0].currency.as_str()), "{told:?}");
    assert_eq!((told.about("outcome"), told.about("external_id")), ("NOT_SENT", id), "{told:?}");
    assert!(gateway.sandbox.ledger().settlement(V1, id).is_none(), "{id} was posted");
    let read = gateway.settlements().await.get_settlement(of("desk", super::requests::get(V1, id))).await;
    assert_told(&refused(read), Code::NotFound, "SETTLEMENT_NOT_FOUND");
}

#[tokio::test]
async fn a_settlements_limit_holds_to_the_last_digit_and_over_both_directions() {
    let gateway = with_limits().await;
    let just_above = "10.00000000000000000000000000000001";
    assert_exceeded(&gateway, "above", btc(just_above), "settlement").await;
    assert_exceeded(&gateway, "below zero", btc(&format!("-{just_above}")), "settlement").await;
    let both = vec![leg("c1", "BTC", "5.1"), leg("c2", "BTC", "-5")];
    assert_exceeded(&gateway, "both ways", both, "settlement").await;
    assert_eq!(ask(&gateway, "desk", "exact", btc("10.00")).await, None);
}

#[tokio::test]
async fn a_days_limit_adds_up_exactly_and_counts_what_is_recorded_only() {
    let gateway = with_limits().await;
    for (id, amount) in [("1", "0.1"), ("2", "0.2")] {
        assert_eq!(ask(&gateway, "desk", id, vec![leg("c1", "ETH", amount)]).await, None, "{id}");
    }
    assert_exceeded(&gateway, "3", vec![leg("c1", "ETH", "0.00000000000000000000000000000001")], "rolling_day").await;
    assert_eq!(ask(&gateway, "desk", "4", btc("10")).await, None);
    assert_exceeded(&gateway, "5", btc("5.6"), "rolling_day").await;
    assert_eq!(ask(&gateway, "desk", "5", btc("5.5")).await, None, "the refused one took nothing, neither share nor id");
    assert_eq!(ask(&gateway, "desk", "4", btc("10")).await, None, "a repeat takes nothing");
    assert_eq!(ask(&gateway, "other", "6", btc("10")).await, None, "another caller has a day of its own");
    let gateway = gateway.restart().await;
    assert_exceeded(&gateway, "7", btc("0.1"), "rolling_day").await;
}

#[tokio::test]
async fn two_at_once_do_not_pass_the_day_together() {
    let gateway = with_limits().await;
    let (one, other) = tokio::join!(ask(&gateway, "desk", "1", btc("8")), ask(&gateway, "desk", "2", btc("8")));
    let refusals: Vec<Told> = [one, other].into_iter().flatten().collect();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_told(&refusals[0], Code::PermissionDenied, "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_currency_without_a_limit_is_not_granted() {
    let gateway = with_limits().await;
    let told = ask(&gateway, "desk", "usd", vec![leg("c1", "BTC", "1"), leg("c1", "USD", "1")]).await.unwrap();
    assert_told(&told, Code::PermissionDenied, "NOT_ALLOWED");
    assert!(gateway.sandbox.ledger().settlement(V1, "usd").is_none());
}
