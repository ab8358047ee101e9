//! Where a settlement stands, with everything about it that changes, and what that means.

use jiff::Timestamp;

use super::doubt::Doubt;
use super::intent::Route;
use super::reason::Reason;
use super::reconciliation::Reconciled;
use super::state::{NextAction, Outcome, State, next_action};
use super::venue::VenueSettlement;
use crate::domain::signing::{PayloadDigest, Signature};

/// Everything about a settlement that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: State,
    /// Counts the changes, from 1: what `expected_sequence` is held against.
    pub sequence: u64,
    /// How often the body was handed to the network.
    pub attempts: u32,
    /// Whether one of those attempts reached the venue, or may have.
    pub exposed: bool,
    /// What inconclusive answers left open.
    pub doubt: Option<Doubt>,
    /// Why it stands where it stands.
    pub reason: Option<Reason>,
    /// The same in a sentence: never a secret, at most 512 characters.
    pub detail: Option<String>,
    /// The digest of the payload that the venue gave for signing.
    pub payload_digest: Option<PayloadDigest>,
    /// The signature of that payload.
    pub signature: Option<Signature>,
    /// The venue's settlement, as last read.
    pub venue: Option<Box<VenueSettlement>>,
    /// What came of comparing it with what was asked, once it is completed and that is known.
    pub reconciled: Option<Reconciled>,
    /// When the body was last handed to the network.
    pub dispatched_at: Option<Timestamp>,
    /// When the last change was made.
    pub updated_at: Timestamp,
}

impl Progress {
    /// A settlement that has just been recorded.
    #[must_use]
    pub fn received(now: Timestamp) -> Self {
        Self {
            state: State::Received,
            sequence: 1,
            attempts: 0,
            exposed: false,
            doubt: None,
            reason: None,
            detail: None,
            payload_digest: None,
            signature: None,
            venue: None,
            reconciled: None,
            dispatched_at: None,
            updated_at: now,
        }
    }

    /// Whether money can have moved.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.venue.is_some() {
            return Outcome::Created;
        }
        match self.state {
            State::NotAccepted if self.exposed => Outcome::NotCreated,
            State::Submitting | State::OutcomeUnknown => Outcome::Unknown,
            _ if self.exposed => Outcome::Unknown,
            _ => Outcome::NotSent,
        }
    }

    /// What the caller should do next.
    #[must_use]
    pub fn next_action(&self, route: Route) -> NextAction {
        next_action(self.state, self.reason, route)
    }

    /// Whether the venue has it and is still asked how it stands: a completed one until it is reconciled.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        match self.state {
            State::Pending | State::AwaitingFunds => true,
            State::Completed => self.reconciled.is_none(),
            _ => false,
        }
    }

    /// Whether nothing is left to be done, by anybody: it is terminal, and reconciled where money has moved.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.state.is_terminal() && !self.is_followed()
    }

    /// Whether nothing of it can have reached the venue: what may still be cancelled, or expire.
    #[must_use]
    pub fn never_sent(&self) -> bool {
        matches!(self.state, State::Received | State::Prepared | State::Signed) && !self.exposed && self.venue.is_none()
    }

    /// Whether RetrySettlement may send the stored bytes again.
    #[must_use]
    pub fn may_retry(&self, route: Route) -> bool {
        match self.state {
            // On v1 both are the venue's incomplete settlements, which the identical call completes.
            State::AwaitingFunds | State::Pending => route == Route::V1,
            State::NotAccepted => self.reason.is_some_and(Reason::same_bytes_may_succeed),
            _ => false,
        }
    }

    /// Whether another settlement may take its place: it can no longer move money, whatever anybody does.
    #[must_use]
    pub fn may_be_superseded(&self) -> bool {
        match self.state {
            State::Rejected | State::Cancelled | State::Expired => true,
            State::NotAccepted => matches!(self.outcome(), Outcome::NotCreated | Outcome::NotSent),
            _ => false,
        }
    }
}
