//! The changes of a write, and from which state each may come.

use jiff::Timestamp;
use thiserror::Error;

use super::payload::Nonces;
use super::reason::TradeReason;
use super::state::TradeState;
use super::venue::Shown;
use super::write::{Resolution, TradeProgress, TradeWrite};
use crate::domain::signing::Signature;

/// What a person's decision comes to, once the venue was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It took effect: this is what the venue shows of it.
    TookEffect(Shown),
    /// The venue shows nothing of it, and the person says that there is nothing.
    Nothing,
}

/// One change of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradeChange {
    /// The payload says what was asked; its text is kept.
    Prepared {
        /// The payload, verbatim.
        payload: String,
        /// Its nonces.
        nonces: Nonces,
    },
    /// The payload is signed.
    Signed {
        /// The signature.
        signature: Signature,
    },
    /// It is about to be handed to the network.
    Dispatched,
    /// No byte left, or the rate limit turned it away.
    NotSent {
        /// Why.
        reason: TradeReason,
        /// The same for people.
        detail: String,
    },
    /// Nobody knows what became of it.
    Unanswered {
        /// Why.
        reason: TradeReason,
        /// The same for people.
        detail: String,
    },
    /// The venue shows what came of it.
    Taken {
        /// What it shows.
        shown: Shown,
    },
    /// The venue provably did nothing of it, or it was never sent.
    NotAccepted {
        /// Why.
        reason: TradeReason,
        /// The same for people.
        detail: String,
    },
    /// A person must decide.
    Parked {
        /// Why.
        reason: TradeReason,
        /// The same for people.
        detail: String,
    },
    /// It may have been sent in a time that this journal does not know of: it is read back, and never sent again.
    Exposed {
        /// Why.
        reason: TradeReason,
        /// The same for people.
        detail: String,
    },
    /// It stays as it is; the reason shows.
    Delayed {
        /// Why.
        reason: TradeReason,
        /// The same for people.
        detail: String,
    },
    /// A person decided.
    Resolved {
        /// Who, when, why.
        resolution: Resolution,
        /// What the venue showed then.
        finding: Finding,
    },
}

/// A change that the state machine does not know from this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{change} may not follow {}", .from.as_str())]
pub struct IllegalTradeChange {
    /// The state.
    pub from: TradeState,
    /// The change's name.
    pub change: &'static str,
}

impl TradeChange {
    /// The name that the journal keeps.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Prepared { .. } => "PREPARED",
            Self::Signed { .. } => "SIGNED",
            Self::Dispatched => "DISPATCHED",
            Self::NotSent { .. } => "NOT_SENT",
            Self::Unanswered { .. } => "UNANSWERED",
            Self::Taken { .. } => "TAKEN",
            Self::NotAccepted { .. } => "NOT_ACCEPTED",
            Self::Parked { .. } => "PARKED",
            Self::Exposed { .. } => "EXPOSED",
            Self::Delayed { .. } => "DELAYED",
            Self::Resolved { .. } => "RESOLVED",
        }
    }

    /// Whether a journal that has forgotten it must not be used: the write leaves the house on its strength, or its caller
    /// believes that it never will.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        matches!(self, Self::Dispatched | Self::NotAccepted { .. })
    }

    /// Whether it may come from this state. What may have taken effect is never sent again.
    fn is_legal(&self, write: &TradeWrite) -> bool {
        let (from, exposed) = (write.progress.state, write.progress.exposed);
        let is_signed = write.header.asked.action.is_signed();
        match self {
            Self::Prepared { .. } => from == TradeState::Received && is_signed,
            Self::Signed { .. } => from == TradeState::Prepared,
            Self::Dispatched => !exposed && (from == TradeState::Signed || (from == TradeState::Received && !is_signed)),
            Self::NotSent { .. } | Self::Unanswered { .. } => from == TradeState::Submitting,
            Self::Taken { .. } => {
                matches!(from, TradeState::Submitting | TradeState::OutcomeUnknown | TradeState::Pending)
            }
            Self::NotAccepted { .. } => from.is_under_way(),
            Self::Parked { .. } => !from.is_terminal(),
            Self::Exposed { .. } => from.is_under_way(),
            Self::Delayed { .. } => from.is_under_way() || from == TradeState::Pending,
            Self::Resolved { .. } => from == TradeState::NeedsOperator,
        }
    }
}

