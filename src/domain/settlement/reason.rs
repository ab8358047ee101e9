//! Why a settlement stands where it stands, in words that callers can branch on.

use super::intent::names;

/// The reason of a settlement's present state; the public contract's `ErrorReason` has the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The venue's signing payload says something other than the request; it was not signed.
    PayloadMismatch,
    /// Another payload holds this settlement's signing reference.
    SigningReferenceTaken,
    /// The key is missing, disabled or not allowed to sign settlements.
    KeyUnavailable,
    /// The venue called the request invalid.
    VenueRejectedRequest,
    /// The venue called the signature invalid.
    VenueRejectedSignature,
    /// The venue did not accept the gateway's credential.
    VenueCredentials,
    /// The venue does not permit this to the enterprise.
    VenueForbidden,
    /// Route v1 is configured and the venue has disputes enabled.
    DisputesEnabledUseV2,
    /// The external id exists at the venue with other properties.
    VenueConflict,
    /// The venue asked to come back later.
    VenueRateLimited,
    /// The venue could not be reached, or failed inside.
    VenueUnavailable,
    /// The venue's answer could not be understood.
    VenueAnswerInvalid,
    /// The venue answered with a settlement that was not asked for.
    VenueAnsweredOther,
    /// A connection owes more than it holds.
    LiabilitiesExceedBalance,
    /// Funds were short when the venue processed the settlement.
    InsufficientFunds,
    /// The venue's administrator rejected the settlement.
    RejectedByVenue,
    /// `submit_before` passed before anything was sent.
    SubmitBeforePassed,
    /// A caller cancelled it before anything was sent.
    CancelledByCaller,
    /// A caller asked to send the stored bytes again.
    RetryAsked,
    /// Workers stopped in the middle of it too often.
    TooManyTakeovers,
    /// It was sent so often without a conclusive answer that a person must look.
    TooManyAttempts,
    /// Another settlement was recorded in its place.
    Superseded,
    /// The venue is about to settle something else than was posted with the disputes that it settles with it.
    FinalAmountsChanged,
    /// The venue settled something else than was posted with the disputes that it settled with it.
    ReconciliationMismatch,
    /// A person decided.
    ResolvedByOperator,
    /// The journal may have forgotten what was signed: nothing is signed or sent before it is repaired.
    JournalBehindAnchor,
    /// What was signed cannot be anchored outside the database now, so that nothing is sent.
    AnchorUnavailable,
    /// The journal was restored from an older copy: it may have been sent since then.
    JournalRestored,
    /// Its signed body was handed out, to be posted by hand.
    ExportedByOperator,
}

names!(Reason {
    PayloadMismatch => "PAYLOAD_MISMATCH",
    SigningReferenceTaken => "SIGNING_REFERENCE_TAKEN",
    KeyUnavailable => "KEY_UNAVAILABLE",
    VenueRejectedRequest => "VENUE_REJECTED_REQUEST",
    VenueRejectedSignature => "VENUE_REJECTED_SIGNATURE",
    VenueCredentials => "VENUE_CREDENTIALS",
    VenueForbidden => "VENUE_FORBIDDEN",
    DisputesEnabledUseV2 => "DISPUTES_ENABLED_USE_V2",
    VenueConflict => "VENUE_CONFLICT",
    VenueRateLimited => "VENUE_RATE_LIMITED",
    VenueUnavailable => "VENUE_UNAVAILABLE",
    VenueAnswerInvalid => "VENUE_ANSWER_INVALID",
    VenueAnsweredOther => "VENUE_ANSWERED_OTHER",
    LiabilitiesExceedBalance => "LIABILITIES_EXCEED_BALANCE",
    InsufficientFunds => "INSUFFICIENT_FUNDS",
    RejectedByVenue => "REJECTED_BY_VENUE",
    SubmitBeforePassed => "SUBMIT_BEFORE_PASSED",
    CancelledByCaller => "CANCELLED_BY_CALLER",
    RetryAsked => "RETRY_ASKED",
    TooManyTakeovers => "TOO_MANY_TAKEOVERS",
    TooManyAttempts => "TOO_MANY_ATTEMPTS",
    Superseded => "SUPERSEDED",
    FinalAmountsChanged => "FINAL_AMOUNTS_CHANGED",
    ReconciliationMismatch => "RECONCILIATION_MISMATCH",
    ResolvedByOperator => "RESOLVED_BY_OPERATOR",
    JournalBehindAnchor => "JOURNAL_BEHIND_ANCHOR",
    AnchorUnavailable => "ANCHOR_UNAVAILABLE",
    JournalRestored => "JOURNAL_RESTORED",
    ExportedByOperator => "EXPORTED_BY_OPERATOR",
});

impl Reason {
    /// Whether the stored bytes may be sent again once the cause is repaired.
    #[must_use]
    pub fn same_bytes_may_succeed(self) -> bool {
        matches!(
            self,
            Self::VenueCredentials
                | Self::VenueForbidden
                | Self::DisputesEnabledUseV2
                | Self::LiabilitiesExceedBalance
                | Self::JournalRestored
        )
    }
}
