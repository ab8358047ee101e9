//! What a person decides, held against what the venue shows.

use std::sync::Arc;

use settlement_gateway::domain::policy::{Allowed, Grants, RpcName};
use settlement_gateway::domain::settlement::Outcome;
use settlement_gateway::domain::trade::{Basis, TradeAsked, TradeState, TradeWrite};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint};
use settlement_gateway::service::trade::{TradeDecision, TradeResolution, resolve_trade_settlement, write_trade};
use settlement_gateway::service::{Caller, ServiceError};

use super::support::{B, Desk, affirming, came_to, creating, direct};
use crate::support::world::{V2, caller};

const RPC: &str = "AdminService/ResolveTradeSettlement";

/// A caller that was granted the decision by name.
fn operator() -> Caller {
    let everybody = caller();
    let grants = Grants { rpcs: Allowed::Only([RpcName::new(RPC)].into()), ..(*everybody.grants).clone() };
    Caller { grants: Arc::new(grants), rpc: RpcName::new(RPC), origin: Default::default() }
}

async fn decide(desk: &Desk, asked: &TradeAsked, decision: TradeDecision) -> Result<TradeWrite, ServiceError> {
    let resolution = TradeResolution {
        enterprise_id: asked.enterprise_id.clone(),
        request_id: asked.request_id.clone(),
        decision,
        why: "the venue's support says so".to_owned(),
    };
    resolve_trade_settlement(&desk.world.context, &operator(), resolution).await
}

/// A write whose request never arrived, or whose settlement the list does not show.
async fn undecided(desk: &Desk, asked: &TradeAsked, arrives: bool) {
    desk.fault(Endpoint::TradeCreate, 1, if arrives { Behaviour::AcceptThenCut } else { Behaviour::CutBefore });
    desk.fault(Endpoint::TradeList, 1_000, Behaviour::Status { status: 200, body: Body::EmptyList, effect: false });
    assert_eq!(came_to(&desk.write(asked.clone()).await).0, TradeState::NeedsOperator);
    desk.world.sandbox.faults().clear();
}

#[tokio::test]
async fn a_settlement_is_adopted_by_its_id_and_followed_from_then_on() {
    let desk = Desk::new().await;
    undecided(&desk, &direct("r-1"), true).await;
    let id = desk.at_venue()[0].settlement_id.clone();
    let adopted = decide(&desk, &direct("r-1"), TradeDecision::Created(id.parse().unwrap())).await.unwrap();
    assert_eq!((adopted.progress.state, adopted.settlement_id()), (TradeState::Pending, Some(id.as_str())));
    let resolution = adopted.progress.resolution.unwrap();
    assert_eq!((resolution.by.as_str(), resolution.why.as_str()), ("tester", "the venue's support says so"));
    desk.write(affirming("r-2", desk.affirmation(B))).await.unwrap();
    desk.until(&direct("r-1"), TradeState::Settled).await;
}

#[tokio::test]
async fn another_settlement_is_not_adopted_and_one_that_shows_is_not_denied() {
    let desk = Desk::new().await;
    let other = desk.write(direct("r-0")).await.unwrap().settlement_id().unwrap().to_owned();
    undecided(&desk, &direct("r-1"), true).await;
    for decision in [
        TradeDecision::Created(other.parse().unwrap()),
        TradeDecision::Created("unknown".parse().unwrap()),
        TradeDecision::TookEffect,
        TradeDecision::Nothing,
    ] {
        let refuted = decide(&desk, &direct("r-1"), decision.clone()).await;
        assert!(matches!(refuted, Err(ServiceError::ResolutionRefuted(_))), "{decision:?}: {refuted:?}");
    }
    assert_eq!(desk.stored(&direct("r-1")).await.progress.state, TradeState::NeedsOperator);
}

#[tokio::test]
async fn what_came_to_nothing_frees_its_payload_for_another_request() {
    let desk = Desk::new().await;
    let payload = desk.payload().await;
    let ready = |request_id: &str| creating(request_id, Basis::Payload(payload.clone()));
    undecided(&desk, &ready("r-1"), false).await;
    let reused = desk.write(ready("r-2")).await;
    assert_eq!(came_to(&reused).0, TradeState::NotAccepted, "while nobody knows, the payload is held");
    let nothing = decide(&desk, &ready("r-1"), TradeDecision::Nothing).await.unwrap();
    assert_eq!((nothing.progress.state, nothing.outcome()), (TradeState::NotAccepted, Outcome::NotCreated));
    let again = decide(&desk, &ready("r-1"), TradeDecision::Nothing).await.unwrap();
    assert_eq!(again, nothing, "the same decision again is a read");
    assert_eq!(came_to(&desk.write(ready("r-3")).await).0, TradeState::Pending);
    assert_eq!(desk.at_venue().len(), 1);
}

#[tokio::test]
async fn what_waits_for_nobody_is_not_decided() {
    let desk = Desk::new().await;
    desk.write(direct("r-1")).await.unwrap();
    let decided = decide(&desk, &direct("r-1"), TradeDecision::Nothing).await;
    assert!(matches!(decided, Err(ServiceError::NotResolvable)), "{decided:?}");
    let unknown = decide(&desk, &direct("r-2"), TradeDecision::Nothing).await;
    assert!(matches!(unknown, Err(ServiceError::NotFound(_))), "{unknown:?}");
}

