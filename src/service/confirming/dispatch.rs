//! The one call that moves money: held against what was agreed to, made durable, then sent once.

use super::{Run, answer, confirmation};
use crate::domain::quote::{
    CallbackToken, Confirmation, ConfirmationChange, ConfirmationReason, ConfirmationState, Quote, VenueQuote,
};
use crate::kill_points::{KillPoint, reached};
use crate::service::anchor::Unanchored;
use crate::store::StoreError;
use crate::upstream::{CallbackUrl, VenueFailure};
use jiff::Timestamp;

impl Run<'_> {
    /// A quote whose fresh reading is still offered: it is sent where it is what was agreed to.
    ///
    /// A reading that is not is not kept. What was shown stays shown until somebody asks for another reading: a caller who only
    /// repeats never agrees to terms that it has not seen.
    pub(super) async fn open(&self, quote: Quote, fresh: Quote) -> Result<Option<Timestamp>, StoreError> {
        let Confirmation { state, attempts, .. } = *confirmation(&quote)?;
        match self.objection(&fresh)? {
            // What may already have taken effect is neither sent again nor called refused.
            Some((reason, detail)) if state == ConfirmationState::Unknown => self.delay(quote, reason, &detail, None).await,
            Some((reason, detail)) => self.end(quote, ConfirmationChange::Refused(reason, detail)).await,
            None if attempts >= self.desk.pace.max_attempts => {
                let detail = "it was sent as often as is allowed";
                self.delay(fresh, ConfirmationReason::VenueUnavailable, detail, None).await
            }
            // A drain begins no dispatch.
            None if self.context.errands.is_draining() => Ok(Some(self.now())),
            None => match self.context.anchor.allows_dispatch().await {
                Ok(()) => self.send(fresh).await,
                Err(unanchored) => self.unanchored(quote, unanchored).await,
            },
        }
    }

    /// Why a fresh reading must not be confirmed.
    fn objection(&self, quote: &Quote) -> Result<Option<(ConfirmationReason, String)>, StoreError> {
        let confirmation = confirmation(quote)?;
        let terms = match quote.confirmable(confirmation.accept_partial, self.now()) {
            Ok(terms) => terms,
            Err(reason) => return Ok(Some((reason, "the quote as it was just read cannot be confirmed".to_owned()))),
        };
        let changed = confirmation.terms.changed_in(&terms);
        if !changed.is_empty() {
            return Ok(Some((ConfirmationReason::Changed, format!("the venue now shows another {}", changed.join(", ")))));
        }
        if !self.desk.pays_out_to(&quote.request) {
            let detail = "the wallet is not among the merchant's payout wallets".to_owned();
            return Ok(Some((ConfirmationReason::WalletNotAllowed, detail)));
        }
        Ok(None)
    }

    /// Saves the attempt, and sends it once the anchor knows of it.
    async fn send(&self, quote: Quote) -> Result<Option<Timestamp>, StoreError> {
        let token = CallbackToken::draw(self.context.entropy.as_ref()).ok();
        let Some((token, base)) = token.zip(self.desk.callback_url.as_deref()) else {
            let detail = "there is no address or no randomness for the venue's callback";
            return self.delay(quote, ConfirmationReason::VenueUnavailable, detail, None).await;
        };
        let callback_url = CallbackUrl::new(token.url(base));
        reached(KillPoint::Q2QuoteHeld);
        let sending = match self.change_with(quote.clone(), ConfirmationChange::Dispatched, Some(&token.hash())).await {
            // The database lacks what was there a moment ago, and has refused the attempt.
            Err(StoreError::Adrift(adrift)) => {
                let unanchored = self.context.anchor.refuse(adrift);
                return self.unanchored(quote, unanchored).await;
            }
            saved => saved?,
        };
        match self.context.anchor.cover().await {
            Ok(()) => self.call(sending, &callback_url).await,
            Err(unanchored) => self.not_sent(sending, unanchored).await,
        }
    }

    /// Nothing leaves now: the confirmation stays as it is.
    async fn unanchored(&self, quote: Quote, unanchored: Unanchored) -> Result<Option<Timestamp>, StoreError> {
        self.delay(quote, why(unanchored), &unanchored.to_string(), None).await
    }

    /// The anchor was not told of the attempt, so nothing was sent.
    async fn not_sent(&self, quote: Quote, unanchored: Unanchored) -> Result<Option<Timestamp>, StoreError> {
        let change = ConfirmationChange::NotSent(why(unanchored), unanchored.to_string());
        let quote = self.change(quote, change).await?;
        Ok(Some(self.desk.pace.next_try(confirmation(&quote)?.recorded_at, self.now(), None)))
    }

    /// Makes the call, and saves the answer.
    async fn call(&self, quote: Quote, callback_url: &CallbackUrl) -> Result<Option<Timestamp>, StoreError> {
        let external_tx_id = &confirmation(&quote)?.external_tx_id;
        let answer = self.desk.venue.confirm_quote(&quote.venue.tx_id, external_tx_id, callback_url).await;
        reached(KillPoint::Q8Answered);
        self.answered(quote, answer).await
    }

    async fn answered(&self, quote: Quote, answer: Result<VenueQuote, VenueFailure>) -> Result<Option<Timestamp>, StoreError> {
        let change = answer::judge(confirmation(&quote)?, &quote.request, &answer);
        let asked_seconds = answer::asked_seconds(&answer);
        let quote = match (&answer, &change) {
            (Ok(receipt), ConfirmationChange::Confirmed) => {
                let venue = VenueQuote { confirmed_at: receipt.confirmed_at, ..quote.venue.now(receipt) };
                Quote { venue, read_at: self.now(), ..quote }
            }
            _ => quote,
        };
        let not_sent = matches!(change, ConfirmationChange::NotSent(..));
        let quote = self.change(quote, change).await?;
        let (confirmation, now) = (confirmation(&quote)?, self.now());
        let due_at = match confirmation.state {
            ConfirmationState::Confirmed => self.next_look(&quote),
            _ if not_sent => Some(self.desk.pace.next_try(confirmation.recorded_at, now, asked_seconds)),
            // A refusal is read back at once; after silence, what was sent gets a moment to arrive.
            _ if confirmation.doubt.is_some_and(|doubt| !doubt.silent) => Some(now),
            _ => Some(self.desk.pace.next_try(now, now, asked_seconds)),
        };
        Ok(due_at)
    }
}

fn why(unanchored: Unanchored) -> ConfirmationReason {
    match unanchored {
        Unanchored::Adrift(_) => ConfirmationReason::JournalBehindAnchor,
        Unanchored::Unavailable => ConfirmationReason::AnchorUnavailable,
    }
}
