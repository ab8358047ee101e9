//! The table of all reasons: what each is in gRPC, in a sentence, and to whoever called.
//!
//! `docs/errors.md` is this table in prose; a test holds the two together.

use std::time::Duration;

use tonic::Code;

use crate::domain::settlement::{NextAction, Outcome};
use crate::grpc::pb::ErrorReason;

/// What a settlement's write says of the settlement when the error itself carries none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: the journal was not read, or the call is no write.
    Untold,
    /// The journal holds no such settlement, so nothing was sent: told by InitiateSettlement only.
    NotSent(NextAction),
    /// It may be stored and on its way: told by every write of a settlement.
    Unknown,
}

impl Standing {
    /// The outcome and the next action that are told, where any are.
    #[must_use]
    pub fn told(self) -> Option<(Outcome, NextAction)> {
        match self {
            Self::Untold => None,
            Self::NotSent(next) => Some((Outcome::NotSent, next)),
            Self::Unknown => Some((Outcome::Unknown, NextAction::Wait)),
        }
    }
}

/// One row: all that is fixed about a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The reason.
    pub reason: ErrorReason,
    /// The gRPC code; a reason has one and the same everywhere.
    pub code: Code,
    /// What happened, in a sentence without a full stop.
    pub sentence: &'static str,
    /// What the caller should do, in a sentence without a full stop.
    pub advice: &'static str,
    /// How long to wait before the same call is worth repeating; `None` where waiting alone does not help.
    pub retry_after: Option<Duration>,
    /// What a settlement's write adds.
    pub standing: Standing,
}

macro_rules! rows {
    ($($reason:ident $code:ident $retry:expr, $standing:expr, $sentence:literal, $advice:literal;)+) => {
        /// All rows, in the order of the contract's enum.
        pub const ROWS: &[Row] = &[$(row(ErrorReason::$reason)),+];

        /// The row of a reason.
        #[must_use]
        pub const fn row(reason: ErrorReason) -> Row {
            match reason {
                $(ErrorReason::$reason => Row {
                    reason,
                    code: Code::$code,
                    sentence: $sentence,
                    advice: $advice,
                    retry_after: $retry,
                    standing: $standing,
                },)+
            }
        }
    };
}

/// No waiting helps.
const NO: Option<Duration> = None;
/// Somebody else is at it for a moment.
const SOON: Option<Duration> = Some(Duration::from_millis(500));
/// Something must recover first.
const LATER: Option<Duration> = Some(Duration::from_secs(2));
/// A budget must fill again.
const PACED: Option<Duration> = Some(Duration::from_secs(10));

const UNTOLD: Standing = Standing::Untold;
const UNKNOWN: Standing = Standing::Unknown;
const FIX: Standing = Standing::NotSent(NextAction::FixWithNewId);
const WAIT: Standing = Standing::NotSent(NextAction::Wait);
const OPERATOR: Standing = Standing::NotSent(NextAction::Operator);

