//! WatchQuote: the quote now, then as it changes, until nothing more can happen to it.

use std::time::Duration;

use tokio::sync::mpsc;

use super::context::{Caller, Context};
use super::error::{NotFound, ServiceError};
use crate::domain::ids::{MerchantId, TxId};
use crate::domain::policy::Resource;
use crate::domain::quote::Quote;
use crate::store::ErrandKind;

/// How many views wait for a slow reader; while it is full, changes are joined into the next view.
const MAX_WAITING_VIEWS: usize = 4;
/// The longest wait for a change before a quote's expiry is looked at again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The shortest, so that a quote about to expire is not looked at without a pause.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);

/// Starts to watch. The receiver ends when nothing more can happen to the quote, or when the gateway drains.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`] or a failing journal; later failures arrive on the receiver.
pub async fn watch_quote(
    context: &Context,
    caller: &Caller,
    merchant_id: &MerchantId,
    tx_id: &TxId,
    after_sequence: u64,
) -> Result<mpsc::Receiver<Result<Quote, ServiceError>>, ServiceError> {
    caller.may(Resource::Merchant(merchant_id))?;
    let quote = find(context, merchant_id, tx_id).await?;
    let (sender, receiver) = mpsc::channel(MAX_WAITING_VIEWS);
    let context = context.clone();
    tokio::spawn(async move {
        if let Err(error) = follow(&context, quote, after_sequence, &sender).await {
            // A reader that has gone needs no error.
            drop(sender.send(Err(error)).await);
        }
    });
    Ok(receiver)
}

async fn find(context: &Context, merchant_id: &MerchantId, tx_id: &TxId) -> Result<Quote, ServiceError> {
    context.store.quote(merchant_id, tx_id).await?.ok_or(ServiceError::NotFound(NotFound::Quote))
}

async fn follow(
    context: &Context,
    mut quote: Quote,
    mut seen: u64,
    sender: &mpsc::Sender<Result<Quote, ServiceError>>,
) -> Result<(), ServiceError> {
    let mut was_expired = false;
    loop {
        let now = context.clock.now();
        let (expired, terminal) = (quote.is_expired(now), quote.is_terminal(now));
        if quote.sequence > seen || (expired && !was_expired) {
            (seen, was_expired) = (quote.sequence.max(seen), expired);
            if sender.send(Ok(quote.clone())).await.is_err() {
                return Ok(());
            }
        }
        if terminal {
            return Ok(());
        }
        tokio::select! {
            () = sender.closed() => return Ok(()),
            changed = next(context, &quote, seen) => quote = changed?,
        }
    }
}

/// The quote once its sequence is above `seen`, or when it is time to look at its expiry again.
async fn next(context: &Context, quote: &Quote, seen: u64) -> Result<Quote, ServiceError> {
    let (merchant_id, tx_id) = (&quote.request.merchant_id, &quote.venue.tx_id);
    let changed = || async {
        let quote = find(context, merchant_id, tx_id).await?;
        Ok::<_, ServiceError>((quote.sequence > seen).then_some(quote))
    };
    let until_expiry = quote.venue.expires_at.filter(|_| !quote.is_expired(context.clock.now())).map(|expiry| {
        Duration::try_from(expiry.duration_since(context.clock.now())).unwrap_or_default().clamp(SHORTEST_WAIT, LONGEST_WAIT)
    });
    let patience = until_expiry.unwrap_or(LONGEST_WAIT);
    match context.errands.wait_until(ErrandKind::Quote, tx_id.as_str(), patience, changed).await? {
        Some(quote) => Ok(quote),
        None if context.errands.is_draining() => Err(ServiceError::Draining),
        None => find(context, merchant_id, tx_id).await,
    }
}
