//! A call to a venue that had no useful answer.

use std::time::Duration;

use thiserror::Error;

use crate::domain::settlement::VenueError;

/// A call that had no useful answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VenueFailure {
    /// No byte was written: refused connection, failed TLS or name look-up.
    #[error("the venue could not be reached: {detail}")]
    NotSent {
        /// What failed, in a few words.
        detail: String,
    },
    /// No byte was written: the venue's budget of calls is spent.
    #[error("the venue's budget of calls is spent")]
    OverBudget {
        /// How long to wait.
        wait: Duration,
    },
    /// A byte may have left and no answer came in time, or the connection broke.
    #[error("the venue did not answer: {detail}")]
    NoAnswer {
        /// What failed, in a few words.
        detail: String,
    },
    /// An answer came that could not be read: not JSON, too large, or lacking what it must have.
    #[error("the venue's answer could not be read: {detail}")]
    Unreadable {
        /// What was wrong, in a few words; never the body.
        detail: String,
    },
    /// The venue refused or failed, with a status.
    #[error("the venue answered {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the venue says.
        error: VenueError,
        /// `Retry-After`, in seconds.
        retry_after_seconds: Option<u32>,
    },
}