rows! {
    Unspecified Internal NO, UNTOLD, "the gateway gave no reason", "tell the gateway's operator";
    InvalidRequest InvalidArgument NO, UNTOLD, "the request breaks the limits of its fields", "correct the request";
    CallerUnknown Unauthenticated NO, UNTOLD, "the caller did not prove who it is",
        "present a known client certificate or bearer token";
    NotAllowed PermissionDenied NO, UNTOLD, "the caller is not allowed to do this", "ask the gateway's operator";
    LimitExceeded PermissionDenied NO, OPERATOR, "the amounts exceed the caller's limit",
        "ask the gateway's operator, or wait when it is the rolling day's";
    QuotaExceeded ResourceExhausted LATER, UNTOLD, "the caller's share of calls or streams is used up", "wait, then repeat";
    SettlementNotFound NotFound NO, UNTOLD, "the enterprise has no such settlement in the gateway", "check the name";
    ClientSettlementNotFound NotFound NO, UNTOLD, "the venue knows no such settlement of this client", "check the settlement id";
    QuoteNotFound NotFound NO, UNTOLD, "the merchant has no such quote", "check the merchant and the tx_id";
    KeyNotFound NotFound NO, UNTOLD, "the gateway has no such key", "see ListKeys";
    ExternalIdReused AlreadyExists NO, UNTOLD, "the external id belongs to a settlement that says something else",
        "read that one with GetSettlement; a corrected request takes a new id and names the old one in supersedes";
    RequestIdReused AlreadyExists NO, UNTOLD, "the request id belongs to a request that says something else", "take a new id";
    PayloadMismatch FailedPrecondition NO, UNTOLD, "the venue's signing payload does not say what was asked; it was not signed",
        "do not repeat before the gateway's operator has cleared it";
    PayloadAmbiguous InvalidArgument NO, UNTOLD, "the payload can be read in more than one way; it was not signed",
        "send the payload exactly as the venue gave it";
    SigningReferenceTaken FailedPrecondition NO, UNTOLD, "the key has signed another payload for the same reference",
        "find out who asked for it; a second one is never signed";
    PurposeNotAllowed FailedPrecondition NO, UNTOLD, "the payload's purpose is not among the key's",
        "ask the gateway's operator";
    UseInitiateSettlement FailedPrecondition NO, UNTOLD, "this key signs settlements for InitiateSettlement only",
        "call InitiateSettlement";
    KeyDisabled FailedPrecondition NO, UNTOLD, "the configuration switches the key off", "ask the gateway's operator";
    KeyUnavailable Unavailable LATER, UNKNOWN, "the place that holds the key did not answer",
        "repeat; what was signed is not signed twice";
    CutoffRequired InvalidArgument NO, FIX, "the enterprise's route needs cutoff_at", "send cutoff_at";
    CutoffNotTaken InvalidArgument NO, FIX, "the enterprise's route takes no cutoff_at", "leave cutoff_at out";
    CutoffInFuture InvalidArgument NO, FIX, "cutoff_at is ahead of now", "send the time of the newest trade, not a deadline";
    SubmitBeforePassed FailedPrecondition NO, FIX, "submit_before has passed", "decide whether the settlement is still wanted";
    ControlTotalsMismatch InvalidArgument NO, FIX, "the amounts do not come to control_totals",
        "find out which of the two is wrong";
    AmountUnitMismatch FailedPrecondition NO, OPERATOR, "the enterprise's amounts are in the other unit",
        "agree on the unit with the gateway's operator";
    SupersedesRefused FailedPrecondition NO, FIX, "the settlement to be superseded is unknown or may still move money",
        "bring it to its end first";
    StateConflict Aborted SOON, UNKNOWN, "the settlement has moved on, or is being worked on just now",
        "read the settlement and decide again";
    NotRetryable FailedPrecondition NO, UNTOLD, "the settlement cannot be sent again in its state", "see its next action";
    NotCancellable FailedPrecondition NO, UNTOLD, "the settlement was dispatched, or is at its end", "see its next action";
    LiabilitiesExceedBalance FailedPrecondition NO, UNTOLD, "a connection owes more than it holds",
        "fund the connection, then call RetrySettlement, or repeat the request where nothing is stored";
    VenueRejectedRequest InvalidArgument NO, UNTOLD, "the venue found fault with the request and created nothing",
        "correct it under a new id";
    VenueRejectedSignature Internal NO, UNTOLD, "the venue did not accept the gateway's signature and created nothing",
        "tell the gateway's operator";
    VenueCredentials FailedPrecondition NO, UNTOLD, "the venue did not accept the gateway's credential",
        "have the gateway's operator renew it; the caller's own token is not at fault";
    VenueForbidden FailedPrecondition NO, UNTOLD, "the venue refuses the gateway's credential this operation",
        "have the gateway's operator get the permission repaired";
    DisputesEnabledUseV2 FailedPrecondition NO, UNTOLD, "the enterprise has disputes enabled and is configured for v1",
        "have the gateway's operator set the route to v2";
    VenueConflict FailedPrecondition NO, UNTOLD, "the venue holds something else under this id",
        "tell the gateway's operator; do not repeat under a new id";
    VenueRateLimited Unavailable PACED, UNTOLD, "the venue asks for fewer calls", "wait, then repeat";
    VenueUnavailable Unavailable LATER, UNTOLD, "the venue does not answer; this call changed nothing", "repeat";
    VenueAnswerInvalid Internal NO, UNTOLD, "the venue's answer cannot be read or contradicts itself",
        "tell the gateway's operator";
    QuoteExpired FailedPrecondition NO, UNTOLD, "the quote can no longer be confirmed", "ask for a new one";
    QuoteUnsupportedPair InvalidArgument NO, UNTOLD, "these two currencies are not exchanged", "choose another pair";
    QuoteUnsupportedChain InvalidArgument NO, UNTOLD, "this chain is not served", "choose another chain";
    QuoteInvalidWalletAddress InvalidArgument NO, UNTOLD, "the venue does not take this wallet address", "correct the address";
    QuoteAmountBelowMinimum InvalidArgument NO, UNTOLD, "the amount is below the venue's minimum", "ask for more";
    QuoteAmountAboveMaximum InvalidArgument NO, UNTOLD, "the amount is above the venue's maximum", "ask for less";
    WalletNotAllowed PermissionDenied NO, UNTOLD, "the wallet is not among the merchant's payout wallets",
        "ask the gateway's operator";
    DeadlineExceeded DeadlineExceeded NO, UNKNOWN, "the deadline ended before the call had its answer",
        "repeat the same request with a longer deadline; what was stored is found and nothing is done twice";
    StoreUnavailable Unavailable LATER, UNKNOWN, "the gateway's store does not answer",
        "repeat the same request; what was stored is found and nothing is done twice";
    Overloaded Unavailable LATER, UNTOLD, "the gateway has more work than it takes; this call was not begun",
        "wait, then repeat";
    Draining Unavailable SOON, UNKNOWN, "this process is going down",
        "repeat the same request; another process answers";
    Internal Internal NO, UNKNOWN, "a fault of the gateway; its log has the cause",
        "repeat the same request, which is safe, or tell the gateway's operator";
    Superseded FailedPrecondition NO, UNTOLD, "another settlement was recorded in its place",
        "look at the settlement that supersedes it";
    CutoffNotIncreasing FailedPrecondition NO, FIX, "cutoff_at is not later than that of an earlier settlement",
        "look at that one: what was traded by its cutoff_at is in it; then send the time of the newest trade since";
    SettlementOpen FailedPrecondition NO, WAIT, "earlier settlements are still open",
        "bring them to their end or name one in supersedes, then repeat the same request";
    PossibleDuplicate FailedPrecondition NO, FIX, "a settlement of late has exactly these amounts",
        "look at that one; where another is meant, set same_amounts_intended";
    RouteMismatch FailedPrecondition NO, OPERATOR, "the venue takes this partner's settlements on the other route only",
        "have the gateway's operator set the enterprise's route";
    CursorBeyondEnd OutOfRange NO, UNTOLD, "after_sequence is beyond the enterprise's newest event",
        "find out whether the gateway's store was restored or replaced, before reading on from zero";
    ReaderTooSlow Aborted SOON, UNTOLD, "the stream's reader took nothing for too long",
        "watch again after the last read_to_sequence; nothing is missed";
    SettlementNotAtVenue NotFound NO, UNTOLD, "the venue knows no such settlement of this partner, or has not taken it yet",
        "check the name; GetSettlement says how far one of the gateway's own has come";
    TradeSettlementNotFound NotFound NO, UNTOLD, "there is no such trade settlement of this account", "check the name";
    AffirmationNotFound NotFound NO, UNTOLD, "the venue knows no such affirmation of this account", "see ListAffirmations";
    AffirmationNotPending FailedPrecondition NO, UNTOLD, "the affirmation is no longer awaited", "see ListAffirmations";
    TradePayloadReused FailedPrecondition NO, UNTOLD, "another request of this account has this very payload",
        "look at that request; another settlement needs a payload of its own";
    TradesMismatch InvalidArgument NO, UNTOLD, "the amounts do not come to the trades", "find out which of the two is wrong";
    ResolvedByOperator FailedPrecondition NO, UNTOLD, "a person found out that nothing came of it",
        "ask again under another request id where it is still wanted";
    NotResolvable FailedPrecondition NO, UNTOLD, "nothing waits for a person's decision here", "read how it stands";
    ResolutionRefuted FailedPrecondition NO, UNTOLD, "the venue shows something else than was said",
        "look at the venue again; nothing was changed";
    QuoteNotConfirmable FailedPrecondition NO, UNTOLD, "the quote is not offered any more, or nothing of it can be fulfilled",
        "ask for a new one";
    QuotePartialNotAccepted FailedPrecondition NO, UNTOLD, "only a part of the quote can be fulfilled",
        "have the merchant accept it and set accept_partial, or ask for a new one";
    QuoteChanged FailedPrecondition NO, UNTOLD, "the quote's terms are not those that were agreed to",
        "read the quote with refresh and decide again";
    QuoteInconsistent FailedPrecondition NO, UNTOLD, "the quote's numbers disagree, or one of them is missing",
        "ask the venue before anybody confirms";
    ConfirmationReused AlreadyExists NO, UNTOLD, "the quote or the external_tx_id belongs to another confirmation",
        "read that one; never pay a second time under another name";
    QuoteConfirmedByAnother FailedPrecondition NO, UNTOLD, "the venue shows the quote confirmed under another external_tx_id",
        "tell the gateway's operator at once";
    QuoteNotCancellable FailedPrecondition NO, UNTOLD, "the quote is confirmed or at its end", "see its status";
    QuoteOutcomeUnknown Unavailable LATER, UNTOLD, "the venue has not said what became of the cancellation",
        "repeat; a cancellation moves no money";
    QuoteCallbackNotConfigured FailedPrecondition NO, UNTOLD, "no address is configured for the venue's callbacks",
        "ask the gateway's operator; nothing was sent";
    QuoteBeingConfirmed Aborted SOON, UNTOLD, "a confirmation of the quote is under way", "wait for its end";
    JournalBehindAnchor FailedPrecondition NO, UNKNOWN, "the gateway's store may have forgotten what was signed or sent; nothing is sent",
        "have the gateway's operator repair it, then repeat the same request; never take another id";
    AnchorUnavailable Unavailable LATER, UNKNOWN, "the gateway cannot anchor what it signs, sends or tells as ended",
        "repeat the same request; what was signed is not signed twice";
    ExternalIdAdopted AlreadyExists NO, UNTOLD, "the venue has a settlement under this external id that the gateway's store lacks",
        "look at that one at the venue; the external id is taken for ever";
    JournalRestored FailedPrecondition NO, UNTOLD, "the gateway's store was restored, and the venue has no such settlement",
        "call RetrySettlement where it is still wanted";
    Archived FailedPrecondition NO, UNTOLD, "what is asked for has left the journal for the archive",
        "read it in the archive's files; read events on from archived_to_sequence";
}
