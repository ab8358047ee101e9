//! Confirming a quote: the one call to Bitlipa that moves money, and every way in which it can go wrong.
//!
//! A quote is confirmed once, by `tx_id`, under the caller's `external_tx_id`. The venue keeps the first
//! confirmation and answers 409 to every later one, so what is sent again can bind nobody twice. What it does not
//! do is say what became of a call whose answer is lost. So each confirmation is a record with a state:
//!
//! | state | meaning |
//! |---|---|
//! | `RECORDED` | it is durable, and no byte of it has left |
//! | `SENDING` | an attempt is durable; the call is being made |
//! | `UNKNOWN` | an attempt may have taken effect; the quote is being read back |
//! | `CONFIRMED` | the venue has it under our `external_tx_id`; the payout is followed by the quote's status |
//! | `REFUSED` | the venue provably has no confirmation of ours; the quote may be confirmed anew while it lasts |
//! | `NEEDS_OPERATOR` | it cannot be told whether the confirmation that the venue shows is ours |
//!
//! | what happens | what follows |
//! |---|---|
//! | it has expired by our clock, before or after the fresh read | `REFUSED`, no call is made |
//! | the fresh read shows other terms, another wallet, numbers that disagree | `REFUSED`, no call is made |
//! | the process dies before the attempt is durable | `RECORDED`: the quote is read afresh and held again |
//! | it dies between the attempt and the answer | `SENDING` is taken for silence: `UNKNOWN`, read back |
//! | no connection, or 429 | no byte took effect: back to where it was, and again after a wait |
//! | the anchor cannot be told of the attempt | no call is made: back to where it was, and again after a wait |
//! | no answer, an unreadable one, 5xx, a refusal that is not provably the venue's | silence: `UNKNOWN`, read back |
//! | a refusal in the venue's own words, 409 and 410 too | `UNKNOWN`, read back; the reading decides |
//! | 2xx for this quote | `CONFIRMED` |
//! | 2xx that names another external_tx_id, wallet or currency | silence: `UNKNOWN`, read back |
//! | a reading shows it confirmed under our id | `CONFIRMED`, whatever was answered before |
//! | ... under another id | `REFUSED` and an alarm: somebody else confirmed it |
//! | ... under no id | `NEEDS_OPERATOR`; the payout is followed all the same |
//! | ... cancelled | `REFUSED`: a confirmed quote cannot be cancelled |
//! | ... still quoted, after a refusal | `REFUSED` for the venue's reason |
//! | ... still quoted, after 409 | one of the two is old: read again, `REFUSED` only once the silence window has passed |
//! | ... still quoted, after silence | sent again, since a reading lies between; where an attempt arrives late, one of them gets 409 |
//! | ... still quoted after it expired | `REFUSED` once the silence window has passed since the expiry and the last attempt |
//! | it stays unknown for a day, or workers keep stopping in it | `NEEDS_OPERATOR` |
//! | a person decides, and a reading does not speak against it | `CONFIRMED` or `REFUSED` |

use jiff::Timestamp;

use super::resolution::ConfirmationResolution;
use super::terms::Terms;
use crate::domain::ids::{CallerId, ExternalTxId};
use crate::domain::settlement::{NextAction, Outcome, names};

/// How far a confirmation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmationState {
    /// Durable; no byte of it has left.
    Recorded,
    /// An attempt is durable and under way.
    Sending,
    /// An attempt may have taken effect.
    Unknown,
    /// The venue has it.
    Confirmed,
    /// The venue provably has no confirmation of ours.
    Refused,
    /// A person must decide.
    NeedsOperator,
}

names!(ConfirmationState {
    Recorded => "RECORDED",
    Sending => "SENDING",
    Unknown => "UNKNOWN",
    Confirmed => "CONFIRMED",
    Refused => "REFUSED",
    NeedsOperator => "NEEDS_OPERATOR",
});

