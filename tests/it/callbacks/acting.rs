//! What follows from a venue's call: a look at the venue, and nothing that the call itself says.

use serde_json::json;
use settlement_gateway::grpc::pb::SettlementState;
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault};

use super::support::{ANSWER, Answer, Called, body, claims, endpoint, token};
use crate::support::gateway::V2;

fn taken() -> Answer {
    Answer { status: 202, body: ANSWER.to_owned() }
}

#[tokio::test]
async fn a_call_has_its_settlement_looked_at_and_what_it_says_itself_is_never_believed() {
    let called = Called::start().await;
    let settlement = called.pending("day-1").await;
    let asked = called.gateway.venue_requests();
    // The body calls it rejected, with other amounts: the venue's own record says otherwise.
    assert_eq!(called.call(&token(&claims("j-1")), &body(&settlement)).await, taken());
    assert_eq!(called.outcomes().await, ["NAMED"]);
    called.end_windows();
    assert_eq!(called.call(&token(&claims("j-2")), &body(&settlement)).await, taken());
    let completed = called.completed("day-1").await;
    assert_eq!(completed.outcome(), settlement.outcome());
    assert!(called.gateway.venue_requests() > asked);
    assert_eq!(called.outcomes().await, ["NAMED", "NAMED"]);
}

#[tokio::test]
async fn a_call_that_names_nothing_known_has_everything_looked_at() {
    for unknown in ["", "{}", "not json", "\u{0}\u{1}", r#"{"settlementId":"of somebody else"}"#, r#"["unheard","of"]"#] {
        let called = Called::start().await;
        called.pending("day-1").await;
        called.end_windows();
        assert_eq!(called.call(&token(&claims("j-1")), unknown).await, taken(), "{unknown:?}");
        called.completed("day-1").await;
        assert_eq!(called.outcomes().await, ["EVERYTHING"], "{unknown:?}");
    }
}

#[tokio::test]
async fn an_id_in_the_path_names_a_settlement_too() {
    let path = "/partner/{enterprise}/settlements/{id}/finalize";
    let called = Called::start_with(|setup| setup.callbacks = endpoint(path, "public_key_file = \"venue.pem\"")).await;
    let settlement = called.pending("day-1").await;
    called.end_windows();
    let path = format!("/partner/ours/settlements/{}/finalize", settlement.settlement_id.unwrap());
    assert_eq!(called.request("PUT", &path, Some(&token(&claims("j-1"))), "").await, taken());
    called.completed("day-1").await;
    assert_eq!(called.outcomes().await, ["NAMED"]);
}

#[tokio::test]
async fn a_thousand_replays_are_answered_alike_and_are_one_delivery() {
    let called = Called::start().await;
    let settlement = called.pending("day-1").await;
    let (token, body) = (token(&claims("j-1")), body(&settlement));
    for _ in 0..1_000 {
        assert_eq!(called.call(&token, &body).await, taken());
    }
    assert_eq!(called.outcomes().await, ["NAMED"]);
    let asked = called.gateway.venue_requests();
    assert_eq!(called.call(&token, &body).await, taken());
    assert_eq!(called.gateway.venue_requests(), asked, "a replay costs the venue nothing");
    assert_eq!(called.gateway.stored(V2, "day-1").await.state(), SettlementState::Pending);
}

#[tokio::test]
async fn calls_in_any_order_end_alike() {
    let called = Called::start().await;
    let settlement = called.pending("day-1").await;
    called.end_windows();
    // The last word comes first, then one of before, then one of a settlement that nobody knows.
    let words =
        [body(&settlement), json!({ "externalId": "day-1", "status": "pending" }).to_string(), "{\"id\":\"x\"}".to_owned()];
    for (place, word) in words.iter().enumerate() {
        assert_eq!(called.call(&token(&claims(&format!("j-{place}"))), word).await, taken());
    }
    called.completed("day-1").await;
    assert_eq!(called.outcomes().await, ["NAMED", "NAMED", "EVERYTHING"]);
    assert_eq!(called.gateway.stored(V2, "day-1").await.state(), SettlementState::Completed);
}

#[tokio::test]
async fn a_delivery_outlives_a_restart_and_is_not_acted_on_twice() {
    let called = Called::start().await;
    let settlement = called.pending("day-1").await;
    assert_eq!(called.call(&token(&claims("j-1")), &body(&settlement)).await, taken());
    assert_eq!(called.outcomes().await, ["NAMED"]);
    let called = called.restart().await;
    assert_eq!(called.call(&token(&claims("j-1")), &body(&settlement)).await, taken(), "the token is still known");
    assert_eq!(called.outcomes().await, ["NAMED"]);
}

#[tokio::test]
async fn a_venue_that_cannot_be_read_after_its_call_changes_nothing() {
    let called = Called::start().await;
    let settlement = called.pending("day-1").await;
    called.end_windows();
    for times in [1, 1_000_000] {
        called.gateway.disturb(Fault { on: Endpoint::SettlementList, times, behaviour: Behaviour::CutBefore });
    }
    assert_eq!(called.call(&token(&claims("j-1")), &body(&settlement)).await, taken());
    assert_eq!(called.outcomes().await, ["NAMED"]);
    crate::support::gateway::within(async {
        while called.gateway.sandbox.faults().waiting() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(called.gateway.stored(V2, "day-1").await.state(), SettlementState::Pending);
    called.gateway.sandbox.faults().clear();
    assert_eq!(called.call(&token(&claims("j-2")), &body(&settlement)).await, taken());
    called.completed("day-1").await;
}
