//! Where a settlement stands, and what that means for whoever asked for it.

use super::intent::{Route, names};
use super::reason::Reason;

/// A settlement's state, as `docs/architecture.md` draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Recorded; nothing else was done.
    Received,
    /// The venue's signing payload is stored and says what was asked.
    Prepared,
    /// The signature is stored: the body is fixed for ever.
    Signed,
    /// The body is being sent.
    Submitting,
    /// It was sent and no conclusive answer is known; it is being read back.
    OutcomeUnknown,
    /// The venue has it; its windows run.
    Pending,
    /// The venue has it and funds are short.
    AwaitingFunds,
    /// Money has moved. Terminal.
    Completed,
    /// The venue's administrator rejected it. Terminal.
    Rejected,
    /// The venue provably created nothing.
    NotAccepted,
    /// Cancelled before anything was sent. Terminal.
    Cancelled,
    /// Never sent before `submit_before`. Terminal.
    Expired,
    /// A person must decide.
    NeedsOperator,
}

names!(State {
    Received => "RECEIVED",
    Prepared => "PREPARED",
    Signed => "SIGNED",
    Submitting => "SUBMITTING",
    OutcomeUnknown => "OUTCOME_UNKNOWN",
    Pending => "PENDING",
    AwaitingFunds => "AWAITING_FUNDS",
    Completed => "COMPLETED",
    Rejected => "REJECTED",
    NotAccepted => "NOT_ACCEPTED",
    Cancelled => "CANCELLED",
    Expired => "EXPIRED",
    NeedsOperator => "NEEDS_OPERATOR",
});

impl State {
    /// All states, in the order of a settlement's life.
    pub const ALL: [Self; 13] = [
        Self::Received,
        Self::Prepared,
        Self::Signed,
        Self::Submitting,
        Self::OutcomeUnknown,
        Self::Pending,
        Self::AwaitingFunds,
        Self::Completed,
        Self::Rejected,
        Self::NotAccepted,
        Self::Cancelled,
        Self::Expired,
        Self::NeedsOperator,
    ];

    /// Whether nothing can ever change it again.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Rejected | Self::Cancelled | Self::Expired)
    }

    /// Whether nothing of it is at the venue, and nothing will be unless its caller asks again.
    #[must_use]
    pub fn is_given_up(self) -> bool {
        matches!(self, Self::NotAccepted | Self::Cancelled | Self::Expired)
    }

    /// Whether the engine is still finding out what the venue says: what an InitiateSettlement call waits for.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Received | Self::Prepared | Self::Signed | Self::Submitting | Self::OutcomeUnknown)
    }
}

/// Whether money can have moved: what a caller must know before it pays by another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// No byte of it ever reached the venue.
    NotSent,
    /// It reached the venue, which provably created nothing.
    NotCreated,
    /// The venue has it.
    Created,
    /// Nobody knows yet.
    Unknown,
}

names!(Outcome {
    NotSent => "NOT_SENT",
    NotCreated => "NOT_CREATED",
    Created => "CREATED",
    Unknown => "UNKNOWN",
});

/// What the caller should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAction {
    /// Nothing: it is done.
    None,
    /// Wait: the gateway or the venue is at it.
    Wait,
    /// Call RetrySettlement once the cause is repaired; the same bytes are sent.
    RetrySame,
    /// Fund the account, then call RetrySettlement.
    FundThenRetry,
    /// Ask again under another external id, corrected.
    FixWithNewId,
    /// Call an operator.
    Operator,
}

names!(NextAction {
    None => "NONE",
    Wait => "WAIT",
    RetrySame => "RETRY_SAME",
    FundThenRetry => "FUND_THEN_RETRY",
    FixWithNewId => "FIX_WITH_NEW_ID",
    Operator => "OPERATOR",
});

/// What the caller of a settlement in this state should do.
#[must_use]
pub fn next_action(state: State, reason: Option<Reason>, route: Route) -> NextAction {
    match state {
        State::Received | State::Prepared | State::Signed | State::Submitting | State::OutcomeUnknown => NextAction::Wait,
        State::Pending => match route {
            Route::V1 => NextAction::RetrySame,
            Route::V2 => NextAction::Wait,
        },
        State::AwaitingFunds => match route {
            Route::V1 => NextAction::FundThenRetry,
            Route::V2 => NextAction::Wait,
        },
        State::Completed => NextAction::None,
        State::Rejected | State::Cancelled | State::Expired => NextAction::FixWithNewId,
        State::NeedsOperator => NextAction::Operator,
        State::NotAccepted => match reason {
            Some(Reason::LiabilitiesExceedBalance) => NextAction::FundThenRetry,
            Some(Reason::VenueRejectedRequest | Reason::Superseded | Reason::ResolvedByOperator) => NextAction::FixWithNewId,
            Some(Reason::VenueCredentials | Reason::VenueForbidden | Reason::DisputesEnabledUseV2 | Reason::JournalRestored) => {
                NextAction::RetrySame
            }
            _ => NextAction::Operator,
        },
    }
}
