//! The simulated venue calls by itself, with everything that can be wrong with its calls.

use settlement_gateway::sandbox::{Behaviour, CallbackKey, Endpoint, Fault, Flaw};

use super::support::{Called, PATH, WINDOW, endpoint};
use crate::support::gateway::V2;

/// A gateway that the simulated venue calls when its windows end, the first time with a flaw.
async fn called_with(flaw: Option<Flaw>) -> Called {
    let key = CallbackKey::generate().unwrap();
    let called = Called::start_by_real_time(|setup| {
        setup.write_secret("venue.jwks", &key.public_jwks().unwrap());
        setup.callbacks = endpoint(PATH, "jwks_file = \"venue.jwks\"");
        setup.sandbox.callback_key = Some(key);
    })
    .await;
    called.gateway.sandbox.call_partner_at(V2, &called.url(PATH));
    if let Some(flaw) = flaw {
        called.gateway.disturb(Fault { on: Endpoint::FinalizeCall, times: 1, behaviour: Behaviour::Flawed { flaw } });
    }
    let settlement = called.pending("day-1").await;
    called.gateway.sandbox.advance(WINDOW * 2).await.unwrap();
    assert_eq!(called.completed("day-1").await.settlement_id, settlement.settlement_id);
    called
}

#[tokio::test]
async fn a_settlement_ends_when_the_venue_calls() {
    let called = called_with(None).await;
    assert_eq!(called.outcomes().await, ["NAMED"]);
}

#[tokio::test]
async fn a_call_that_proves_nothing_is_made_again_and_then_taken() {
    for flaw in [Flaw::Forged, Flaw::Unsigned, Flaw::NoToken, Flaw::Stale, Flaw::Reordered] {
        let called = called_with(Some(flaw)).await;
        assert_eq!(called.outcomes().await, ["NAMED"], "{flaw:?}");
    }
}

#[tokio::test]
async fn a_call_that_says_something_wrong_is_a_hint_all_the_same() {
    for (flaw, outcome) in [
        (Flaw::OtherAmounts, "NAMED"),
        (Flaw::Replayed, "NAMED"),
        (Flaw::WrongBody, "EVERYTHING"),
        (Flaw::AnotherSettlement, "EVERYTHING"),
    ] {
        let called = called_with(Some(flaw)).await;
        assert_eq!(called.outcomes().await, [outcome], "{flaw:?}");
    }
}
