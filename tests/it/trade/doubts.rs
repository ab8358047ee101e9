//! What is unknown is neither forgotten nor believed too easily.

use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::settlement::Outcome;
use settlement_gateway::domain::trade::{TradeReason, TradeState, TradeWrite};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint};
use settlement_gateway::service::trade::{TradeErrands, write_trade};
use settlement_gateway::service::{Context, RunsErrands};
use settlement_gateway::upstream::AccountAt;

use super::support::{Desk, direct, settings};
use crate::support::clock::ManualClock;
use crate::support::world::{World, caller};

/// Longer than any of these tests.
const LEASE: Duration = Duration::from_secs(3_600);

/// A write at a desk where nobody works but the test, and the instant from which it is looked at.
struct Slow {
    desk: Desk,
    at: Timestamp,
}

impl Slow {
    async fn recorded() -> Self {
        let desk = Desk { world: World::new().await };
        write_trade(&desk.world.context, &caller(), direct("r-1"), None, Duration::ZERO).await.unwrap();
        Self { desk, at: Timestamp::now() }
    }

    /// The same, signed and sent, with what its post meets.
    async fn sent(behaviour: Behaviour) -> Self {
        let mut slow = Self::recorded().await;
        slow.turn().await;
        slow.turn().await;
        slow.desk.fault(Endpoint::TradeCreate, 1, behaviour);
        slow.turn().await;
        slow
    }

    /// Runs the errand once, a second later than before.
    async fn turn(&mut self) -> TradeWrite {
        self.at += Duration::from_secs(1);
        let context = Context { clock: ManualClock::at(self.at), ..self.desk.world.context.clone() };
        let claim = context.store.claim_errand(self.at, LEASE).await.unwrap().expect("it is due");
        let due_at = TradeErrands::new(&context, settings()).run(&claim).await.unwrap();
        context.store.release_errand(&claim.lease, due_at).await.unwrap();
        self.desk.stored(&direct("r-1")).await
    }
}

fn refusing() -> Behaviour {
    Behaviour::Status { status: 500, body: Body::Html, effect: false }
}

#[tokio::test]
async fn a_write_whose_venue_cannot_be_read_for_a_day_needs_a_person() {
    let mut slow = Slow::sent(Behaviour::AcceptThenCut).await;
    slow.desk.fault(Endpoint::TradeList, 1_000, refusing());
    let unknown = slow.turn().await;
    assert_eq!((unknown.progress.state, unknown.outcome()), (TradeState::OutcomeUnknown, Outcome::Unknown));
    slow.at += Duration::from_secs(24 * 60 * 60);
    let parked = slow.turn().await;
    assert_eq!(parked.progress.state, TradeState::NeedsOperator);
    assert_eq!((parked.progress.reason, parked.outcome()), (Some(TradeReason::OutcomeUndecided), Outcome::Unknown));
    assert_eq!(slow.desk.posts(), 1);
}

#[tokio::test]
async fn a_request_that_the_venue_carried_out_twice_is_no_success() {
    let mut slow = Slow::sent(Behaviour::AcceptThenCut).await;
    let sent = slow.desk.stored(&direct("r-1")).await;
    let asked = &sent.header.asked;
    let at = AccountAt { enterprise_id: &asked.enterprise_id, account_id: &asked.account_id };
    let venue = &slow.desk.world.context.directory.enterprise(&asked.enterprise_id).unwrap().trading.venue;
    let (payload, signature) = (sent.progress.payload.as_deref().unwrap(), sent.progress.signature.as_ref().unwrap());
    let settlement_gateway::domain::trade::TradeAction::Create(creation) = &asked.action else { panic!("another write") };
    venue.create_trade_settlement(at, payload, signature, &creation.trades).await;
    assert_eq!(slow.desk.at_venue().len(), 2);
    let parked = slow.turn().await;
    assert_eq!(parked.progress.state, TradeState::NeedsOperator);
    assert_eq!((parked.progress.reason, parked.outcome()), (Some(TradeReason::VenueAnsweredOther), Outcome::Unknown));
}

#[tokio::test]
async fn a_followed_settlement_that_the_venue_does_not_show_any_more_says_so_until_it_does() {
    let mut slow = Slow::sent(Behaviour::DelayAfter { ms: 0 }).await;
    let gone = Behaviour::Status { status: 404, body: Body::ErrorName, effect: false };
    slow.desk.fault(Endpoint::TradeDetail, 1, gone);
    slow.at += settings().poll_interval;
    let told = slow.turn().await;
    assert_eq!((told.progress.state, told.progress.reason), (TradeState::Pending, Some(TradeReason::VenueAnswerInvalid)));
    let again = slow.turn().await;
    assert_eq!((again.progress.state, again.progress.reason), (TradeState::Pending, None));
}
