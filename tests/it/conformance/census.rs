//! A census: what is open is counted, by what it is, and nothing else is.

use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::domain::origin::{Origin, Traceparent};
use settlement_gateway::domain::quote::ConfirmationState;
use settlement_gateway::domain::settlement::{Change, Reason, Settlement, Standing, State, VenueStatus, WindowEnds};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::domain::trade::{TradeChange, TradeReason, TradeState};
use settlement_gateway::store::{Census, CensusQuery, ErrandKind, NewSettlement, Tally};
use uuid::Uuid;

use super::Fixture;
use super::fixture::LEASE;
use super::trades::{creation, prepared, write};
use crate::support::builders::{after_start, enterprise, intent, new_settlement, start, venue};
use crate::support::standings::{observed, standing};

impl Fixture {
    async fn counted(&self) -> Census {
        let enterprises = vec![enterprise(), EnterpriseId::new("enterprise-2").unwrap()];
        let query = CensusQuery { enterprises, windows_end_after: after_start(60), windows_end_by: after_start(120) };
        self.store.census(query).await.unwrap()
    }

    /// A settlement that was recorded so many seconds after the start.
    async fn recorded_at(&self, external_id: &str, seconds: u64) -> Settlement {
        self.record(NewSettlement { now: after_start(seconds), ..new_settlement(intent(external_id)) }).await
    }

    /// Applies changes, and gives the lease back.
    async fn taken_through(&self, settlement: Settlement, changes: Vec<Change>) -> Settlement {
        let lease = self.claim(&settlement).await.lease;
        let mut settlement = settlement;
        for change in changes {
            settlement = self.change(&lease, &settlement, &change).await;
        }
        self.store.release(&lease, Some(self.now())).await.unwrap();
        settlement
    }
}

fn sent() -> Vec<Change> {
    let signature = Signature::from_bytes([1; 65]);
    vec![Change::Prepared { payload: "{}".to_owned() }, Change::Signed { signature, body: vec![1] }, Change::Dispatched]
}

fn at_venue(external_id: &str, status: VenueStatus) -> Vec<Change> {
    let taken = Change::Taken { venue: Box::new(venue(external_id, status)) };
    sent().into_iter().chain([taken]).collect()
}

fn unanswered() -> Vec<Change> {
    let change = Change::Unanswered { refusal: None, reason: Reason::VenueUnavailable, detail: "cut".to_owned() };
    sent().into_iter().chain([change]).collect()
}

fn of_state(census: &Census, state: State) -> Option<(u32, Option<Timestamp>)> {
    let tally = census.settlements.iter().find(|tally| tally.of == (enterprise(), state))?;
    Some((tally.count, tally.oldest))
}

pub(crate) async fn an_empty_journal_has_nothing_open(fixture: &Fixture) {
    assert_eq!(fixture.counted().await, Census::default());
}

pub(crate) async fn what_may_still_move_money_is_counted_by_state_with_the_oldest(fixture: &Fixture) {
    fixture.recorded_at("e-1", 20).await;
    fixture.recorded_at("e-2", 10).await;
    let doubtful = fixture.recorded_at("e-3", 30).await;
    fixture.taken_through(doubtful, unanswered()).await;
    let parked = fixture.recorded_at("e-4", 40).await;
    let change = Change::Parked { reason: Reason::TooManyAttempts, detail: "?".to_owned() };
    fixture.taken_through(parked, vec![change]).await;
    let done = fixture.recorded_at("e-5", 5).await;
    fixture.taken_through(done, at_venue("e-5", VenueStatus::Completed)).await;
    let refused = fixture.recorded_at("e-6", 5).await;
    let change = Change::NotAccepted { reason: Reason::VenueRejectedRequest, detail: "?".to_owned() };
    fixture.taken_through(refused, vec![change]).await;
    let mut other = intent("e-1");
    other.asked.enterprise_id = EnterpriseId::new("enterprise-2").unwrap();
    fixture.record(new_settlement(other)).await;

    let census = fixture.counted().await;
    assert_eq!(of_state(&census, State::Received), Some((2, Some(after_start(10)))));
    assert_eq!(of_state(&census, State::OutcomeUnknown), Some((1, Some(after_start(30)))));
    assert_eq!(of_state(&census, State::NeedsOperator), Some((1, Some(after_start(40)))));
    assert_eq!((of_state(&census, State::Completed), of_state(&census, State::NotAccepted)), (None, None));
    let others: u32 = census.settlements.iter().filter(|tally| tally.of.0 != enterprise()).map(|tally| tally.count).sum();
    assert_eq!((census.settlements.len(), others), (4, 1));
}

