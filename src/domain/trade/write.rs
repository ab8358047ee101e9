//! A write: what was asked, by whom, and how far it has come.

use jiff::Timestamp;
use uuid::Uuid;

use super::asked::TradeAsked;
use super::payload::Nonces;
use super::reason::TradeReason;
use super::state::TradeState;
use super::venue::{Affirmation, VenueTradeSettlement};
use crate::domain::ids::{CallerId, KeyId};
use crate::domain::settlement::{NextAction, Outcome};
use crate::domain::signing::Signature;

/// What never changes of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeHeader {
    /// What was asked.
    pub asked: TradeAsked,
    /// The account's key when it was recorded.
    pub key_id: KeyId,
    /// Who asked.
    pub caller: CallerId,
    /// After this instant, what was never dispatched is never sent.
    pub submit_before: Timestamp,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// What a person decided of a write whose outcome nobody knew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// Whether it was declared to have taken effect.
    pub took_effect: bool,
    /// Who decided.
    pub by: CallerId,
    /// Why, in that person's words.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// How far a write has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeProgress {
    /// Where it stands.
    pub state: TradeState,
    /// Rises by one with every change.
    pub sequence: u64,
    /// How often it was handed to the network; more than one only where the earlier ones left no byte or met the rate limit.
    pub attempts: u32,
    /// Whether a dispatch may have taken effect.
    pub exposed: bool,
    /// Why it stands so.
    pub reason: Option<TradeReason>,
    /// The same in words, for people.
    pub detail: Option<String>,
    /// The payload that is signed, verbatim.
    pub payload: Option<String>,
    /// The payload's nonces.
    pub nonces: Option<Nonces>,
    /// The payload's signature.
    pub signature: Option<Signature>,
    /// When it was last handed to the network.
    pub dispatched_at: Option<Timestamp>,
    /// Since when its outcome is unknown.
    pub in_doubt_since: Option<Timestamp>,
    /// The settlement as the venue last showed it: a creation's.
    pub settlement: Option<Box<VenueTradeSettlement>>,
    /// The affirmation as the venue last showed it: any other write's.
    pub affirmation: Option<Box<Affirmation>>,
    /// What a person decided.
    pub resolution: Option<Resolution>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A write on BitGo Trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeWrite {
    /// Its id in the journal.
    pub id: Uuid,
    /// What never changes.
    pub header: TradeHeader,
    /// How far it has come.
    pub progress: TradeProgress,
}

impl TradeWrite {
    /// A write that was just received.
    #[must_use]
    pub fn received(id: Uuid, header: TradeHeader) -> Self {
        let progress = TradeProgress {
            state: TradeState::Received,
            sequence: 1,
            attempts: 0,
            exposed: false,
            reason: None,
            detail: None,
            payload: None,
            nonces: None,
            signature: None,
            dispatched_at: None,
            in_doubt_since: None,
            settlement: None,
            affirmation: None,
            resolution: None,
            updated_at: header.created_at,
        };
        Self { id, header, progress }
    }

    /// Whether money can have moved, or an affirmation changed.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let progress = &self.progress;
        match progress.state {
            TradeState::NotAccepted if progress.attempts == 0 => Outcome::NotSent,
            TradeState::NotAccepted => Outcome::NotCreated,
            TradeState::Pending
            | TradeState::Settled
            | TradeState::Rejected
            | TradeState::Failed
            | TradeState::Canceled
            | TradeState::Done => Outcome::Created,
            // What the venue has shown is there, whatever a person must decide of it.
            TradeState::NeedsOperator if progress.settlement.is_some() => Outcome::Created,
            _ if progress.exposed => Outcome::Unknown,
            _ => Outcome::NotSent,
        }
    }

    /// What the caller should do next.
    #[must_use]
    pub fn next_action(&self) -> NextAction {
        match self.progress.state {
            TradeState::Settled | TradeState::Done => NextAction::None,
            TradeState::Rejected | TradeState::Failed | TradeState::Canceled => NextAction::FixWithNewId,
            TradeState::NeedsOperator => NextAction::Operator,
            TradeState::NotAccepted => match self.progress.reason {
                Some(
                    TradeReason::VenueRejectedRequest
                    | TradeReason::AffirmationNotFound
                    | TradeReason::AffirmationNotPending
                    | TradeReason::SubmitBeforePassed
                    | TradeReason::ResolvedByOperator,
                ) => NextAction::FixWithNewId,
                _ => NextAction::Operator,
            },
            _ => NextAction::Wait,
        }
    }

    /// The venue's id of the settlement that it is about, where it is known.
    #[must_use]
    pub fn settlement_id(&self) -> Option<&str> {
        let created = self.progress.settlement.as_ref().and_then(|settlement| settlement.id.as_deref());
        created.or_else(|| self.progress.affirmation.as_ref().and_then(|affirmation| affirmation.settlement_id.as_deref()))
    }
}