impl ConfirmationState {
    /// Whether it is not decided yet, by the gateway or by a person.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.is_under_way() || self == Self::NeedsOperator
    }

    /// Whether it goes on by itself.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Recorded | Self::Sending | Self::Unknown)
    }
}

/// Why a confirmation stands where it stands, in words that callers can branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmationReason {
    /// The quote has expired.
    Expired,
    /// The quote is not offered any more, or nothing of it can be fulfilled.
    NotConfirmable,
    /// It is partial, and that was not accepted.
    PartialNotAccepted,
    /// The fresh reading shows other terms than were agreed to.
    Changed,
    /// The quote's numbers disagree, or one of them is missing.
    Inconsistent,
    /// The wallet is not on the merchant's allow-list.
    WalletNotAllowed,
    /// Somebody else confirmed the quote.
    ConfirmedByAnother,
    /// The venue names nobody as who confirmed the quote.
    Unattributed,
    /// The venue called the request invalid.
    VenueRejectedRequest,
    /// The venue did not accept the gateway's credential.
    VenueCredentials,
    /// The venue does not permit this to the gateway.
    VenueForbidden,
    /// The venue knows no such quote.
    NotFound,
    /// The venue asked to come back later.
    VenueRateLimited,
    /// The venue could not be reached, or failed inside.
    VenueUnavailable,
    /// The venue's answer could not be understood, or is of another quote.
    VenueAnswerInvalid,
    /// It stayed unknown for too long.
    TooLongUnknown,
    /// Workers stopped in the middle of it too often.
    TooManyTakeovers,
    /// A person found out that the venue has none of ours.
    ResolvedByOperator,
    /// The journal may have forgotten what was sent: nothing is, until it is repaired.
    JournalBehindAnchor,
    /// The anchor could not be told of an attempt, so none was made.
    AnchorUnavailable,
}

names!(ConfirmationReason {
    Expired => "QUOTE_EXPIRED",
    NotConfirmable => "QUOTE_NOT_CONFIRMABLE",
    PartialNotAccepted => "QUOTE_PARTIAL_NOT_ACCEPTED",
    Changed => "QUOTE_CHANGED",
    Inconsistent => "QUOTE_INCONSISTENT",
    WalletNotAllowed => "WALLET_NOT_ALLOWED",
    ConfirmedByAnother => "QUOTE_CONFIRMED_BY_ANOTHER",
    Unattributed => "QUOTE_CONFIRMATION_UNATTRIBUTED",
    VenueRejectedRequest => "VENUE_REJECTED_REQUEST",
    VenueCredentials => "VENUE_CREDENTIALS",
    VenueForbidden => "VENUE_FORBIDDEN",
    NotFound => "QUOTE_NOT_FOUND",
    VenueRateLimited => "VENUE_RATE_LIMITED",
    VenueUnavailable => "VENUE_UNAVAILABLE",
    VenueAnswerInvalid => "VENUE_ANSWER_INVALID",
    TooLongUnknown => "TOO_LONG_UNKNOWN",
    TooManyTakeovers => "TOO_MANY_TAKEOVERS",
    ResolvedByOperator => "RESOLVED_BY_OPERATOR",
    JournalBehindAnchor => "JOURNAL_BEHIND_ANCHOR",
    AnchorUnavailable => "ANCHOR_UNAVAILABLE",
});

/// What is open since an attempt had no conclusive answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfirmationDoubt {
    /// Since when it is unknown.
    pub since: Timestamp,
    /// Whether the venue was ever silent: what was sent may then still take effect although a later attempt is refused.
    pub silent: bool,
    /// Why the venue refused the last attempt, where it did; believed only once a reading shows no confirmation.
    pub refusal: Option<ConfirmationReason>,
}

