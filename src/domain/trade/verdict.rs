//! What the venue's answers and lists mean for a write: the tables of ADR 14 as functions.

use std::time::Duration;

use jiff::Timestamp;

use super::asked::TradeAction;
use super::change::TradeChange;
use super::reason::TradeReason;
use super::state::TradeState;
use super::status::AffirmationStatus;
use super::venue::{Affirmation, Evidence, Shown, TradeAnswer, VenueTradeSettlement};
use super::write::TradeWrite;
use crate::domain::ids::same_id;
use crate::domain::settlement::{VenueError, describe};
use crate::domain::time::later;

/// How long a write may stay unknown, since nothing can be read, before a person must look.
const LONGEST_DOUBT: Duration = Duration::from_secs(24 * 60 * 60);

/// What the answer to the one dispatch changes. Whatever is not listed is unknown.
#[must_use]
pub fn trade_verdict(answer: TradeAnswer, write: &TradeWrite) -> TradeChange {
    match answer {
        TradeAnswer::NotSent { detail } => TradeChange::NotSent { reason: TradeReason::VenueUnavailable, detail },
        TradeAnswer::OverBudget { .. } => {
            let detail = "the venue's budget of calls is spent".to_owned();
            TradeChange::NotSent { reason: TradeReason::VenueRateLimited, detail }
        }
        TradeAnswer::NoAnswer { detail } => TradeChange::Unanswered { reason: TradeReason::VenueUnavailable, detail },
        TradeAnswer::Answered { status: 200..=299, shown, .. } => judge_success(shown, write),
        TradeAnswer::Answered { status, error, is_proven, .. } => judge_refusal(status, &error, is_proven),
    }
}

fn judge_success(shown: Option<Shown>, write: &TradeWrite) -> TradeChange {
    match shown {
        None => unanswered(TradeReason::VenueAnswerInvalid, "the venue's answer shows nothing"),
        Some(Shown::Settlement(settlement)) => judge_created(settlement, write),
        Some(Shown::Affirmation(affirmation)) => match judge_affirmation(&affirmation, write) {
            // An answer that still shows the old status is no answer yet.
            Some(TradeChange::NotAccepted { detail, .. }) => unanswered(TradeReason::VenueAnswerInvalid, &detail),
            Some(change) => change,
            None => unanswered(TradeReason::VenueAnswerInvalid, "the affirmation has not changed"),
        },
    }
}

/// Nothing in the answer to our own post may speak against it, and its id must be there to follow it by.
fn judge_created(settlement: Box<VenueTradeSettlement>, write: &TradeWrite) -> TradeChange {
    if is_anothers(&settlement, write) {
        return parked("the venue answered with a settlement that was not asked for");
    }
    if settlement.readable_id().is_none() {
        return unanswered(TradeReason::VenueAnswerInvalid, "the venue's answer names no settlement");
    }
    TradeChange::Taken { shown: Shown::Settlement(settlement) }
}

fn is_anothers(settlement: &VenueTradeSettlement, write: &TradeWrite) -> bool {
    let nonces = write.progress.nonces.as_ref();
    nonces.is_some_and(|nonces| settlement.evidence(&write.header.asked.account_id, nonces) == Evidence::Others)
}

fn judge_refusal(status: u16, error: &VenueError, is_proven: bool) -> TradeChange {
    let detail = describe(status, error);
    let reason = match status {
        400 => bad_request(error),
        401 => TradeReason::VenueCredentials,
        403 => TradeReason::VenueForbidden,
        409 => TradeReason::VenueConflict,
        429 => return TradeChange::NotSent { reason: TradeReason::VenueRateLimited, detail },
        _ => TradeReason::VenueUnavailable,
    };
    if matches!(status, 400 | 403) && is_proven {
        TradeChange::NotAccepted { reason, detail }
    } else {
        TradeChange::Unanswered { reason, detail }
    }
}

fn bad_request(error: &VenueError) -> TradeReason {
    let mut texts = [&error.name, &error.message].into_iter().flatten();
    if texts.any(|text| text.to_ascii_lowercase().contains("signature")) {
        TradeReason::VenueRejectedSignature
    } else {
        TradeReason::VenueRejectedRequest
    }
}

fn parked(detail: &str) -> TradeChange {
    TradeChange::Parked { reason: TradeReason::VenueAnsweredOther, detail: detail.to_owned() }
}

fn unanswered(reason: TradeReason, detail: &str) -> TradeChange {
    TradeChange::Unanswered { reason, detail: detail.to_owned() }
}

