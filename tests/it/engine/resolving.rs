//! What a person decides of a settlement, held against what the venue shows.

use std::sync::Arc;

use settlement_gateway::domain::policy::{Allowed, Grants, RpcName};
use settlement_gateway::domain::settlement::{NextAction, Outcome, Settlement, State};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use settlement_gateway::service::engine::EngineSettings;
use settlement_gateway::service::{
    Caller, ServiceError, SettlementDecision, SettlementResolution, SettlementVersion, SettlementView, resolve_settlement,
};

use crate::support::builders::external;
use crate::support::world::{V1, World, caller, quick, request, state_of};

const RPC: &str = "AdminService/ResolveSettlement";

/// A caller that was granted the decision by name.
fn operator() -> Caller {
    let everybody = caller();
    let grants = Grants { rpcs: Allowed::Only([RpcName::new(RPC)].into()), ..(*everybody.grants).clone() };
    Caller { grants: Arc::new(grants), rpc: RpcName::new(RPC), origin: Default::default() }
}

async fn decide(world: &World, settlement: &Settlement, decision: SettlementDecision) -> Result<SettlementView, ServiceError> {
    let version = SettlementVersion {
        enterprise_id: settlement.header.enterprise_id.clone(),
        external_id: settlement.header.external_id.clone(),
        expected_sequence: settlement.progress.sequence,
    };
    let resolution = SettlementResolution { version, decision, why: "the venue's support says so".to_owned() };
    resolve_settlement(&world.context, &operator(), resolution).await
}

fn fault(on: Endpoint, times: u32, behaviour: Behaviour) -> Fault {
    Fault { on, times, behaviour }
}

/// A settlement that waits for a person, since the venue spoke of a conflict; with or without effect.
async fn parked(world: &World, external_id: &str, effect: bool) -> Settlement {
    let conflict = Behaviour::Status { status: 409, body: Body::Error, effect };
    world.sandbox.faults().push(fault(Endpoint::SettlementPost, 1, conflict));
    let view = world.initiate(request(V1, external_id)).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::NeedsOperator);
    view.settlement
}

#[tokio::test]
async fn a_settlement_that_stands_at_the_venue_is_adopted_and_never_denied() {
    let world = World::new().await;
    let settlement = parked(&world, "there", true).await;
    let denied = decide(&world, &settlement, SettlementDecision::NotCreated).await;
    assert!(matches!(denied, Err(ServiceError::ResolutionRefuted(_))), "{denied:?}");
    let another = decide(&world, &settlement, SettlementDecision::Adopt("another".parse().unwrap())).await;
    assert!(matches!(another, Err(ServiceError::ResolutionRefuted(_))), "{another:?}");
    let id = world.at_venue(V1, "there").unwrap().settlement_id.unwrap();
    let adopted = decide(&world, &settlement, SettlementDecision::Adopt(id.parse().unwrap())).await;
    assert_eq!(state_of(&adopted), State::Completed);
    let timeline = adopted.unwrap().timeline;
    let line = timeline.iter().find(|line| line.change == "RESOLVED").unwrap();
    assert_eq!(line.detail.as_deref(), Some("tester decided: the venue's support says so"));
    assert_eq!(world.at_venue(V1, "there").unwrap().posts, 1);
}

#[tokio::test]
async fn what_the_venue_never_had_is_declared_so_and_superseded() {
    let world = World::new().await;
    let settlement = parked(&world, "nothing", false).await;
    let resolved = decide(&world, &settlement, SettlementDecision::NotCreated).await.unwrap().settlement;
    assert_eq!((resolved.progress.state, resolved.progress.outcome()), (State::NotAccepted, Outcome::NotCreated));
    assert_eq!(resolved.progress.next_action(resolved.header.route), NextAction::FixWithNewId);
    let mut next = request(V1, "next");
    next.asked.supersedes = Some(external("nothing"));
    assert_eq!(state_of(&world.initiate(next).await), State::Completed);
}

#[tokio::test]
async fn a_settlement_that_goes_on_is_read_back_and_sent_with_the_same_bytes() {
    let world = World::with(EngineSettings { max_attempts: 2, ..quick() }, |_| ()).await;
    let settlement = parked(&world, "again", false).await;
    decide(&world, &settlement, SettlementDecision::GoOn).await.unwrap();
    let again = world.initiate(request(V1, "again")).await;
    assert_eq!(state_of(&again), State::Completed);
    let at_venue = world.at_venue(V1, "again").unwrap();
    assert_eq!((at_venue.posts, at_venue.body_digests.len(), at_venue.created), (2, 1, 1));
}

#[tokio::test]
async fn what_waits_for_nobody_and_what_has_moved_on_is_not_decided() {
    let world = World::new().await;
    let done = world.initiate(request(V1, "done")).await.unwrap().settlement;
    let decided = decide(&world, &done, SettlementDecision::GoOn).await;
    assert!(matches!(decided, Err(ServiceError::NotResolvable)), "{decided:?}");
    let mut stale = parked(&world, "stale", false).await;
    stale.progress.sequence -= 1;
    let decided = decide(&world, &stale, SettlementDecision::GoOn).await;
    assert!(matches!(decided, Err(ServiceError::StateConflict(_))), "{decided:?}");
}