impl TradeWrite {
    /// The write after a change.
    ///
    /// # Errors
    /// [`IllegalTradeChange`]; nothing may be saved or sent then.
    pub fn after(&self, change: &TradeChange, now: Timestamp) -> Result<Self, IllegalTradeChange> {
        if !change.is_legal(self) {
            return Err(IllegalTradeChange { from: self.progress.state, change: change.name() });
        }
        let mut after = self.clone();
        after.progress.sequence += 1;
        after.progress.updated_at = now;
        after.apply(change, now);
        Ok(after)
    }

    fn apply(&mut self, change: &TradeChange, now: Timestamp) {
        let is_signed = self.header.asked.action.is_signed();
        let progress = &mut self.progress;
        match change {
            TradeChange::Prepared { payload, nonces } => {
                progress.payload = Some(payload.clone());
                progress.nonces = Some(nonces.clone());
                progress.stand(TradeState::Prepared);
            }
            TradeChange::Signed { signature } => {
                progress.signature = Some(*signature);
                progress.stand(TradeState::Signed);
            }
            TradeChange::Dispatched => {
                progress.attempts += 1;
                progress.exposed = true;
                progress.dispatched_at = Some(now);
                progress.stand(TradeState::Submitting);
            }
            TradeChange::NotSent { reason, detail } => {
                progress.exposed = false;
                progress.stand(if is_signed { TradeState::Signed } else { TradeState::Received });
                progress.because(*reason, detail);
            }
            TradeChange::Unanswered { reason, detail } => {
                progress.in_doubt_since = Some(now);
                progress.stand(TradeState::OutcomeUnknown);
                progress.because(*reason, detail);
            }
            TradeChange::Exposed { reason, detail } => {
                progress.exposed = true;
                progress.in_doubt_since = Some(now);
                progress.stand(TradeState::OutcomeUnknown);
                progress.because(*reason, detail);
            }
            TradeChange::Taken { shown } => progress.take(shown),
            TradeChange::NotAccepted { reason, detail } => {
                progress.stand(TradeState::NotAccepted);
                progress.because(*reason, detail);
            }
            TradeChange::Parked { reason, detail } => {
                progress.stand(TradeState::NeedsOperator);
                progress.because(*reason, detail);
            }
            TradeChange::Delayed { reason, detail } => progress.because(*reason, detail),
            TradeChange::Resolved { resolution, finding } => {
                match finding {
                    Finding::TookEffect(shown) => progress.take(shown),
                    Finding::Nothing => {
                        progress.stand(TradeState::NotAccepted);
                        progress.because(TradeReason::ResolvedByOperator, &resolution.why);
                    }
                }
                progress.resolution = Some(resolution.clone());
            }
        }
    }
}

impl TradeProgress {
    fn stand(&mut self, state: TradeState) {
        self.state = state;
        self.reason = None;
        self.detail = None;
    }

    fn because(&mut self, reason: TradeReason, detail: &str) {
        self.reason = Some(reason);
        self.detail = Some(detail.to_owned());
    }

    fn take(&mut self, shown: &Shown) {
        self.in_doubt_since = None;
        match shown {
            Shown::Settlement(settlement) => {
                self.stand(TradeState::at_venue(settlement.status()));
                self.settlement = Some(settlement.clone());
            }
            Shown::Affirmation(affirmation) => {
                self.stand(TradeState::Done);
                self.affirmation = Some(affirmation.clone());
            }
        }
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
pub(super) mod tests;
