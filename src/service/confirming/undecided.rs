//! A confirmation that is recorded or unknown: the quote is read, and the reading decides.

use jiff::Timestamp;

use super::{Run, answer, confirmation};
use crate::domain::budget::Urgency;
use crate::domain::quote::{
    ConfirmationChange, ConfirmationReason, ConfirmationState, Quote, QuoteStatus, VenueQuote, Weighed, refusal, weigh,
};
use crate::domain::settlement::describe;
use crate::domain::time::later;
use crate::store::StoreError;
use crate::upstream::VenueFailure;

impl Run<'_> {
    /// Reads the quote afresh and does what follows.
    pub(super) async fn undecided(&self, quote: Quote, lapses: u32) -> Result<Option<Timestamp>, StoreError> {
        if lapses > self.desk.pace.max_lapses {
            let detail = format!("workers stopped {lapses} times in the middle of it");
            return self.end(quote, ConfirmationChange::Parked(ConfirmationReason::TooManyTakeovers, detail)).await;
        }
        let asked_at = self.now();
        match self.desk.venue.get_quote(&quote.venue.tx_id, Urgency::Settling).await {
            Ok(venue) => self.weighed(quote, venue, asked_at).await,
            Err(failure) => self.unread(quote, failure).await,
        }
    }

    async fn weighed(&self, quote: Quote, venue: VenueQuote, asked_at: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        if let Some(member) = venue.differs_from(&quote.request) {
            return self.unbelievable(quote, &format!("its {member} is not what was asked for")).await;
        }
        if venue.is_behind(&quote.venue) {
            let detail = "the venue shows an earlier state than before";
            return self.delay(quote, ConfirmationReason::VenueAnswerInvalid, detail, None).await;
        }
        let fresh = Quote { venue, read_at: self.now(), ..quote.clone() };
        match weigh(confirmation(&fresh)?, &fresh.venue, asked_at, self.desk.pace.silence_window) {
            // Terms that nobody has seen are not kept of a quote that stays offered.
            Weighed::Change(change) if fresh.venue.status == QuoteStatus::Quoted => self.end(quote, change).await,
            Weighed::Change(change) => self.end(fresh, change).await,
            Weighed::Open => self.open(quote, fresh).await,
            Weighed::NotBefore(at) => {
                self.delay(quote, ConfirmationReason::Expired, "it expired while it was being sent", None).await?;
                Ok(Some(at))
            }
            Weighed::Contradicted => {
                let detail = confirmation(&quote)?.detail.clone().unwrap_or_default();
                self.delay(quote, ConfirmationReason::NotConfirmable, &detail, None).await
            }
            Weighed::Unclear => {
                let detail = format!("the venue shows it as {:?}", fresh.venue.status_text);
                self.unbelievable(quote, &detail).await
            }
        }
    }

    /// Saves what decides a confirmation, and follows its payout where there is one. That nothing was sent is told by the whole
    /// journal alone: while it may lack an attempt, nothing is decided.
    pub(super) async fn end(&self, quote: Quote, change: ConfirmationChange) -> Result<Option<Timestamp>, StoreError> {
        let ends_unsent = confirmation(&quote)?.attempts == 0 && matches!(change, ConfirmationChange::Refused(..));
        if ends_unsent && self.context.anchor.cover().await.is_err() {
            return Ok(Some(later(self.now(), self.desk.pace.longest_wait)));
        }
        let quote = self.change(quote, change).await?;
        Ok(self.next_look(&quote))
    }

    /// A reading that is not of what was asked: nothing is sent on its strength.
    async fn unbelievable(&self, quote: Quote, detail: &str) -> Result<Option<Timestamp>, StoreError> {
        if confirmation(&quote)?.state == ConfirmationState::Recorded {
            let change = ConfirmationChange::Refused(ConfirmationReason::VenueAnswerInvalid, detail.to_owned());
            return self.end(quote, change).await;
        }
        self.delay(quote, ConfirmationReason::VenueAnswerInvalid, detail, None).await
    }

    /// The quote could not be read. What was never sent is given up when it lapses, or where the venue refuses the gateway.
    async fn unread(&self, quote: Quote, failure: VenueFailure) -> Result<Option<Timestamp>, StoreError> {
        let never_sent = confirmation(&quote)?.state == ConfirmationState::Recorded;
        let (reason, detail) = reason_of(&failure);
        if never_sent && quote.is_expired(self.now()) {
            let detail = format!("it expired before it could be read again: {detail}");
            return self.end(quote, ConfirmationChange::Refused(ConfirmationReason::Expired, detail)).await;
        }
        let refused = matches!(
            reason,
            ConfirmationReason::VenueRejectedRequest
                | ConfirmationReason::VenueCredentials
                | ConfirmationReason::VenueForbidden
                | ConfirmationReason::NotFound
        );
        if never_sent && refused {
            return self.end(quote, ConfirmationChange::Refused(reason, detail)).await;
        }
        self.delay(quote, reason, &detail, answer::asked_seconds(&Err::<(), _>(failure))).await
    }

    /// Leaves a confirmation for a while; one that has been unknown for too long is left to a person.
    pub(super) async fn delay(
        &self,
        quote: Quote,
        reason: ConfirmationReason,
        detail: &str,
        asked_seconds: Option<u32>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let now = self.now();
        let confirmation = confirmation(&quote)?;
        if let Some(given_up) = confirmation.given_up(now) {
            return self.end(quote, given_up).await;
        }
        let since = confirmation.doubt.map_or(confirmation.recorded_at, |doubt| doubt.since);
        let due_at = self.desk.pace.next_try(since, now, asked_seconds);
        let is_told = confirmation.reason == Some(reason) && confirmation.detail.as_deref() == Some(detail);
        if !is_told {
            self.change(quote, ConfirmationChange::Delayed(reason, detail.to_owned())).await?;
        }
        Ok(Some(due_at))
    }

    /// When a quote is looked at next whose confirmation is decided: while its payout is under way.
    pub(super) fn next_look(&self, quote: &Quote) -> Option<Timestamp> {
        let since = quote.confirmation.as_ref().map_or(quote.requested_at, |confirmation| confirmation.updated_at);
        (quote.venue.status == QuoteStatus::Processing).then(|| self.desk.pace.next_look(since, self.now()))
    }
}

/// Why a quote could not be read.
fn reason_of(failure: &VenueFailure) -> (ConfirmationReason, String) {
    match failure {
        VenueFailure::NotSent { detail } | VenueFailure::NoAnswer { detail } => {
            (ConfirmationReason::VenueUnavailable, detail.clone())
        }
        VenueFailure::OverBudget { .. } => (ConfirmationReason::VenueRateLimited, failure.to_string()),
        VenueFailure::Unreadable { detail } => (ConfirmationReason::VenueAnswerInvalid, detail.clone()),
        VenueFailure::Refused { status, error, .. } => {
            let reason = match status {
                429 => ConfirmationReason::VenueRateLimited,
                status => refusal(*status).filter(|_| error.name.is_some()).unwrap_or(ConfirmationReason::VenueUnavailable),
            };
            (reason, describe(*status, error))
        }
    }
}
