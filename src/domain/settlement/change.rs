//! The state machine: which change is legal in which state, and what it leaves behind.

use jiff::Timestamp;
use thiserror::Error;

use super::doubt::Doubt;
use super::intent::Route;
use super::once::Money;
use super::progress::Progress;
use super::reason::Reason;
use super::reconciliation::Reconciled;
use super::standing::Standing;
use super::state::State;
use super::venue::{VenueSettlement, VenueStatus};
use crate::domain::signing::{PayloadDigest, Signature};

/// The name of a change by which only what the venue shows has changed, unless the state did too.
pub const OBSERVED: &str = "OBSERVED";

/// What a person decided of a settlement, once the venue was read where that was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The engine shall go on: read back what may have left, and do what is left to do.
    GoOn,
    /// It is this settlement at the venue.
    Adopted(Box<VenueSettlement>),
    /// The venue shows none, and the person says that there is none.
    NotCreated,
}

/// One change of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The venue's signing payload came and says what was asked.
    Prepared {
        /// The payload, verbatim.
        payload: String,
    },
    /// The payload is signed and the body is built.
    Signed {
        /// The signature.
        signature: Signature,
        /// The exact bytes that are sent, now and at every repeat.
        body: Vec<u8>,
    },
    /// The body is about to be handed to the network.
    Dispatched,
    /// No byte was written, or the venue said that it took nothing and to come back.
    NotSent {
        /// Why.
        reason: Reason,
        /// The same in a sentence.
        detail: String,
    },
    /// No conclusive answer came.
    Unanswered {
        /// Why the venue refused, where it did so in a way that may hide a settlement; `None` for silence.
        refusal: Option<Reason>,
        /// Why.
        reason: Reason,
        /// The same in a sentence.
        detail: String,
    },
    /// The venue has it: this is how it stands there.
    Taken {
        /// The venue's settlement.
        venue: Box<VenueSettlement>,
    },
    /// The venue shows something else than before: its object, or how the settlement stands beside it.
    Observed {
        /// The venue's settlement.
        venue: Box<VenueSettlement>,
        /// How it stands.
        standing: Box<Standing>,
        /// When the details behind the standing are to be read again, whatever the venue's object says.
        details_due_at: Timestamp,
        /// What is wrong with the amounts before they are settled, and whether a person must decide.
        concern: Option<Concern>,
    },
    /// The venue provably created nothing.
    NotAccepted {
        /// Why.
        reason: Reason,
        /// The same in a sentence.
        detail: String,
    },
    /// A person must decide.
    Parked {
        /// Why.
        reason: Reason,
        /// The same in a sentence.
        detail: String,
    },
    /// A caller withdrew it before anything was sent.
    Cancelled,
    /// `submit_before` passed before anything was sent.
    Expired,
    /// A caller asked to send the stored bytes again.
    RetryAsked,
    /// Another settlement was recorded in its place: it can never be sent again.
    Superseded,
    /// A person decided.
    Resolved {
        /// What.
        decision: Decision,
        /// Who, and why, in a sentence.
        detail: String,
    },
    /// It may be at the venue by a way that this journal does not know of: it is read back.
    Exposed {
        /// What a read-back that finds nothing in time means; `None` where the stored bytes go out then.
        refusal: Option<Reason>,
        /// Why.
        reason: Reason,
        /// The same in a sentence.
        detail: String,
    },
    /// The next step cannot be taken now; the state stays and the reason shows.
    Delayed {
        /// Why.
        reason: Reason,
        /// The same in a sentence.
        detail: String,
    },
}

impl Change {
    /// The name that the timeline shows.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Prepared { .. } => "PREPARED",
            Self::Signed { .. } => "SIGNED",
            Self::Dispatched => "DISPATCHED",
            Self::NotSent { .. } => "NOT_SENT",
            Self::Unanswered { .. } => "UNANSWERED",
            Self::Taken { .. } => "TAKEN",
            Self::Observed { .. } => OBSERVED,
            Self::NotAccepted { .. } => "NOT_ACCEPTED",
            Self::Parked { .. } => "PARKED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
            Self::RetryAsked => "RETRY_ASKED",
            Self::Superseded => "SUPERSEDED",
            Self::Resolved { .. } => "RESOLVED",
            Self::Exposed { .. } => "EXPOSED",
            Self::Delayed { .. } => "DELAYED",
        }
    }

    /// Whether a journal that has forgotten it must not be used: on its strength something leaves the house, or its caller
    /// believes that nothing ever will.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        match self {
            Self::Dispatched | Self::NotAccepted { .. } | Self::Cancelled | Self::Expired => true,
            Self::Exposed { reason, .. } => *reason == Reason::ExportedByOperator,
            _ => false,
        }
    }
}

