//! ConfirmQuote: have a quote paid out. Here the confirmation is recorded; its errand in [`super::confirming`] does the rest.

use std::time::Duration;

use tokio::time::Instant;

use super::context::{Caller, Context};
use super::create_quote::{desk, tell_left};
use super::directory::QuoteDesk;
use super::error::{NotFound, ServiceError};
use crate::domain::ids::{ExternalTxId, MerchantId, TxId};
use crate::domain::policy::Resource;
use crate::domain::quote::{
    Confirmation, ConfirmationAsked, ConfirmationChange, ConfirmationReason, ConfirmationState, Expectations, Quote,
};
use crate::kill_points::{KillPoint, reached};
use crate::store::{ConfirmationRecorded, ErrandKind, StoreError};

/// Which quote is confirmed, and on which terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmQuote {
    /// Whose quote.
    pub merchant_id: MerchantId,
    /// Which.
    pub tx_id: TxId,
    /// The caller's name for the payout.
    pub external_tx_id: ExternalTxId,
    /// Whether less than was asked for is accepted.
    pub accept_partial: bool,
    /// What the caller expects the quote to show.
    pub expected: Expectations,
}

/// Confirms a quote, and waits until the venue has answered or `patience` ends; either way with what is durable.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`], [`ServiceError::QuoteUnconfirmable`],
/// [`ServiceError::QuoteChanged`], [`ServiceError::ConfirmationReused`], [`ServiceError::CallbackNotConfigured`],
/// [`ServiceError::ConfirmationRefused`] once it is recorded and the anchor knows of it, [`ServiceError::Unanchored`] where that cannot
/// be, or a failing journal.
pub async fn confirm_quote(
    context: &Context,
    caller: &Caller,
    asked: &ConfirmQuote,
    patience: Duration,
) -> Result<Quote, ServiceError> {
    caller.may(Resource::Merchant(&asked.merchant_id))?;
    let desk = desk(context)?;
    let stored = context.store.quote(&asked.merchant_id, &asked.tx_id).await?.ok_or(ServiceError::NotFound(NotFound::Quote))?;
    match &stored.confirmation {
        Some(confirmation) if confirmation.state != ConfirmationState::Refused => {
            repeat(context, &stored, confirmation, asked).await?;
        }
        Some(_) => {
            // Its refusal may not have been told since the anchor did not know of it: no other attempt stands on that.
            context.cover_end(Instant::now() + patience).await?;
            record(context, caller, desk, &stored, asked).await?;
        }
        None => record(context, caller, desk, &stored, asked).await?,
    }
    answered(context, asked, patience).await
}

/// A repeat must ask for the same; it is a read, but where the confirmation rests for a person, it is read back once more.
async fn repeat(context: &Context, quote: &Quote, first: &Confirmation, asked: &ConfirmQuote) -> Result<(), ServiceError> {
    let checks = [
        ("external_tx_id", first.external_tx_id == asked.external_tx_id),
        ("accept_partial", first.accept_partial == asked.accept_partial),
    ];
    let fields: Vec<_> = checks.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect();
    if !fields.is_empty() {
        return Err(ServiceError::ConfirmationReused { holder: quote.venue.tx_id.clone(), fields });
    }
    hold_expectations(&asked.expected, first)?;
    let Some(again) = first.after(ConfirmationChange::AskedAgain, context.clock.now()) else { return Ok(()) };
    match context.store.resume_confirmation(quote, &again).await {
        // Whoever was faster asked for the same.
        Ok(()) | Err(StoreError::Fenced) => context.errands.wake(),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn hold_expectations(expected: &Expectations, first: &Confirmation) -> Result<(), ServiceError> {
    let fields = expected.unmet_by(&first.terms);
    if fields.is_empty() { Ok(()) } else { Err(ServiceError::QuoteChanged { fields }) }
}

/// Holds the quote as the gateway last showed it, and records the confirmation: nothing is called here.
async fn record(
    context: &Context,
    caller: &Caller,
    desk: &QuoteDesk,
    stored: &Quote,
    asked: &ConfirmQuote,
) -> Result<(), ServiceError> {
    context.hold_journal().await?;
    if desk.callback_url.is_none() {
        return Err(ServiceError::CallbackNotConfigured);
    }
    let now = context.clock.now();
    tell_left(stored, "CONFIRMED", now);
    let terms = stored.confirmable(asked.accept_partial, now);
    let terms = terms.map_err(ServiceError::QuoteUnconfirmable)?;
    let fields = asked.expected.unmet_by(&terms);
    if !fields.is_empty() {
        return Err(ServiceError::QuoteChanged { fields });
    }
    if !desk.pays_out_to(&stored.request) {
        return Err(ServiceError::QuoteUnconfirmable(ConfirmationReason::WalletNotAllowed));
    }
    let confirmation = ConfirmationAsked {
        external_tx_id: asked.external_tx_id.clone(),
        accept_partial: asked.accept_partial,
        terms,
        caller: caller.grants.caller.clone(),
    };
    let now = context.clock.now();
    reached(KillPoint::Q0Converted);
    match context.store.record_confirmation(&asked.merchant_id, &asked.tx_id, &confirmation, now, &caller.origin).await? {
        ConfirmationRecorded::New(_) => {
            reached(KillPoint::Q1Recorded);
            context.errands.wake();
            Ok(())
        }
        ConfirmationRecorded::Existing(quote) => match &quote.confirmation {
            Some(first) => repeat(context, &quote, first, asked).await,
            None => Ok(()),
        },
        ConfirmationRecorded::NameTaken(holder) => {
            Err(ServiceError::ConfirmationReused { holder, fields: vec!["external_tx_id"] })
        }
    }
}

/// The quote once its confirmation is decided, or as it stands when patience ends.
async fn answered(context: &Context, asked: &ConfirmQuote, patience: Duration) -> Result<Quote, ServiceError> {
    let answer_by = Instant::now() + patience;
    let read = || async {
        let quote = context.store.quote(&asked.merchant_id, &asked.tx_id).await?;
        quote.ok_or(ServiceError::NotFound(NotFound::Quote))
    };
    let decided = || async {
        let quote = read().await?;
        let under_way = quote.confirmation.as_ref().is_some_and(|confirmation| confirmation.state.is_under_way());
        Ok::<_, ServiceError>((!under_way).then_some(quote))
    };
    let quote = match context.errands.wait_until(ErrandKind::Quote, asked.tx_id.as_str(), patience, decided).await? {
        Some(quote) => quote,
        None => read().await?,
    };
    match &quote.confirmation {
        Some(confirmation) if confirmation.state == ConfirmationState::Refused => {
            context.cover_end(answer_by).await?;
            Err(ServiceError::ConfirmationRefused(Box::new(quote)))
        }
        Some(_) | None => Ok(quote),
    }
}
