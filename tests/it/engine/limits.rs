//! A caller's grants and limits, whichever use case would move the money.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::custody::SignedPayload;
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::policy::{Allowed, Grants, LimitExceeded, RpcName, SpendLimit};
use settlement_gateway::service::{Caller, ServiceError, initiate_settlement, preview_settlement, sign_payload};

use crate::support::builders::{amount, currency, leg};
use crate::support::world::{PATIENCE, V1, World, asking, caller, request};

fn with(change: impl FnOnce(&mut Grants)) -> Caller {
    let mut grants = (*caller().grants).clone();
    change(&mut grants);
    Caller { grants: Arc::new(grants), rpc: RpcName::new("SettlementService/InitiateSettlement"), origin: Default::default() }
}

/// Who may settle one BTC at a time.
fn limited() -> Caller {
    limited_to(Some("1"), None)
}

fn limited_to(per_settlement: Option<&str>, per_day: Option<&str>) -> Caller {
    let (per_settlement, per_day) = (per_settlement.map(amount), per_day.map(amount));
    with(|grants| {
        grants.limits.insert(currency("BTC"), SpendLimit { currency: currency("BTC"), per_settlement, per_day });
    })
}

async fn sign(world: &World, caller: &Caller, external_id: &str, amounts: &str) -> Result<SignedPayload, ServiceError> {
    let payload = format!(r#"{{"externalId":"{external_id}","settlementAmounts":{amounts},"nonce":"1"}}"#);
    sign_payload(&world.context, caller, &KeyId::new("key-ent-v1").unwrap(), payload).await
}

#[tokio::test]
async fn a_preview_refuses_what_the_limits_refuse() {
    let world = World::new().await;
    let real = initiate_settlement(&world.context, &limited(), request(V1, "over"), PATIENCE).await;
    assert!(matches!(real, Err(ServiceError::LimitExceeded(_))));
    let preview = preview_settlement(&world.context, &limited(), request(V1, "over")).await;
    assert!(matches!(preview, Err(ServiceError::LimitExceeded(_))), "{preview:?}");
}

#[tokio::test]
async fn another_spelling_of_a_limited_currency_is_not_recorded() {
    let world = World::new().await;
    let asked = asking(V1, "spelt", vec![leg("connection-1", "btc", "1000")]);
    let outcome = initiate_settlement(&world.context, &limited(), asked, Duration::from_millis(1)).await;
    assert!(matches!(outcome, Err(ServiceError::Denied(_))), "recorded although BTC is limited to 1");
}

#[tokio::test]
async fn a_settlement_is_signed_by_payload_only_for_whoever_may_name_its_enterprise() {
    let world = World::new().await;
    let stranger = with(|grants| grants.enterprises = Allowed::Only(BTreeSet::new()));
    let signed = sign(&world, &stranger, "x", r#"{"c":{"BTC":"1"}}"#).await;
    assert!(matches!(signed, Err(ServiceError::Denied(_))), "{signed:?}");
    assert!(sign(&world, &caller(), "x", r#"{"c":{"BTC":"1"}}"#).await.is_ok());
}

#[tokio::test]
async fn a_payload_is_signed_only_within_the_callers_limits_for_one_settlement() {
    let world = World::new().await;
    for over in [r#"{"c":{"BTC":"1.5"}}"#, r#"{"c":{"BTC":"0.6"},"d":{"BTC":"-0.6"}}"#, r#"{"p":{"c":{"BTC":"2"}}}"#] {
        match sign(&world, &limited(), "over", over).await {
            Err(ServiceError::LimitExceeded(limit)) => assert_eq!(limit.window, LimitExceeded::PER_SETTLEMENT, "{over}"),
            other => panic!("{over}: {other:?}"),
        }
    }
    let without = with(|grants| grants.unlimited_currencies = false);
    let signed = sign(&world, &without, "none", r#"{"c":{"BTC":"1"}}"#).await;
    assert!(matches!(signed, Err(ServiceError::Denied(_))), "{signed:?}");
    assert!(sign(&world, &limited(), "within", r#"{"c":{"BTC":"1","ETH":"5"}}"#).await.is_ok());
}

#[tokio::test]
async fn a_payload_that_no_day_would_count_is_not_signed_for_whoever_has_a_limit_by_the_day() {
    let world = World::new().await;
    for amounts in [r#"{"c":{"BTC":"1"}}"#, r#"{"c":{"ETH":"1"}}"#] {
        let signed = sign(&world, &limited_to(None, Some("100")), "day", amounts).await;
        assert!(matches!(signed, Err(ServiceError::Denied(_))), "{signed:?}");
    }
}
