//! The table of answers, against the simulated venue: what each leads to, and that money moved at most once.

use settlement_gateway::domain::settlement::{Outcome, Reason, State};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, RetryAfter, UnfundedV2};

use crate::support::builders::leg;
use crate::support::world::{V1, V2, World, asking, request, state_of};
use settlement_gateway::service::ServiceError;

/// What the venue did and what became of the settlement.
struct Row {
    name: &'static str,
    behaviour: Behaviour,
    state: State,
    created: u64,
}

fn status(status: u16, body: Body, effect: bool) -> Behaviour {
    Behaviour::Status { status, body, effect }
}

fn rows() -> Vec<Row> {
    let row = |name, behaviour, state, created| Row { name, behaviour, state, created };
    vec![
        row("cut-before", Behaviour::CutBefore, State::Completed, 1),
        row("accept-then-cut", Behaviour::AcceptThenCut, State::Completed, 1),
        row("late", Behaviour::DelayAfter { ms: 2_500 }, State::Completed, 1),
        row("400", status(400, Body::Error, false), State::NotAccepted, 0),
        row("401-empty", status(401, Body::EmptyObject, false), State::NotAccepted, 0),
        row("401-effect", status(401, Body::Error, true), State::Completed, 1),
        row("401-settlement", status(401, Body::Settlement, true), State::Pending, 1),
        row("403", status(403, Body::ErrorName, false), State::NotAccepted, 0),
        row("409", status(409, Body::NameRequestId, false), State::NeedsOperator, 0),
        row("422", status(422, Body::Error, false), State::NotAccepted, 0),
        row("422-effect", status(422, Body::Error, true), State::Completed, 1),
        row("429", Behaviour::TooManyRequests { retry_after: RetryAfter::Absent }, State::Completed, 1),
        row("429-after", Behaviour::TooManyRequests { retry_after: RetryAfter::Seconds(1) }, State::Completed, 1),
        row("429-date", Behaviour::TooManyRequests { retry_after: RetryAfter::Date(1) }, State::Completed, 1),
        row("500-no", status(500, Body::Error, false), State::Completed, 1),
        row("500-effect", status(500, Body::EmptyObject, true), State::Completed, 1),
        row("500-settlement", status(500, Body::Settlement, true), State::Pending, 1),
        row("502-html", status(502, Body::Html, false), State::Completed, 1),
        row("503-html-effect", status(503, Body::Html, true), State::Completed, 1),
        row("504", status(504, Body::Nothing, true), State::Completed, 1),
        row("200-html", status(200, Body::Html, true), State::Completed, 1),
        row("200-truncated", status(200, Body::Truncated, true), State::Completed, 1),
        row("200-truncated-no-effect", status(200, Body::Truncated, false), State::Completed, 1),
        row("200-empty", status(200, Body::EmptyObject, false), State::Completed, 1),
        row("200-wrong-type", status(200, Body::WrongContentType, true), State::Completed, 1),
        row("oversize", Behaviour::Oversize { bytes: 100 * 1024 * 1024 }, State::Completed, 1),
        row("another", Behaviour::AnotherSettlement, State::NeedsOperator, 1),
    ]
}

#[tokio::test]
async fn every_answer_to_a_first_post_leads_to_its_state_and_creates_at_most_once() {
    let world = World::new().await;
    for Row { name, behaviour, state, created } in rows() {
        world.sandbox.faults().push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour });
        let outcome = world.initiate(request(V1, name)).await;
        assert_eq!(state_of(&outcome), state, "{name}: {outcome:?}");
        let entry = world.at_venue(V1, name);
        assert_eq!(entry.as_ref().map_or(0, |entry| entry.created), created, "{name}");
        assert!(entry.is_none_or(|entry| entry.body_digests.len() <= 1), "{name}: other bytes were sent");
        world.sandbox.faults().clear();
    }
}

#[tokio::test]
async fn every_answer_after_a_lost_one_leads_to_its_state_and_creates_at_most_once() {
    let world = World::new().await;
    for Row { name, behaviour, .. } in rows() {
        // The first attempt takes effect and its answer is lost; the read-back lags behind; then the row's answer comes.
        world.sandbox.faults().push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: Behaviour::AcceptThenCut });
        let lag = status(200, Body::EmptyList, false);
        world.sandbox.faults().push(Fault { on: Endpoint::SettlementList, times: 1, behaviour: lag });
        world.sandbox.faults().push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: behaviour.clone() });
        let outcome = world.initiate(request(V1, name)).await;
        let entry = world.at_venue(V1, name).unwrap();
        assert_eq!((entry.created, entry.body_digests.len()), (1, 1), "{name}");
        let expected = match name {
            "409" | "another" => State::NeedsOperator,
            "401-settlement" | "500-settlement" => State::Pending,
            _ => State::Completed,
        };
        assert_eq!(state_of(&outcome), expected, "{name}: {outcome:?}");
        if let Ok(view) = outcome {
            world.until_at_rest(view.settlement).await;
        }
        world.sandbox.faults().clear();
    }
}

#[tokio::test]
async fn a_v1_settlement_without_funds_waits_for_them_whichever_status_says_so() {
    use settlement_gateway::sandbox::ShortfallAnswer;
    for shortfall in [ShortfallAnswer::Unauthorized, ShortfallAnswer::InternalError] {
        let world = World::with(crate::support::world::quick(), |enterprise| enterprise.shortfall = shortfall).await;
        let outcome = world.initiate(asking(V1, "short", vec![leg("connection-1", "BTC", "2000000")])).await;
        let view = outcome.unwrap();
        assert_eq!(view.settlement.progress.state, State::AwaitingFunds);
        assert_eq!(view.settlement.progress.reason, Some(Reason::InsufficientFunds));
        assert_eq!(view.settlement.progress.outcome(), Outcome::Created);
    }
}

#[tokio::test]
async fn v2_liabilities_above_a_balance_are_refused_only_after_a_read_back() {
    let owes_too_much = || asking(V2, "liable", vec![leg("connection-1", "BTC", "-2000000")]);
    let world = World::new().await;
    let refused = world.initiate(owes_too_much()).await;
    let Err(ServiceError::NotAccepted(settlement)) = refused else { panic!("{refused:?}") };
    assert_eq!(settlement.progress.reason, Some(Reason::LiabilitiesExceedBalance));
    assert_eq!(settlement.progress.outcome(), Outcome::NotCreated);

    let created_first = World::with(crate::support::world::quick(), |enterprise| {
        enterprise.unfunded = UnfundedV2::CreatedFirst;
        enterprise.dispute_window_ms = 60_000;
    })
    .await;
    let view = created_first.initiate(owes_too_much()).await.unwrap();
    assert_eq!(view.settlement.progress.state, State::Pending);
    assert_eq!(created_first.at_venue(V2, "liable").unwrap().created, 1);
}

#[tokio::test]
async fn v1_with_disputes_enabled_says_use_v2() {
    let world = World::with(crate::support::world::quick(), |enterprise| enterprise.disputes = true).await;
    let refused = world.initiate(request(V1, "disputed")).await;
    let Err(ServiceError::NotAccepted(settlement)) = refused else { panic!("{refused:?}") };
    assert_eq!(settlement.progress.reason, Some(Reason::DisputesEnabledUseV2));
}
