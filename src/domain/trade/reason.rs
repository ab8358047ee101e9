//! Why a write stands where it stands, in words that callers can branch on.

use crate::domain::settlement::names;

/// The reason of a write's present state; the public contract's `ErrorReason` has the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeReason {
    /// The payload says something other than the request; it was not signed.
    PayloadMismatch,
    /// Another payload holds the signing reference.
    SigningReferenceTaken,
    /// The key is missing, disabled or not allowed to sign trades.
    KeyUnavailable,
    /// Another write has this payload's nonces.
    TradePayloadReused,
    /// The venue knows no such affirmation of the account.
    AffirmationNotFound,
    /// The affirmation is no longer awaited.
    AffirmationNotPending,
    /// The venue called the request invalid.
    VenueRejectedRequest,
    /// The venue called the signature invalid.
    VenueRejectedSignature,
    /// The venue did not accept the gateway's credential.
    VenueCredentials,
    /// The venue does not permit this to the enterprise.
    VenueForbidden,
    /// The venue speaks of a conflict.
    VenueConflict,
    /// The venue asked to come back later.
    VenueRateLimited,
    /// The venue could not be reached, or failed inside.
    VenueUnavailable,
    /// The venue's answer could not be understood.
    VenueAnswerInvalid,
    /// The venue answered with what was not asked for.
    VenueAnsweredOther,
    /// `submit_before` passed before anything was sent.
    SubmitBeforePassed,
    /// Workers stopped in the middle of it too often.
    TooManyTakeovers,
    /// It was sent once, and no read showed in time what became of it.
    OutcomeUndecided,
    /// A person said, after a read, that the venue made nothing of it.
    ResolvedByOperator,
    /// The journal may have forgotten what was signed: nothing is signed or sent before it is repaired.
    JournalBehindAnchor,
    /// What was signed cannot be anchored outside the database now, so that nothing is sent.
    AnchorUnavailable,
    /// The journal was restored from an older copy: it may have been sent since then.
    JournalRestored,
}

names!(TradeReason {
    PayloadMismatch => "PAYLOAD_MISMATCH",
    SigningReferenceTaken => "SIGNING_REFERENCE_TAKEN",
    KeyUnavailable => "KEY_UNAVAILABLE",
    TradePayloadReused => "TRADE_PAYLOAD_REUSED",
    AffirmationNotFound => "AFFIRMATION_NOT_FOUND",
    AffirmationNotPending => "AFFIRMATION_NOT_PENDING",
    VenueRejectedRequest => "VENUE_REJECTED_REQUEST",
    VenueRejectedSignature => "VENUE_REJECTED_SIGNATURE",
    VenueCredentials => "VENUE_CREDENTIALS",
    VenueForbidden => "VENUE_FORBIDDEN",
    VenueConflict => "VENUE_CONFLICT",
    VenueRateLimited => "VENUE_RATE_LIMITED",
    VenueUnavailable => "VENUE_UNAVAILABLE",
    VenueAnswerInvalid => "VENUE_ANSWER_INVALID",
    VenueAnsweredOther => "VENUE_ANSWERED_OTHER",
    SubmitBeforePassed => "SUBMIT_BEFORE_PASSED",
    TooManyTakeovers => "TOO_MANY_TAKEOVERS",
    OutcomeUndecided => "OUTCOME_UNDECIDED",
    ResolvedByOperator => "RESOLVED_BY_OPERATOR",
    JournalBehindAnchor => "JOURNAL_BEHIND_ANCHOR",
    AnchorUnavailable => "ANCHOR_UNAVAILABLE",
    JournalRestored => "JOURNAL_RESTORED",
});
