//! Random changes against the state machine alone: no sequence of them leaves an end, sends what must not be sent, or forgets
//! what was signed, sent or shown.

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use settlement_gateway::domain::settlement::{Change, Intent, Money, Outcome, Progress, Route, Settlement, State};

use super::changes::any_change;
use super::number;
use crate::support::builders::{after_start, intent, next_id, start};

/// Sequences that once failed: they run before all others.
const KEPT: FileFailurePersistence = FileFailurePersistence::Direct("tests/it/simulation/kept/life.txt");
const CASES: u32 = 400;

/// The table of `docs/architecture.md`: from which states a change may be made, and to which it leads.
fn row(change: &Change) -> (&'static [State], &'static [State]) {
    use State::{
        AwaitingFunds, Cancelled, Completed, Expired, NeedsOperator, NotAccepted, OutcomeUnknown, Pending, Prepared, Received,
        Rejected, Signed, Submitting,
    };
    const SHOWN: &[State] = &[Pending, Completed, AwaitingFunds, Rejected];
    match change {
        Change::Prepared { .. } => (&[Received], &[Prepared]),
        Change::Signed { .. } => (&[Prepared], &[Signed]),
        Change::Dispatched => (&[Signed, OutcomeUnknown], &[Submitting]),
        Change::NotSent { .. } => (&[Submitting], &[Signed, OutcomeUnknown]),
        Change::Unanswered { .. } => (&[Submitting], &[OutcomeUnknown]),
        Change::Taken { .. } => (&[Submitting, OutcomeUnknown, Pending, AwaitingFunds], SHOWN),
        Change::Observed { .. } => {
            (&[Pending, AwaitingFunds, Completed], &[Pending, Completed, AwaitingFunds, Rejected, NeedsOperator])
        }
        Change::NotAccepted { .. } => (&[Received, Prepared, Submitting, OutcomeUnknown], &[NotAccepted]),
        Change::Parked { .. } => (
            &[Received, Prepared, Signed, Submitting, OutcomeUnknown, Pending, AwaitingFunds, NotAccepted, NeedsOperator],
            &[NeedsOperator],
        ),
        Change::Cancelled => (&[Received, Prepared, Signed], &[Cancelled]),
        Change::Expired => (&[Received, Prepared, Signed], &[Expired]),
        Change::RetryAsked => (&[Pending, AwaitingFunds, NotAccepted], &[Received, Prepared, Signed]),
        Change::Superseded => (&[NotAccepted], &[NotAccepted]),
        Change::Resolved { .. } => (
            &[NeedsOperator],
            &[Received, Prepared, Signed, OutcomeUnknown, NotAccepted, Pending, Completed, AwaitingFunds, Rejected],
        ),
        Change::Exposed { .. } => (&[Received, Prepared, Signed, Submitting, OutcomeUnknown, NotAccepted], &[OutcomeUnknown]),
        Change::Delayed { .. } => (
            &[Received, Prepared, Signed, OutcomeUnknown, Pending, AwaitingFunds],
            &[Received, Prepared, Signed, OutcomeUnknown, Pending, AwaitingFunds],
        ),
    }
}

/// What must hold between a settlement and the same after a change that was allowed.
fn holds(before: &Progress, change: &Change, after: &Progress) -> Result<(), TestCaseError> {
    let (from, to) = row(change);
    prop_assert!(from.contains(&before.state) && to.contains(&after.state), "no row of the table");
    prop_assert_eq!(after.sequence, before.sequence + 1);
    prop_assert!(!before.state.is_terminal() || after.state == before.state, "it has left its end");
    prop_assert!(!before.is_finished(), "it was finished");
    prop_assert!(after.exposed || !before.exposed, "an exposure is forgotten");
    prop_assert!(before.signature.is_none() || after.signature == before.signature, "the signature has changed");
    prop_assert!(before.payload_digest.is_none() || after.payload_digest == before.payload_digest, "the payload has changed");
    prop_assert!(after.venue.is_some() || before.venue.is_none(), "what the venue showed is forgotten");
    prop_assert!(before.outcome() != Outcome::Created || after.outcome() == Outcome::Created, "it is no longer created");
    prop_assert!(
        before.money() == Money::MayMove || after.money() == before.money(),
        "money that had moved, or never will, may again"
    );
    let sent = u32::from(*change == Change::Dispatched);
    prop_assert_eq!(after.attempts, before.attempts + sent);
    prop_assert!(sent == 0 || before.signature.is_some(), "it is sent without a signature");
    prop_assert!(after.outcome() != Outcome::NotSent || !after.exposed, "what may have left is called never sent");
    let withdrawn = matches!(after.state, State::Cancelled | State::Expired);
    prop_assert!(!withdrawn || (!after.exposed && after.venue.is_none()), "it is withdrawn although it may have left");
    let silent = |progress: &Progress| progress.doubt.and_then(|doubt| doubt.silent_at);
    if let (Some(was), Some(doubt)) = (silent(before), after.doubt) {
        prop_assert!(doubt.silent_at.is_some_and(|at| at >= was), "a silence is forgotten");
    }
    Ok(())
}

/// What the venue has is sent again only where somebody asked for that.
struct Asked(bool);

impl Asked {
    fn follow(&mut self, before: &Progress, change: &Change) -> Result<(), TestCaseError> {
        match change {
            Change::RetryAsked | Change::Resolved { .. } => self.0 = true,
            Change::Taken { .. } => self.0 = false,
            Change::Dispatched => prop_assert!(before.venue.is_none() || self.0, "what the venue has is sent again unasked"),
            _ => {}
        }
        Ok(())
    }
}

fn lives(route: Route, changes: Vec<Change>) -> Result<(), TestCaseError> {
    let intent = Intent { route, ..intent("e") };
    let mut settlement = Settlement::received(next_id(), &intent, start());
    let mut asked = Asked(false);
    for (second, change) in (1..).zip(changes) {
        let Ok(after) = settlement.after(&change, after_start(second)) else { continue };
        let step = holds(&settlement.progress, &change, &after.progress);
        step.and_then(|()| asked.follow(&settlement.progress, &change)).map_err(|error| {
            let states = (settlement.progress.state, after.progress.state);
            TestCaseError::fail(format!("{} from {:?} to {:?}: {error}", change.name(), states.0, states.1))
        })?;
        settlement = after;
    }
    Ok(())
}

#[test]
fn no_sequence_of_changes_leaves_an_end_sends_unasked_or_forgets() {
    let cases = number("SEEDS").map_or(CASES, |seeds| u32::try_from(seeds).unwrap().max(CASES));
    let config = Config { cases, failure_persistence: Some(Box::new(KEPT)), ..Config::default() };
    let route = prop::sample::select(vec![Route::V1, Route::V2]);
    let changes = prop::collection::vec(any_change(), 0..60);
    TestRunner::new(config).run(&(route, changes), |(route, changes)| lives(route, changes)).unwrap();
}
