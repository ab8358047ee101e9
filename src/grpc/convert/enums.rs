//! The contract's enums of the domain's: one exhaustive match each, so that a
//! new domain value does not compile before the contract has a word for it.
//!
//! A venue's word that this version does not know becomes UNSPECIFIED; its text
//! stands beside it.

use crate::custody::VerifyFailure;
use crate::domain::dispute::{ClosedBy, ClosureStatus};
use crate::domain::quote::{ConfirmationState, Fulfillment, QuoteStatus};
use crate::domain::settlement::{AmountUnit, ForeignOrigin, NextAction, Outcome, Route, State, VenueStatus};
use crate::domain::signing::Purpose;
use crate::domain::trade::{AffirmationStatus, TradeSettlementStatus, TradeState, TradeStatus};
use crate::domain::transfer::TransferStatus;
use crate::grpc::pb;

/// Writes a conversion from a domain enum into its namesake in the contract.
macro_rules! show {
    ($from:ident => $to:ident { $($variant:ident => $shown:ident),+ $(,)? }) => {
        impl From<$from> for pb::$to {
            fn from(value: $from) -> Self {
                match value { $($from::$variant => Self::$shown),+ }
            }
        }
    };
}

show!(State => SettlementState {
    Received => Received,
    Prepared => Prepared,
    Signed => Signed,
    Submitting => Submitting,
    OutcomeUnknown => OutcomeUnknown,
    Pending => Pending,
    AwaitingFunds => AwaitingFunds,
    Completed => Completed,
    Rejected => Rejected,
    NotAccepted => NotAccepted,
    Cancelled => Cancelled,
    Expired => Expired,
    NeedsOperator => NeedsOperator,
});

show!(Outcome => SettlementOutcome { NotSent => NotSent, NotCreated => NotCreated, Created => Created, Unknown => Unknown });

show!(NextAction => NextAction {
    None => None,
    Wait => Wait,
    RetrySame => RetrySame,
    FundThenRetry => FundThenRetry,
    FixWithNewId => FixWithNewId,
    Operator => Operator,
});

show!(Route => SettlementRoute { V1 => V1, V2 => V2 });
show!(ForeignOrigin => ForeignSettlementOrigin { Unexplained => Unexplained, SignedHere => SignedHere });
show!(AmountUnit => AmountUnit { Full => Full, Base => Base });

show!(VenueStatus => VenueSettlementStatus {
    Pending => Pending,
    Completed => Completed,
    Failed => Failed,
    Rejected => Rejected,
    Unrecognised => Unspecified,
});

show!(TransferStatus => SettlementTransferStatus {
    Pending => Pending,
    PendingOnchain => PendingOnchain,
    OnchainInitiated => OnchainInitiated,
    OnchainFailed => OnchainFailed,
    Completed => Completed,
    Failed => Failed,
    Rejected => Rejected,
    Disputed => Disputed,
    PendingSettlementAssignment => PendingSettlementAssignment,
    Unrecognised => Unspecified,
});

show!(ConfirmationState => ConfirmationState {
    Recorded => Recorded,
    Sending => Sending,
    Unknown => Unknown,
    Confirmed => Confirmed,
    Refused => Refused,
    NeedsOperator => NeedsOperator,
});

show!(ClosedBy => DisputeClosedBy { Client => Client, Admin => Admin, Unrecognised => Unspecified });

show!(ClosureStatus => DisputeClosureStatus {
    PendingReview => PendingReview,
    Approved => Approved,
    Rejected => Rejected,
    Unrecognised => Unspecified,
});

show!(QuoteStatus => QuoteStatus {
    Quoted => Quoted,
    Processing => Processing,
    Executed => Executed,
    Failed => Failed,
    Cancelled => Cancelled,
    Unrecognised => Unspecified,
});

show!(Fulfillment => Fulfillment { Full => Full, Partial => Partial, None => None, Unrecognised => Unspecified });

show!(Purpose => Purpose { Settlement => Settlement, Trade => Trade, Allocation => Allocation, Dispute => Dispute, Raw => Raw });