/// A confirmation, as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The caller's name for the payout.
    pub external_tx_id: ExternalTxId,
    /// Whether less than was asked for is accepted.
    pub accept_partial: bool,
    /// The terms that were agreed to.
    pub terms: Terms,
    /// Who asked.
    pub caller: CallerId,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// How far it has come.
    pub state: ConfirmationState,
    /// Why, where there is more to say than the state.
    pub reason: Option<ConfirmationReason>,
    /// The same for people.
    pub detail: Option<String>,
    /// How often it was handed to the network.
    pub attempts: u32,
    /// When it was last handed to the network.
    pub dispatched_at: Option<Timestamp>,
    /// What is open.
    pub doubt: Option<ConfirmationDoubt>,
    /// What a person decided.
    pub resolution: Option<ConfirmationResolution>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Rises with every change: a writer who read another one is refused.
    pub revision: u64,
}

/// What is asked of a confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmationAsked {
    /// The caller's name for the payout.
    pub external_tx_id: ExternalTxId,
    /// Whether less than was asked for is accepted.
    pub accept_partial: bool,
    /// The terms that are agreed to.
    pub terms: Terms,
    /// Who asks.
    pub caller: CallerId,
}

/// One thing that happens to a confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmationChange {
    /// The attempt that is about to be made.
    Dispatched,
    /// No byte of the attempt took effect.
    NotSent(ConfirmationReason, String),
    /// The attempt had no conclusive answer; where the venue refused it, why.
    Unanswered(Option<ConfirmationReason>, ConfirmationReason, String),
    /// The venue has it.
    Confirmed,
    /// The venue provably has no confirmation of ours.
    Refused(ConfirmationReason, String),
    /// A person must decide.
    Parked(ConfirmationReason, String),
    /// It stays, and this is why.
    Delayed(ConfirmationReason, String),
    /// A caller asks to have it read back again.
    AskedAgain,
    /// A person decided.
    Resolved(ConfirmationResolution),
}

impl Confirmation {
    /// A confirmation that was just asked for.
    #[must_use]
    pub fn new(asked: ConfirmationAsked, now: Timestamp) -> Self {
        let ConfirmationAsked { external_tx_id, accept_partial, terms, caller } = asked;
        Self {
            external_tx_id,
            accept_partial,
            terms,
            caller,
            recorded_at: now,
            state: ConfirmationState::Recorded,
            reason: None,
            detail: None,
            attempts: 0,
            dispatched_at: None,
            doubt: None,
            resolution: None,
            updated_at: now,
            revision: 0,
        }
    }

    /// The confirmation after a change; `None` where its state does not allow the change.
    #[must_use]
    pub fn after(&self, change: ConfirmationChange, now: Timestamp) -> Option<Self> {
        use ConfirmationState as S;
        let told = |state, reason, detail| self.told(state, Some(reason), Some(detail), now);
        let after = match (change, self.state) {
            (ConfirmationChange::Dispatched, S::Recorded | S::Unknown) => {
                Self { attempts: self.attempts + 1, dispatched_at: Some(now), ..self.told(S::Sending, None, None, now) }
            }
            (ConfirmationChange::NotSent(reason, detail), S::Sending) => {
                told(if self.doubt.is_some() { S::Unknown } else { S::Recorded }, reason, detail)
            }
            (ConfirmationChange::Unanswered(refusal, reason, detail), S::Sending) => {
                Self { doubt: Some(self.doubted(refusal, now)), ..told(S::Unknown, reason, detail) }
            }
            (ConfirmationChange::Confirmed, S::Recorded | S::Sending | S::Unknown) => {
                Self { doubt: None, ..self.told(S::Confirmed, None, None, now) }
            }
            (ConfirmationChange::Refused(reason, detail), S::Recorded | S::Unknown) => told(S::Refused, reason, detail),
            (ConfirmationChange::Parked(reason, detail), S::Recorded | S::Unknown) => told(S::NeedsOperator, reason, detail),
            (ConfirmationChange::Delayed(reason, detail), S::Recorded | S::Unknown) => told(self.state, reason, detail),
            (ConfirmationChange::AskedAgain, S::NeedsOperator) => {
                Self { doubt: Some(self.doubted(None, now)), ..self.told(S::Unknown, None, None, now) }
            }
            (ConfirmationChange::Resolved(resolution), S::NeedsOperator) => self.resolved(resolution, now),
            _ => return None,
        };
        Some(after)
    }