/// What is about to be settled is not what was posted with the disputes that are settled with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// The first difference in a sentence.
    pub detail: String,
    /// Whether it is told for the first time: an alarm.
    pub is_new: bool,
    /// Whether the settlement waits for a person, as its enterprise's policy says.
    pub needs_operator: bool,
}

/// A change that the state does not allow: a defect or a lost race, never applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a settlement in state {} cannot take the change {change}", state.as_str())]
pub struct IllegalChange {
    /// The state.
    pub state: State,
    /// The change's name.
    pub change: &'static str,
}

impl Progress {
    /// What the settlement is after the change.
    ///
    /// # Errors
    /// [`IllegalChange`] when the state does not allow it.
    pub fn apply(&self, change: &Change, route: Route, now: Timestamp) -> Result<Self, IllegalChange> {
        let state = self.state_after(change, route).ok_or(IllegalChange { state: self.state, change: change.name() })?;
        let mut next = Self { state, sequence: self.sequence + 1, updated_at: now, reason: None, detail: None, ..self.clone() };
        next.absorb(change, self.state, now);
        Ok(next)
    }

    fn state_after(&self, change: &Change, route: Route) -> Option<State> {
        use State::{AwaitingFunds, NotAccepted, OutcomeUnknown, Pending, Prepared, Received, Signed, Submitting};
        let known = matches!(self.state, Submitting | OutcomeUnknown | Pending | AwaitingFunds);
        match change {
            Change::Prepared { .. } => (self.state == Received).then_some(Prepared),
            Change::Signed { .. } => (self.state == Prepared).then_some(Signed),
            Change::Dispatched => {
                (matches!(self.state, Signed | OutcomeUnknown) && self.signature.is_some()).then_some(Submitting)
            }
            Change::NotSent { .. } => (self.state == Submitting).then(|| self.before_dispatch()),
            Change::Unanswered { .. } => (self.state == Submitting).then_some(OutcomeUnknown),
            Change::Taken { venue } => known.then(|| state_of(venue.status)),
            Change::Observed { venue, concern, .. } => self.state_after_look(venue, concern.as_ref()),
            Change::NotAccepted { .. } => {
                let open = matches!(self.state, Received | Prepared | Submitting | OutcomeUnknown);
                (open && self.venue.is_none()).then_some(NotAccepted)
            }
            // What is dead stays dead: another settlement may stand in its place already.
            Change::Parked { .. } => (self.money() == Money::MayMove).then_some(State::NeedsOperator),
            Change::Cancelled => self.never_sent().then_some(State::Cancelled),
            Change::Expired => self.never_sent().then_some(State::Expired),
            Change::RetryAsked => self.may_retry(route).then(|| self.before_dispatch()),
            Change::Superseded => (self.state == NotAccepted && self.may_be_superseded()).then_some(NotAccepted),
            Change::Resolved { decision, .. } => (self.state == State::NeedsOperator).then(|| self.decided(decision)).flatten(),
            Change::Exposed { .. } => {
                let may_go_out = self.state.is_under_way() || (self.state == NotAccepted && self.may_retry(route));
                may_go_out.then_some(OutcomeUnknown)
            }
            Change::Delayed { .. } => {
                let waits = matches!(self.state, Received | Prepared | Signed | OutcomeUnknown | Pending | AwaitingFunds);
                waits.then_some(self.state)
            }
        }
    }

    /// What a look leads to. Money that has moved does not come back: nothing else is believed of a completed settlement.
    fn state_after_look(&self, venue: &VenueSettlement, concern: Option<&Concern>) -> Option<State> {
        let shown = state_of(venue.status);
        match self.state {
            State::Completed => (self.is_followed() && shown == State::Completed).then_some(shown),
            State::Pending | State::AwaitingFunds if concern.is_some_and(|concern| concern.needs_operator) => {
                Some(if shown.is_terminal() { shown } else { State::NeedsOperator })
            }
            State::Pending | State::AwaitingFunds => Some(shown),
            _ => None,
        }
    }

    /// Where a decision leaves a settlement; what the venue has shown is never called uncreated.
    fn decided(&self, decision: &Decision) -> Option<State> {
        match decision {
            Decision::GoOn if self.venue.is_some() => self.venue.as_deref().map(|venue| state_of(venue.status)),
            Decision::GoOn if self.exposed => Some(State::OutcomeUnknown),
            Decision::GoOn => Some(self.before_dispatch()),
            Decision::Adopted(venue) => Some(state_of(venue.status)),
            Decision::NotCreated => self.venue.is_none().then_some(State::NotAccepted),
        }
    }

