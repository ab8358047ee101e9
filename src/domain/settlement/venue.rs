//! A settlement as the venue shows it, and the venue's answer to a post.

use std::time::Duration;

use jiff::Timestamp;

use super::intent::names;
use crate::domain::ids::{ExternalId, Notes};
use crate::domain::time::Cutoff;

/// The venue's own status (seed 001).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VenueStatus {
    /// Windows run, or it waits to be processed.
    Pending,
    /// Money has moved.
    Completed,
    /// Funds were short; not terminal.
    Failed,
    /// Rejected by the venue's administrator.
    Rejected,
    /// A word that this version does not know; the text stands beside it.
    Unrecognised,
}

names!(VenueStatus {
    Pending => "pending",
    Completed => "completed",
    Failed => "failed",
    Rejected => "rejected",
    Unrecognised => "unrecognised",
});

/// The venue's settlement object, without its transfers (seeds 000, 001 and 002).
///
/// Texts are as the venue sent them; what is missing and what is null are alike `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueSettlement {
    /// `id`
    pub settlement_id: String,
    /// `partnerId`
    pub partner_id: String,
    /// `externalId`
    pub external_id: String,
    /// `status`
    pub status: VenueStatus,
    /// `status`, as sent.
    pub status_text: String,
    /// `settlementType`, as sent: `onchain` or `offchain`.
    pub settlement_type: String,
    /// `reconciled`
    pub reconciled: Option<bool>,
    /// `disputed`
    pub disputed: Option<bool>,
    /// `initiatedBy`: the venue's user.
    pub initiated_by: String,
    /// `notes`
    pub notes: Option<String>,
    /// `rtId`
    pub rt_id: Option<String>,
    /// `lossSLAAlertSent`
    pub loss_sla_alert_sent: Option<bool>,
    /// `gainSLAAlertSent`
    pub gain_sla_alert_sent: Option<bool>,
    /// `reason`, on failed and rejected.
    pub reason: Option<String>,
    /// `createdAt`
    pub created_at: Option<Timestamp>,
    /// `updatedAt`
    pub updated_at: Option<Timestamp>,
    /// `finalizedAt`
    pub finalized_at: Option<Timestamp>,
    /// `cutoffAt`
    pub cutoff_at: Option<Timestamp>,
}

impl VenueSettlement {
    /// Whether this can be the settlement that was posted: its external id and, where the venue shows them, its cutoff
    /// and notes agree.
    #[must_use]
    pub fn is_for(&self, external_id: &ExternalId, cutoff: Option<Cutoff>, notes: Option<&Notes>) -> bool {
        let cutoff_agrees = match (self.cutoff_at, cutoff) {
            (Some(shown), Some(asked)) => shown == asked.at(),
            _ => true,
        };
        let notes_agree = self.notes.is_none() || self.notes.as_deref() == notes.map(Notes::as_str);
        self.external_id == external_id.as_str() && cutoff_agrees && notes_agree
    }
}

/// What one account has of one currency at the venue: a connection's pays its negative legs, the partner's own the
/// positive ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkBalance {
    /// The connection; `None` for the partner's own Go Account.
    pub connection_id: Option<String>,
    /// The currency.
    pub currency: String,
    /// `available`: a decimal, as sent.
    pub available: String,
    /// `held`: a decimal, as sent; earmarked and not available.
    pub held: Option<String>,
}

/// What a venue says went wrong, bounded and free of its body's other text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VenueError {
    /// The venue's stable name of the error, where it gave one.
    pub name: Option<String>,
    /// The venue's sentence, where it gave one: at most 512 characters, printable.
    pub message: Option<String>,
    /// The venue's id of the request, where it gave one.
    pub request_id: Option<String>,
}

/// What became of one post of the stored body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DispatchAnswer {
    /// No byte was written: refused connection, failed TLS or name look-up.
    NotSent {
        /// What failed, in a few words.
        detail: String,
    },
    /// No byte was written: the venue's budget of calls is spent.
    OverBudget {
        /// How long to wait.
        wait: Duration,
    },
    /// A status line came, with a body that could be read as far as it mattered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The settlement in the body, where there was one; on success and failure alike.
        settlement: Option<Box<VenueSettlement>>,
        /// The error in the body.
        error: VenueError,
        /// `Retry-After`, in seconds.
        retry_after_seconds: Option<u32>,
        /// Whether the body shows that the venue itself answered, rather than a proxy before it.
        is_proven: bool,
    },
    /// A byte may have left and no readable answer came: time-out, reset, garbled or oversize body.
    NoAnswer {
        /// What failed, in a few words.
        detail: String,
    },
}