#[tokio::test]
async fn a_word_to_an_affirmation_is_decided_by_what_the_venue_shows() {
    let desk = Desk::new().await;
    desk.write(direct("r-1")).await.unwrap();
    desk.fault(Endpoint::AffirmationPut, 1, Behaviour::CutBefore);
    let lost = affirming("r-2", desk.affirmation(B));
    assert_eq!(came_to(&desk.write(lost.clone()).await).0, TradeState::NeedsOperator);
    let refuted = decide(&desk, &lost, TradeDecision::TookEffect).await;
    assert!(matches!(refuted, Err(ServiceError::ResolutionRefuted(_))), "{refuted:?}");
    assert_eq!(decide(&desk, &lost, TradeDecision::Nothing).await.unwrap().progress.state, TradeState::NotAccepted);
    let again = desk.write(affirming("r-3", desk.affirmation(B))).await.unwrap();
    assert_eq!(again.progress.state, TradeState::Done);
}

#[tokio::test]
async fn a_star_does_not_cover_what_overrules_the_gateway() {
    let desk = Desk::new().await;
    let star = Caller { rpc: RpcName::new(RPC), ..caller() };
    let resolution = TradeResolution {
        enterprise_id: direct("r-1").enterprise_id,
        request_id: direct("r-1").request_id,
        decision: TradeDecision::Nothing,
        why: "because".to_owned(),
    };
    let denied = resolve_trade_settlement(&desk.world.context, &star, resolution).await;
    assert!(matches!(denied, Err(ServiceError::Denied(_))), "{denied:?}");
}

/// What the venue shows of a settlement whose payload it keeps to itself.
fn untold(requester: &str) -> Behaviour {
    let members = [("affirmations", "[]".to_owned()), ("requesterAccountId", format!("\"{requester}\""))];
    Behaviour::AlteredQuote { members: members.map(|(name, text)| (name.to_owned(), text)).into() }
}

fn why_refuted(outcome: Result<TradeWrite, ServiceError>) -> String {
    match outcome {
        Err(ServiceError::ResolutionRefuted(why)) => why,
        other => panic!("not refuted: {other:?}"),
    }
}

#[tokio::test]
async fn no_two_requests_are_said_to_have_made_one_settlement() {
    let desk = Desk::new().await;
    let other = desk.write(direct("r-0")).await.unwrap().settlement_id().unwrap().to_owned();
    undecided(&desk, &direct("r-1"), false).await;
    desk.fault(Endpoint::TradeDetail, 1_000, untold("acct-a"));
    let refuted = why_refuted(decide(&desk, &direct("r-1"), TradeDecision::Created(other.parse().unwrap())).await);
    assert!(refuted.contains("another request"), "{refuted}");
}

#[tokio::test]
async fn what_was_never_sent_made_no_settlement() {
    let desk = Desk { world: crate::support::world::World::new().await };
    let mut theirs = direct("theirs");
    (theirs.enterprise_id, theirs.account_id) = (super::support::enterprise(V2), super::support::account(B));
    let patience = std::time::Duration::ZERO;
    write_trade(&desk.world.context, &caller(), direct("r-1"), None, patience).await.unwrap();
    let mut desk = desk;
    for _ in 0..3 {
        let lease = std::time::Duration::from_secs(3_600);
        desk.world.context.store.claim_errand(jiff::Timestamp::now(), lease).await.unwrap().unwrap();
        desk = Desk { world: desk.world.restart().await };
    }
    desk.start();
    desk.until(&direct("r-1"), TradeState::NeedsOperator).await;
    desk.write(theirs).await.unwrap();
    desk.fault(Endpoint::TradeDetail, 1_000, untold("acct-a"));
    let id = desk.at_venue()[0].settlement_id.parse().unwrap();
    let refuted = why_refuted(decide(&desk, &direct("r-1"), TradeDecision::Created(id)).await);
    assert!(refuted.contains("never sent"), "{refuted}");
    assert_eq!(decide(&desk, &direct("r-1"), TradeDecision::Nothing).await.unwrap().outcome(), Outcome::NotSent);
}

#[tokio::test]
async fn a_decision_is_repeated_only_for_the_settlement_that_it_named() {
    let desk = Desk::new().await;
    undecided(&desk, &direct("r-1"), true).await;
    let id = desk.at_venue()[0].settlement_id.clone();
    let named = |id: &str| TradeDecision::Created(id.parse().unwrap());
    decide(&desk, &direct("r-1"), named(&id)).await.unwrap();
    decide(&desk, &direct("r-1"), named(&id.replace('-', ""))).await.unwrap();
    let another = decide(&desk, &direct("r-1"), named("another")).await;
    assert!(matches!(another, Err(ServiceError::NotResolvable)), "{another:?}");
}

#[tokio::test]
async fn a_settlement_that_the_venue_has_shown_is_not_said_to_be_none() {
    let desk = Desk::new().await;
    desk.fault(Endpoint::TradeDetail, 1, Behaviour::AnotherSettlement);
    desk.write(direct("r-1")).await.unwrap();
    let parked = desk.until(&direct("r-1"), TradeState::NeedsOperator).await;
    assert_eq!(parked.outcome(), Outcome::Created);
    desk.fault(Endpoint::TradeList, 1, Behaviour::Status { status: 200, body: Body::EmptyList, effect: false });
    let refuted = why_refuted(decide(&desk, &direct("r-1"), TradeDecision::Nothing).await);
    assert!(refuted.contains("has shown"), "{refuted}");
    let id = parked.settlement_id().unwrap().parse().unwrap();
    assert_eq!(decide(&desk, &direct("r-1"), TradeDecision::Created(id)).await.unwrap().progress.state, TradeState::Pending);
}