    /// Where a settlement waits for its next dispatch, or for what it lacks before one.
    fn before_dispatch(&self) -> State {
        if self.exposed && self.venue.is_none() && self.state == State::Submitting {
            return State::OutcomeUnknown;
        }
        match (&self.signature, &self.payload_digest) {
            (Some(_), _) => State::Signed,
            (None, Some(_)) => State::Prepared,
            (None, None) => State::Received,
        }
    }

    fn absorb(&mut self, change: &Change, before: State, now: Timestamp) {
        match change {
            Change::Prepared { payload } => self.payload_digest = Some(PayloadDigest::of(payload)),
            Change::Signed { signature, .. } => self.signature = Some(*signature),
            Change::Dispatched => {
                self.attempts = self.attempts.saturating_add(1);
                self.dispatched_at = Some(now);
            }
            Change::NotSent { reason, detail } => self.explain(*reason, detail),
            Change::Unanswered { refusal, reason, detail } => {
                self.exposed = true;
                self.doubt = Some(Doubt::after(self.doubt, *refusal, now));
                self.explain(*reason, detail);
            }
            Change::Taken { venue } => {
                self.exposed = true;
                self.doubt = None;
                self.absorb_venue(venue);
            }
            Change::Observed { venue, standing, concern, .. } => {
                self.absorb_venue(venue);
                self.absorb_standing(standing, concern.as_ref());
            }
            Change::NotAccepted { reason, detail } => {
                self.exposed |= before == State::Submitting;
                self.doubt = None;
                self.explain(*reason, detail);
            }
            Change::Parked { reason, detail } => {
                // What was being sent may have arrived, and what conflicts is at the venue already.
                self.exposed |= before == State::Submitting || *reason == Reason::VenueConflict;
                self.explain(*reason, detail);
            }
            Change::Resolved { decision, detail } => {
                if let Decision::Adopted(venue) = decision {
                    self.exposed = true;
                    self.absorb_venue(venue);
                }
                if *decision != Decision::GoOn {
                    self.doubt = None;
                }
                self.explain(self.reason.unwrap_or(Reason::ResolvedByOperator), detail);
            }
            Change::Exposed { refusal, reason, detail } => {
                self.exposed = true;
                self.doubt = Some(Doubt { since: now, silent_at: Some(now), refusal: *refusal });
                self.explain(*reason, detail);
            }
            Change::Delayed { reason, detail } => self.explain(*reason, detail),
            Change::Superseded => self.reason = Some(Reason::Superseded),
            Change::Cancelled => self.reason = Some(Reason::CancelledByCaller),
            Change::Expired => self.reason = Some(Reason::SubmitBeforePassed),
            Change::RetryAsked => self.reason = Some(Reason::RetryAsked),
        }
    }

    fn absorb_venue(&mut self, venue: &VenueSettlement) {
        match venue.status {
            VenueStatus::Failed => self.reason = Some(Reason::InsufficientFunds),
            VenueStatus::Rejected => self.reason = Some(Reason::RejectedByVenue),
            VenueStatus::Pending | VenueStatus::Completed | VenueStatus::Unrecognised => {}
        }
        self.detail.clone_from(&venue.reason);
        self.venue = Some(Box::new(venue.clone()));
    }

    fn absorb_standing(&mut self, standing: &Standing, concern: Option<&Concern>) {
        self.reconciled = standing.reconciliation.as_ref().map(|reconciliation| reconciliation.status);
        if let (Some(concern), None) = (concern, self.reason) {
            self.explain(Reason::FinalAmountsChanged, &concern.detail);
        }
        if let Some(mismatch) = standing.reconciliation.as_ref().filter(|one| one.status == Reconciled::Mismatch) {
            self.explain(Reason::ReconciliationMismatch, &mismatch.to_string());
        }
    }

    fn explain(&mut self, reason: Reason, detail: &str) {
        self.reason = Some(reason);
        self.detail = (!detail.is_empty()).then(|| detail.chars().take(512).collect());
    }
}

/// The state of a settlement that the venue has. An unknown word is followed like a pending one.
fn state_of(status: VenueStatus) -> State {
    match status {
        VenueStatus::Pending | VenueStatus::Unrecognised => State::Pending,
        VenueStatus::Completed => State::Completed,
        VenueStatus::Failed => State::AwaitingFunds,
        VenueStatus::Rejected => State::Rejected,
    }
}
