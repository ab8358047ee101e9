//! Answers that are lost, late, doubled or wrong: one dispatch, and nothing unknown is called failed.

use settlement_gateway::domain::settlement::Outcome;
use settlement_gateway::domain::trade::{TradeReason, TradeState};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, RetryAfter};
use settlement_gateway::service::trade::TradeSettings;

use super::support::{B, Desk, affirming, came_to, direct, settings};
use crate::support::world::PATIENCE;

fn status(status: u16, body: Body, effect: bool) -> Behaviour {
    Behaviour::Status { status, body, effect }
}

#[tokio::test]
async fn whatever_hides_a_settlement_it_is_found_by_its_nonces_and_not_made_twice() {
    let desk = Desk::new().await;
    let hiding = [
        Behaviour::AcceptThenCut,
        status(500, Body::Html, true),
        status(401, Body::Error, true),
        status(409, Body::ErrorName, true),
        status(400, Body::Html, true),
        status(503, Body::Nothing, true),
        status(200, Body::Truncated, true),
        status(200, Body::EmptyObject, true),
        Behaviour::Oversize { bytes: 17 * 1024 * 1024 },
    ];
    for (place, behaviour) in hiding.into_iter().enumerate() {
        desk.fault(Endpoint::TradeCreate, 1, behaviour.clone());
        let outcome = desk.write(direct(&format!("r-{place}"))).await;
        assert_eq!(came_to(&outcome), (TradeState::Pending, None), "{behaviour:?}");
        assert_eq!((desk.posts(), desk.at_venue().len()), (place as u64 + 1, place + 1), "{behaviour:?}");
    }
}

#[tokio::test]
async fn a_settlement_that_shows_late_is_waited_for() {
    // However slow the machine is, the readings that do not show it are within the window.
    let desk = Desk::paced(TradeSettings { silence_window: PATIENCE, ..settings() }).await;
    desk.fault(Endpoint::TradeCreate, 1, Behaviour::AcceptThenCut);
    desk.fault(Endpoint::TradeList, 2, status(200, Body::EmptyList, false));
    assert_eq!(came_to(&desk.write(direct("r-1")).await).0, TradeState::Pending);
    assert_eq!(desk.posts(), 1);
}

#[tokio::test]
async fn what_takes_effect_after_the_call_was_given_up_is_found() {
    let desk = Desk::new().await;
    // The call is given up after two seconds, and takes effect a little later.
    desk.fault(Endpoint::TradeCreate, 1, Behaviour::DelayBefore { ms: 2_060 });
    assert_eq!(came_to(&desk.write(direct("r-1")).await).0, TradeState::Pending);
    assert_eq!((desk.posts(), desk.at_venue().len()), (1, 1));
}

#[tokio::test]
async fn another_settlements_answer_needs_a_person() {
    let desk = Desk::new().await;
    desk.fault(Endpoint::TradeCreate, 1, Behaviour::AnotherSettlement);
    let outcome = desk.write(direct("r-1")).await;
    assert_eq!(came_to(&outcome), (TradeState::NeedsOperator, Some(TradeReason::VenueAnsweredOther)));
    assert_eq!(outcome.unwrap().outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn what_no_read_shows_in_time_needs_a_person_and_is_never_sent_again() {
    let desk = Desk::new().await;
    desk.fault(Endpoint::TradeCreate, 1, Behaviour::CutBefore);
    let outcome = desk.write(direct("r-1")).await;
    assert_eq!(came_to(&outcome), (TradeState::NeedsOperator, Some(TradeReason::OutcomeUndecided)));
    desk.write(direct("r-1")).await.unwrap();
    assert_eq!(desk.posts(), 1);
}

#[tokio::test]
async fn the_rate_limit_turns_away_and_the_same_request_goes_out_again() {
    let desk = Desk::new().await;
    desk.fault(Endpoint::TradeCreate, 2, Behaviour::TooManyRequests { retry_after: RetryAfter::Seconds(0) });
    let write = desk.write(direct("r-1")).await.unwrap();
    assert_eq!((write.progress.state, write.progress.attempts), (TradeState::Pending, 3));
    assert_eq!(desk.at_venue().len(), 1);
}

#[tokio::test]
async fn a_word_to_an_affirmation_goes_out_once_whatever_becomes_of_its_answer() {
    let desk = Desk::new().await;
    for (place, behaviour) in
        [Behaviour::AcceptThenCut, status(500, Body::Html, true), status(200, Body::Truncated, true)].into_iter().enumerate()
    {
        desk.write(direct(&format!("c-{place}"))).await.unwrap();
        desk.fault(Endpoint::AffirmationPut, 1, behaviour.clone());
        let outcome = desk.write(affirming(&format!("a-{place}"), desk.affirmation(B))).await;
        assert_eq!(came_to(&outcome).0, TradeState::Done, "{behaviour:?}");
        assert_eq!(desk.words(), place as u64 + 1);
    }
    desk.write(direct("c-lost")).await.unwrap();
    desk.fault(Endpoint::AffirmationPut, 1, Behaviour::CutBefore);
    let lost = desk.write(affirming("a-lost", desk.affirmation(B))).await;
    assert_eq!(came_to(&lost), (TradeState::NeedsOperator, Some(TradeReason::OutcomeUndecided)));
    assert_eq!(desk.words(), 4);
}
