//! The table of answers whole: every status with every form of a body, with and without effect, first and after a lost answer.

use settlement_gateway::domain::settlement::State;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};

use crate::support::world::{V1, World, request, state_of};

const STATUSES: [u16; 15] = [200, 201, 300, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 511];
const FORMS: [(Body, &str); 8] = [
    (Body::Error, "error"),
    (Body::ErrorName, "error-name-req"),
    (Body::NameRequestId, "error-name-request"),
    (Body::EmptyObject, "empty-object"),
    (Body::Nothing, "nothing"),
    (Body::Html, "html"),
    (Body::Truncated, "truncated"),
    (Body::WrongContentType, "wrong-type"),
];

/// What the post met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Try {
    /// It was the first, and the venue did nothing.
    WithoutEffect,
    /// It was the first, and the venue carried it out.
    WithEffect,
    /// It repeated one that was carried out and whose answer was lost, and a read did not show that yet.
    AfterALostAnswer,
}

/// Where a settlement of route v1 must come to rest. `None`: the venue contradicts itself, and nothing can be promised.
fn expected(status: u16, body: Body, what: Try) -> Option<State> {
    let is_proven = !matches!(body, Body::Nothing | Body::Html | Body::Truncated);
    match (status, what) {
        // A conflict is for a person, whatever else is known.
        (409, _) => Some(State::NeedsOperator),
        // The venue's own word that it took nothing, when it did.
        (400 | 403, Try::WithEffect) if is_proven => None,
        (400 | 401 | 403 | 422, Try::WithoutEffect) => Some(State::NotAccepted),
        _ => Some(State::Completed),
    }
}

async fn arrange(world: &World, status: u16, body: Body, what: Try) {
    let push = |on, behaviour| world.sandbox.faults().push(Fault { on, times: 1, behaviour });
    if what == Try::AfterALostAnswer {
        push(Endpoint::SettlementPost, Behaviour::AcceptThenCut);
        push(Endpoint::SettlementList, Behaviour::Status { status: 200, body: Body::EmptyList, effect: false });
    }
    let effect = what == Try::WithEffect;
    push(Endpoint::SettlementPost, Behaviour::Status { status, body, effect });
}

/// One status in a world of its own: what became of each form and try, as lines.
async fn outcomes_of(status: u16) -> Vec<String> {
    let world = World::new().await;
    let mut lines = Vec::new();
    for (body, form) in FORMS {
        for what in [Try::WithoutEffect, Try::WithEffect, Try::AfterALostAnswer] {
            let Some(state) = expected(status, body, what) else { continue };
            let name = format!("{status}-{form}-{what:?}");
            arrange(&world, status, body, what).await;
            let outcome = world.initiate(request(V1, &name)).await;
            assert_eq!(state_of(&outcome), state, "{name}: {outcome:?}");
            let entry = world.at_venue(V1, &name);
            let created = entry.as_ref().map_or(0, |entry| entry.created);
            let most = u64::from(what != Try::WithoutEffect || state == State::Completed);
            assert_eq!(created, most, "{name}");
            assert!(entry.is_none_or(|entry| entry.body_digests.len() <= 1), "{name}: other bytes were sent");
            lines.push(format!("{status} {form:<18} {what:?}: {}, created {created} times", state.as_str()));
            world.sandbox.faults().clear();
        }
    }
    lines
}

#[tokio::test]
async fn every_status_with_every_body_comes_to_its_state_and_creates_at_most_once() {
    let worlds: Vec<_> = STATUSES.map(|status| tokio::spawn(outcomes_of(status))).into();
    let mut count = 0;
    for world in worlds {
        for line in world.await.unwrap() {
            println!("{line}");
            count += 1;
        }
    }
    assert_eq!(count, STATUSES.len() * FORMS.len() * 3 - 2 * 5, "a row was left out");
}