    fn told(&self, state: ConfirmationState, reason: Option<ConfirmationReason>, detail: Option<String>, now: Timestamp) -> Self {
        Self { state, reason, detail, updated_at: now, revision: self.revision + 1, ..self.clone() }
    }

    fn resolved(&self, resolution: ConfirmationResolution, now: Timestamp) -> Self {
        let ended = if resolution.was_confirmed {
            Self { doubt: None, ..self.told(ConfirmationState::Confirmed, None, None, now) }
        } else {
            let (reason, why) = (ConfirmationReason::ResolvedByOperator, resolution.why.clone());
            self.told(ConfirmationState::Refused, Some(reason), Some(why), now)
        };
        Self { resolution: Some(resolution), ..ended }
    }

    /// Silence is never forgotten by a later refusal; a day begins with the first doubt.
    fn doubted(&self, refusal: Option<ConfirmationReason>, now: Timestamp) -> ConfirmationDoubt {
        let silent = refusal.is_none() || self.doubt.is_some_and(|doubt| doubt.silent);
        let since = self.doubt.filter(|_| self.state != ConfirmationState::NeedsOperator).map_or(now, |doubt| doubt.since);
        ConfirmationDoubt { since, silent, refusal }
    }

    /// Whether a payout can be under way because of it: in the words of settlements.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.state {
            ConfirmationState::Recorded => Outcome::NotSent,
            ConfirmationState::NeedsOperator | ConfirmationState::Refused if self.attempts == 0 => Outcome::NotSent,
            ConfirmationState::Sending | ConfirmationState::Unknown | ConfirmationState::NeedsOperator => Outcome::Unknown,
            ConfirmationState::Confirmed => Outcome::Created,
            ConfirmationState::Refused => Outcome::NotCreated,
        }
    }

    /// Whether a journal that has forgotten this must not be used: an attempt leaves the house on its strength, or its caller
    /// believes that none ever will. What a person decided is saved by another way, and is none.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        matches!(self.state, ConfirmationState::Sending | ConfirmationState::Refused)
    }

    /// What its caller should do.
    #[must_use]
    pub fn next_action(&self) -> NextAction {
        match self.state {
            ConfirmationState::Confirmed => NextAction::None,
            ConfirmationState::NeedsOperator => NextAction::Operator,
            ConfirmationState::Refused => self.reason.map_or(NextAction::Operator, after_refusal),
            ConfirmationState::Recorded | ConfirmationState::Sending | ConfirmationState::Unknown => NextAction::Wait,
        }
    }
}

/// What helps after a refusal: another quote, an acceptance, or whoever runs the gateway.
#[must_use]
pub fn after_refusal(reason: ConfirmationReason) -> NextAction {
    match reason {
        ConfirmationReason::Expired
        | ConfirmationReason::NotConfirmable
        | ConfirmationReason::PartialNotAccepted
        | ConfirmationReason::Changed
        | ConfirmationReason::Inconsistent
        | ConfirmationReason::VenueRejectedRequest
        | ConfirmationReason::NotFound
        | ConfirmationReason::ResolvedByOperator => NextAction::FixWithNewId,
        ConfirmationReason::VenueRateLimited | ConfirmationReason::VenueUnavailable | ConfirmationReason::AnchorUnavailable => {
            NextAction::RetrySame
        }
        ConfirmationReason::WalletNotAllowed
        | ConfirmationReason::ConfirmedByAnother
        | ConfirmationReason::Unattributed
        | ConfirmationReason::VenueCredentials
        | ConfirmationReason::VenueForbidden
        | ConfirmationReason::VenueAnswerInvalid
        | ConfirmationReason::TooLongUnknown
        | ConfirmationReason::TooManyTakeovers
        | ConfirmationReason::JournalBehindAnchor => NextAction::Operator,
    }
}