pub(crate) async fn an_enterprises_last_completed_settlement_is_told(fixture: &Fixture) {
    let first = fixture.plain("e-1").await;
    fixture.taken_through(first, at_venue("e-1", VenueStatus::Completed)).await;
    fixture.clock.advance(Duration::from_secs(500));
    let second = fixture.plain("e-2").await;
    fixture.taken_through(second, at_venue("e-2", VenueStatus::Completed)).await;
    let completed_at = fixture.now();
    fixture.clock.advance(Duration::from_secs(500));
    fixture.plain("e-3").await;
    assert_eq!(fixture.counted().await.completed, [(enterprise(), completed_at)], "the other enterprise has none");
}

pub(crate) async fn a_window_counts_that_ends_soon_and_whose_settlement_lacks_funds(fixture: &Fixture) {
    let ending = |seconds| WindowEnds { dispute: None, top_up: Some(after_start(seconds)) };
    let lacking = |seconds| Standing { windows: ending(seconds), reconciliation: None, ..standing() };
    let funded = Standing { shortfalls: Vec::new(), ..lacking(90) };
    for (external_id, standing) in [
        ("e-soon", lacking(90)),
        ("e-sooner", lacking(61)),
        ("e-last", lacking(120)),
        ("e-over", lacking(60)),
        ("e-late", lacking(121)),
        ("e-funded", funded),
    ] {
        let settlement = fixture.plain(external_id).await;
        let mut changes = at_venue(external_id, VenueStatus::Pending);
        changes.push(observed(external_id, VenueStatus::Failed, standing));
        fixture.taken_through(settlement, changes).await;
    }
    let expected = Tally { of: enterprise(), count: 3, oldest: Some(after_start(61)) };
    assert_eq!(fixture.counted().await.unfunded, [expected]);
}

pub(crate) async fn undecided_trade_writes_are_counted_and_decided_ones_are_not(fixture: &Fixture) {
    let write = write("r-1", creation());
    let lease = fixture.record_trade(&write).await;
    let ready = fixture.save_trade(&lease, &write, prepared("h")).await;
    let signed = TradeChange::Signed { signature: Signature::from_bytes([7; 65]) };
    let signed = fixture.save_trade(&lease, &ready, signed).await;
    let submitting = fixture.save_trade(&lease, &signed, TradeChange::Dispatched).await;
    let silence = TradeChange::Unanswered { reason: TradeReason::VenueUnavailable, detail: "cut".to_owned() };
    fixture.save_trade(&lease, &submitting, silence).await;
    super::trades::ended(fixture).await;
    let expected = Tally { of: TradeState::OutcomeUnknown, count: 1, oldest: Some(start()) };
    assert_eq!(fixture.counted().await.trades, [expected]);
}

pub(crate) async fn undecided_confirmations_and_open_errands_are_counted(fixture: &Fixture) {
    for number in ["1", "2"] {
        fixture.quoted(&format!("tx-{number}")).await;
        fixture.confirm(&format!("tx-{number}"), &format!("payout-{number}")).await;
    }
    let recorded = Tally { of: ConfirmationState::Recorded, count: 2, oldest: Some(start()) };
    let census = fixture.counted().await;
    assert_eq!(census.confirmations, [recorded]);
    assert_eq!(census.errands, [Tally { of: ErrandKind::Quote, count: 2, oldest: Some(start()) }]);
    let claim = fixture.store.claim_errand(fixture.now(), LEASE).await.unwrap().unwrap();
    assert_eq!(fixture.counted().await.errands[0].count, 1, "what is held is being done");
    fixture.store.release_errand(&claim.lease, None).await.unwrap();
    assert_eq!(fixture.counted().await.errands[0].count, 1, "what is done is not open");
}

pub(crate) async fn the_request_that_a_settlement_came_from_reads_back(fixture: &Fixture) {
    let place = Traceparent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let origin = Origin::new(&"r".repeat(128), place);
    let known = fixture.record(NewSettlement { origin: origin.clone(), ..new_settlement(intent("e-1")) }).await;
    let unknown = fixture.plain("e-2").await;
    assert_eq!(fixture.store.origin(known.id).await.unwrap(), origin);
    assert_eq!(fixture.store.origin(unknown.id).await.unwrap(), Origin::default());
    assert_eq!(fixture.store.origin(Uuid::now_v7()).await.unwrap(), Origin::default());
    let again = NewSettlement { origin: Origin::new("r-2", None), ..new_settlement(intent("e-1")) };
    fixture.store.record_settlement(again).await.unwrap();
    assert_eq!(fixture.store.origin(known.id).await.unwrap(), origin, "a repeat is not where it came from");
}
