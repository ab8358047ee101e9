//! What keeps the same day from being settled twice under two names.
//!
//! An external id is never used twice; these rules are for the day that comes
//! again under another one. A settlement that can never move money stands in
//! nobody's way.

use std::time::Duration;

use super::intent::names;
use super::progress::Progress;
use super::reason::Reason;
use super::state::State;
use crate::domain::ids::ExternalId;
use crate::domain::time::Cutoff;

/// What a settlement does to money, as those that come after it must count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Money {
    /// It may still move some: it is open.
    MayMove,
    /// It has.
    Moved,
    /// It has not and never will, whatever anybody does: it is dead.
    Never,
}

names!(Money { MayMove => "MAY_MOVE", Moved => "MOVED", Never => "NEVER" });

impl Progress {
    /// What the settlement does to money. Once dead it stays dead: RetrySettlement brings back only what counts as open.
    #[must_use]
    pub fn money(&self) -> Money {
        match self.state {
            State::Completed => Money::Moved,
            State::Rejected | State::Cancelled | State::Expired => Money::Never,
            State::NotAccepted if !self.reason.is_some_and(Reason::same_bytes_may_succeed) => Money::Never,
            State::NotAccepted
            | State::Received
            | State::Prepared
            | State::Signed
            | State::Submitting
            | State::OutcomeUnknown
            | State::Pending
            | State::AwaitingFunds
            | State::NeedsOperator => Money::MayMove,
        }
    }
}

/// An enterprise's rules against settling the same twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnceRules {
    /// The most settlements that may be open at a time.
    pub max_open_settlements: u32,
    /// Whether each cutoff must be later than every one before it.
    pub cutoff_must_increase: bool,
    /// For how long the same amounts under another id are taken for the same settlement; `None` where they are not.
    pub duplicate_window: Option<Duration>,
}

impl OnceRules {
    /// Rules under which nothing stands against anything.
    pub const NONE: Self = Self { max_open_settlements: u32::MAX, cutoff_must_increase: false, duplicate_window: None };

    /// The same rules for a request whose caller says that equal amounts are meant.
    #[must_use]
    pub fn with_same_amounts_intended(self, intended: bool) -> Self {
        Self { duplicate_window: self.duplicate_window.filter(|_| !intended), ..self }
    }
}

/// Why a settlement may be one that was recorded before under another id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Twice {
    /// Its cutoff is not later than the newest of the enterprise: what was traded by then is in that one.
    CutoffNotIncreasing {
        /// The newest cutoff.
        newest: Cutoff,
        /// The settlement that has it.
        holder: ExternalId,
    },
    /// As many settlements are open as may be.
    TooManyOpen {
        /// How many may be.
        most: u32,
        /// The oldest of them.
        oldest: ExternalId,
    },
    /// Another settlement of late has exactly these amounts.
    SameAmounts {
        /// The newest such settlement.
        holder: ExternalId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn in_state(state: State, reason: Option<Reason>) -> Money {
        Progress { state, reason, ..Progress::received(Timestamp::UNIX_EPOCH) }.money()
    }

    #[test]
    fn what_a_retry_or_an_operator_can_still_send_is_open() {
        for state in State::ALL {
            let expected = match state {
                State::Completed => Money::Moved,
                State::Rejected | State::Cancelled | State::Expired | State::NotAccepted => Money::Never,
                _ => Money::MayMove,
            };
            assert_eq!(in_state(state, None), expected, "{state:?}");
        }
        assert_eq!(in_state(State::NotAccepted, Some(Reason::LiabilitiesExceedBalance)), Money::MayMove);
        assert_eq!(in_state(State::NotAccepted, Some(Reason::VenueForbidden)), Money::MayMove);
        assert_eq!(in_state(State::NotAccepted, Some(Reason::Superseded)), Money::Never);
        assert_eq!(in_state(State::NotAccepted, Some(Reason::PayloadMismatch)), Money::Never);
    }

    #[test]
    fn only_what_may_be_superseded_is_dead_and_a_retry_never_revives_it() {
        for state in State::ALL {
            for reason in [None, Some(Reason::VenueForbidden), Some(Reason::Superseded), Some(Reason::VenueRejectedRequest)] {
                let progress = Progress { state, reason, ..Progress::received(Timestamp::UNIX_EPOCH) };
                if progress.money() == Money::Never {
                    assert!(progress.may_be_superseded(), "{state:?} {reason:?}");
                    assert!(!progress.may_retry(super::super::Route::V1), "{state:?} {reason:?}");
                }
            }
        }
    }
}