/// The settlements in a list that a write made; only those that have its nonces are.
fn ours<'a>(list: &'a [VenueTradeSettlement], write: &'a TradeWrite) -> impl Iterator<Item = &'a VenueTradeSettlement> {
    let is_ours = |settlement: &&VenueTradeSettlement| {
        let nonces = write.progress.nonces.as_ref();
        let is_ours = |nonces| settlement.evidence(&write.header.asked.account_id, nonces) == Evidence::Ours;
        nonces.is_some_and(is_ours) && settlement.readable_id().is_some()
    };
    list.iter().filter(is_ours)
}

/// Whether a list shows a settlement that a write made.
#[must_use]
pub fn shows_ours(list: &[VenueTradeSettlement], write: &TradeWrite) -> bool {
    ours(list, write).next().is_some()
}

/// What a list says of a creation; `None` while it shows nothing of it. A payload settles once: a venue that shows two
/// settlements of it has carried one request out twice.
#[must_use]
pub fn judge_list(list: &[VenueTradeSettlement], write: &TradeWrite) -> Option<TradeChange> {
    let first = ours(list, write).next()?;
    let is_other = |found: &VenueTradeSettlement| match (&found.id, &first.id) {
        (Some(found), Some(first)) => !same_id(found, first),
        _ => true,
    };
    Some(if ours(list, write).any(is_other) {
        parked("the venue shows more than one settlement of this payload")
    } else {
        TradeChange::Taken { shown: Shown::Settlement(Box::new(first.clone())) }
    })
}

/// What a reading of a settlement that is followed says; `None` where it says nothing new.
#[must_use]
pub fn judge_followed(found: VenueTradeSettlement, write: &TradeWrite) -> Option<TradeChange> {
    if is_anothers(&found, write) {
        return Some(parked("the venue shows the settlement with another payload than the one that was signed"));
    }
    let is_news = write.progress.settlement.as_deref() != Some(&found) || write.progress.reason.is_some();
    is_news.then(|| TradeChange::Taken { shown: Shown::Settlement(Box::new(found)) })
}

/// What an affirmation that was read says of a write on it; `None` while it is awaited as before.
#[must_use]
pub fn judge_affirmation(affirmation: &Affirmation, write: &TradeWrite) -> Option<TradeChange> {
    let asked = &write.header.asked;
    let id = asked.action.affirmation_id()?;
    let is_other = affirmation.id.as_deref().is_some_and(|shown| !same_id(shown, id.as_str()))
        || affirmation.party_account_id.as_deref().is_some_and(|shown| !same_id(shown, asked.account_id.as_str()));
    if is_other {
        return Some(parked("the venue answered with an affirmation that was not asked for"));
    }
    let wanted = match &asked.action {
        TradeAction::Create(_) => return None,
        TradeAction::Affirm(_) => AffirmationStatus::Affirmed,
        TradeAction::Reject(_) => AffirmationStatus::Rejected,
        TradeAction::Cancel(_) => AffirmationStatus::Canceled,
    };
    let found = affirmation.status();
    let settled_by_affirming = wanted == AffirmationStatus::Affirmed && found == AffirmationStatus::Failed;
    if found == wanted || settled_by_affirming {
        return Some(judge_effect(affirmation, write));
    }
    match found {
        AffirmationStatus::Pending | AffirmationStatus::Overdue | AffirmationStatus::Unrecognised => None,
        // Who asked for the settlement is affirmed from the beginning, and may withdraw all the same.
        AffirmationStatus::Affirmed if wanted == AffirmationStatus::Canceled => None,
        _ => {
            let detail = format!("the affirmation is {}", affirmation.status_text.as_deref().unwrap_or_default());
            Some(TradeChange::NotAccepted { reason: TradeReason::AffirmationNotPending, detail })
        }
    }
}

/// An affirmation in the wanted status: with another payload it was somebody else's doing.
fn judge_effect(affirmation: &Affirmation, write: &TradeWrite) -> TradeChange {
    match (affirmation.nonces(), &write.progress.nonces) {
        (Some(found), Some(ours)) if found != *ours => {
            parked("the affirmation shows another payload than the one that was signed")
        }
        _ => TradeChange::Taken { shown: Shown::Affirmation(Box::new(affirmation.clone())) },
    }
}

impl TradeWrite {
    /// What happens to a write of which nothing could be learnt for too long.
    #[must_use]
    pub fn given_up(&self, now: Timestamp) -> Option<TradeChange> {
        let since = self.progress.in_doubt_since.filter(|_| self.progress.state == TradeState::OutcomeUnknown)?;
        let detail = || "the venue could not be asked for a day what became of it".to_owned();
        (now >= later(since, LONGEST_DOUBT))
            .then(|| TradeChange::Parked { reason: TradeReason::OutcomeUndecided, detail: detail() })
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