show!(TradeState => TradeState {
    Received => Received,
    Prepared => Prepared,
    Signed => Signed,
    Submitting => Submitting,
    OutcomeUnknown => OutcomeUnknown,
    Pending => Pending,
    Settled => Settled,
    Rejected => Rejected,
    Failed => Failed,
    Canceled => Canceled,
    Done => Done,
    NotAccepted => NotAccepted,
    NeedsOperator => NeedsOperator,
});

show!(TradeStatus => TradeStatus {
    Pending => Pending,
    Overdue => Overdue,
    Rejected => Rejected,
    Affirmed => Affirmed,
    Settled => Settled,
    Failed => Failed,
    Executed => Executed,
    Canceled => Canceled,
    Unrecognised => Unspecified,
});

show!(TradeSettlementStatus => TradeSettlementStatus {
    Pending => Pending,
    Settled => Settled,
    Rejected => Rejected,
    Failed => Failed,
    Canceled => Canceled,
    Unrecognised => Unspecified,
});

show!(AffirmationStatus => AffirmationStatus {
    Pending => Pending,
    Overdue => Overdue,
    Rejected => Rejected,
    Affirmed => Affirmed,
    Failed => Failed,
    Canceled => Canceled,
    Unrecognised => Unspecified,
});

show!(VerifyFailure => VerificationReason {
    BadHeader => Malformed,
    NoSignature => Malformed,
    HighS => NotCanonical,
    WrongKey => OtherKeyOrPayload,
});

/// The venue's settlement type, which the domain keeps as text.
pub(super) fn settlement_type(text: &str) -> pb::SettlementType {
    match text {
        "onchain" => pb::SettlementType::Onchain,
        "offchain" => pb::SettlementType::Offchain,
        _ => pb::SettlementType::Unspecified,
    }
}

/// The domain's unit of an asserted one; `None` asserts nothing.
pub(super) fn asserted_unit(unit: pb::AmountUnit) -> Option<AmountUnit> {
    match unit {
        pb::AmountUnit::Unspecified => None,
        pb::AmountUnit::Full => Some(AmountUnit::Full),
        pb::AmountUnit::Base => Some(AmountUnit::Base),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_outcomes_and_actions_keep_their_names_in_the_contract() {
        for state in State::ALL {
            let shown = pb::SettlementState::from(state).as_str_name();
            assert_eq!(shown.strip_prefix("SETTLEMENT_STATE_"), Some(state.as_str()));
        }
        for outcome in [Outcome::NotSent, Outcome::NotCreated, Outcome::Created, Outcome::Unknown] {
            let shown = pb::SettlementOutcome::from(outcome).as_str_name();
            assert_eq!(shown.strip_prefix("SETTLEMENT_OUTCOME_"), Some(outcome.as_str()));
        }
        for action in [NextAction::None, NextAction::Wait, NextAction::RetrySame, NextAction::FundThenRetry] {
            assert_eq!(pb::NextAction::from(action).as_str_name().strip_prefix("NEXT_ACTION_"), Some(action.as_str()));
        }
        for action in [NextAction::FixWithNewId, NextAction::Operator] {
            assert_eq!(pb::NextAction::from(action).as_str_name().strip_prefix("NEXT_ACTION_"), Some(action.as_str()));
        }
    }

    #[test]
    fn a_word_of_tomorrow_is_unspecified() {
        assert_eq!(pb::VenueSettlementStatus::from(VenueStatus::Unrecognised), pb::VenueSettlementStatus::Unspecified);
        assert_eq!(pb::SettlementTransferStatus::from(TransferStatus::Unrecognised), pb::SettlementTransferStatus::Unspecified);
        assert_eq!(pb::QuoteStatus::from(QuoteStatus::Unrecognised), pb::QuoteStatus::Unspecified);
        assert_eq!(settlement_type("sidechain"), pb::SettlementType::Unspecified);
    }

    #[test]
    fn purposes_keep_their_names_in_the_contract() {
        for purpose in Purpose::ALL {
            let shown = pb::Purpose::from(purpose).as_str_name();
            assert_eq!(shown, format!("PURPOSE_{}", purpose.as_str().to_uppercase()));
        }
    }
}
