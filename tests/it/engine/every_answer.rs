//! Every answer to the post of a settlement, on both routes, and what it comes to in the end.

use settlement_gateway::domain::settlement::State;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use settlement_gateway::service::ServiceError;

use crate::support::answers::{CameTo, Row, Try, Write, every_answer};
use crate::support::world::{V1, V2, World, request};

/// What a row comes to once nothing more happens to it: both routes settle here, v2 since its windows are none.
fn expected(row: &Row) -> Option<CameTo> {
    let came_to = |state: State, effects| Some(CameTo { state: state.as_str(), effects });
    // Whatever it was, the same bytes go out again until the venue shows one settlement.
    if row.is_enormous() {
        return came_to(State::Completed, 1);
    }
    let effects = u64::from(row.what != Try::WithoutEffect);
    let is_proven = !matches!(row.body, Body::Nothing | Body::Html | Body::Truncated);
    match (row.status, row.what) {
        // A conflict is for a person, whatever else is known, and so is a success that is another's.
        (409, _) => came_to(State::NeedsOperator, effects),
        (200 | 201, Try::WithEffect) if row.body == Body::AnotherSettlement => came_to(State::NeedsOperator, 1),
        // The venue's own word that it took nothing, when it did.
        (400 | 403, Try::WithEffect) if is_proven => None,
        (400 | 401 | 403 | 422, Try::WithoutEffect) => came_to(State::NotAccepted, 0),
        _ => came_to(State::Completed, 1),
    }
}

async fn meet(world: &World, enterprise: &str, row: &Row) -> CameTo {
    let (name, faults) = (row.name(), world.sandbox.faults());
    if row.what == Try::AfterALostAnswer {
        let lag = Behaviour::Status { status: 200, body: Body::EmptyList, effect: false };
        faults.push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: Behaviour::AcceptThenCut });
        faults.push(Fault { on: Endpoint::SettlementList, times: 1, behaviour: lag });
    }
    faults.push(row.answer(Endpoint::SettlementPost));
    let outcome = world.initiate(request(enterprise, &name)).await;
    assert_eq!(faults.waiting(), 0, "{name}: it did not meet what it was to meet");
    let entry = world.at_venue(enterprise, &name);
    assert!(entry.as_ref().is_none_or(|entry| entry.body_digests.len() <= 1), "{name}: other bytes were sent");
    let state = match outcome {
        // No later look meets what is meant for the next row.
        Ok(view) => world.until_at_rest(view.settlement).await.progress.state,
        Err(ServiceError::NotAccepted(settlement)) => settlement.progress.state,
        Err(error) => panic!("{name}: {error:?}"),
    };
    CameTo { state: state.as_str(), effects: entry.map_or(0, |entry| entry.created) }
}

/// The synchronous route.
struct PostV1(World);

impl Write for PostV1 {
    const NAME: &'static str = "v1 settlement post";
    const LEFT_OUT: usize = 2 * 7;

    async fn open(_: Try) -> Self {
        Self(World::new().await)
    }

    fn expected(row: &Row) -> Option<CameTo> {
        expected(row)
    }

    async fn meet(&self, row: &Row) -> CameTo {
        meet(&self.0, V1, row).await
    }
}

/// The asynchronous route.
struct PostV2(World);

impl Write for PostV2 {
    const NAME: &'static str = "v2 settlement post";
    const LEFT_OUT: usize = 2 * 7;

    async fn open(_: Try) -> Self {
        Self(World::new().await)
    }

    fn expected(row: &Row) -> Option<CameTo> {
        expected(row)
    }

    async fn meet(&self, row: &Row) -> CameTo {
        meet(&self.0, V2, row).await
    }
}

#[tokio::test]
async fn every_answer_to_a_v1_post_comes_to_its_state_and_creates_at_most_once() {
    every_answer::<PostV1>().await;
}

#[tokio::test]
async fn every_answer_to_a_v2_post_comes_to_its_state_and_creates_at_most_once() {
    every_answer::<PostV2>().await;
}
