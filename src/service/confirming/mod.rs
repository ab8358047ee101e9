//! The errand of a quote: carries its confirmation on until it is decided, then follows the payout to its end.
//!
//! Each step is durable before the next begins, so a worker may be killed
//! anywhere. Before every call that confirms there is a reading of the quote in
//! the same run, and the attempt is saved between the two; a run that finds an
//! attempt without an answer takes it for silence. `domain/quote/confirmation.rs`
//! says what each failure leads to.

mod answer;
mod dispatch;
mod follow;
mod pace;
pub(super) mod report;
mod undecided;

use async_trait::async_trait;
use jiff::Timestamp;

use super::context::Context;
use super::directory::QuoteDesk;
use super::errands::RunsErrands;
use crate::domain::ids::TxId;
use crate::domain::quote::{Confirmation, ConfirmationChange, ConfirmationReason, ConfirmationState, Quote, silence};
use crate::domain::time::later;
use crate::kill_points::{KillPoint, reached_in};
use crate::store::{CallbackTokenHash, ErrandClaim, ErrandKind, ErrandLease, StoreError};
pub use pace::QuotePace;

/// Runs the errands of quotes.
pub struct QuoteErrands {
    context: Context,
}

impl QuoteErrands {
    /// Errands over these ports.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

#[async_trait]
impl RunsErrands for QuoteErrands {
    fn kind(&self) -> ErrandKind {
        ErrandKind::Quote
    }

    async fn run(&self, claim: &ErrandClaim) -> Result<Option<Timestamp>, StoreError> {
        let Ok(tx_id) = TxId::new(claim.lease.subject.as_str()) else { return Ok(None) };
        let Some(quote) = self.context.store.quote_by_tx_id(&tx_id).await? else { return Ok(None) };
        let Some(desk) = self.context.directory.quotes.as_ref() else {
            // Another configuration may have the venue again.
            return Ok(Some(pace::much_later(self.context.clock.now())));
        };
        if self.context.anchor.allows().await.is_err() {
            // What was sent since may be forgotten: nothing is decided or sent.
            return Ok(Some(later(self.context.clock.now(), desk.pace.longest_wait)));
        }
        let run = Run { context: &self.context, desk, lease: &claim.lease };
        match run.carry_on(quote, claim.lapses).await {
            // The database lacks what was there a moment ago, and has refused an end: nothing more is decided before it is repaired.
            Err(StoreError::Adrift(adrift)) => {
                self.context.anchor.refuse(adrift);
                Ok(Some(later(self.context.clock.now(), desk.pace.longest_wait)))
            }
            carried => carried,
        }
    }
}

/// One run of a quote's errand.
struct Run<'a> {
    context: &'a Context,
    desk: &'a QuoteDesk,
    lease: &'a ErrandLease,
}

impl Run<'_> {
    /// Does what is due, and says when the quote is due again.
    async fn carry_on(&self, quote: Quote, lapses: u32) -> Result<Option<Timestamp>, StoreError> {
        match quote.confirmation.as_ref().map(|confirmation| confirmation.state) {
            Some(ConfirmationState::Sending) => {
                let detail = "the gateway stopped before it had the answer".to_owned();
                let quote = self.change(quote, silence(ConfirmationReason::VenueUnavailable, detail)).await?;
                self.undecided(quote, lapses).await
            }
            Some(ConfirmationState::Recorded | ConfirmationState::Unknown) => self.undecided(quote, lapses).await,
            Some(ConfirmationState::Confirmed | ConfirmationState::Refused | ConfirmationState::NeedsOperator) | None => {
                self.follow(quote).await
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.context.clock.now()
    }

    /// Applies a change and saves it with the quote as it is given.
    async fn change(&self, quote: Quote, change: ConfirmationChange) -> Result<Quote, StoreError> {
        self.change_with(quote, change, None).await
    }

    /// The same, with a token for callbacks.
    async fn change_with(
        &self,
        quote: Quote,
        change: ConfirmationChange,
        token: Option<&CallbackTokenHash>,
    ) -> Result<Quote, StoreError> {
        let after = confirmation(&quote)?.after(change, self.now());
        let after = after.ok_or_else(|| StoreError::Damaged("a confirmation cannot change so".to_owned()))?;
        let quote = Quote { confirmation: Some(after), ..quote };
        self.context.store.save_confirmation(self.lease, &quote, token).await?;
        reached_in(KillPoint::Q9Saved, confirmation(&quote)?.state.as_str());
        if confirmation(&quote)?.state == ConfirmationState::Refused {
            // Its change is announced after that; where the anchor does not answer, a beat comes to it.
            let _ = self.context.anchor.cover().await;
        }
        report::changed(&quote);
        self.context.errands.announce(ErrandKind::Quote, quote.venue.tx_id.as_str());
        Ok(quote)
    }
}

/// The confirmation of a quote that must have one.
fn confirmation(quote: &Quote) -> Result<&Confirmation, StoreError> {
    quote.confirmation.as_ref().ok_or_else(|| StoreError::Damaged("a quote has lost its confirmation".to_owned()))
}
