//! Bitlipa's call about a quote, known by the unguessable end of its path: stored before it is answered.

use uuid::Uuid;

use super::context::Context;
use crate::domain::callback::delivery_key;
use crate::domain::ids::{MerchantId, TxId};
use crate::domain::quote::CallbackToken;
use crate::kill_points::{KillPoint, reached};
use crate::store::{About, Delivery, Received, StoreError};

/// The lane of all of Bitlipa's calls.
const LANE: &str = "bitlipa";

/// The quote that a call is about, known by its token; proof enough to read the call's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledQuote {
    token: [u8; 32],
    merchant_id: MerchantId,
    tx_id: TxId,
}

/// The quote whose callbacks come under a token; `None` for a token that nobody was given.
///
/// # Errors
/// [`StoreError`] when the journal does not answer.
pub async fn called_quote(context: &Context, token: &CallbackToken) -> Result<Option<CalledQuote>, StoreError> {
    let token = token.hash();
    let quote = context.store.quote_by_callback_token(&token).await?;
    Ok(quote.map(|quote| CalledQuote { token, merchant_id: quote.request.merchant_id, tx_id: quote.venue.tx_id }))
}

/// Stores a call about a quote, unless the same was told before, and has it acted on.
///
/// # Errors
/// [`StoreError`] when it may not be stored: the venue must be told to call again.
pub async fn receive_quote_call(context: &Context, about: CalledQuote, body: Vec<u8>) -> Result<Received, StoreError> {
    let CalledQuote { token, merchant_id, tx_id } = about;
    let delivery = Delivery {
        id: Uuid::now_v7(),
        lane: LANE.to_owned(),
        key: delivery_key(&[&token, &body]),
        about: About::Quote { merchant_id, tx_id },
        body,
        received_at: context.clock.now(),
    };
    let received = context.store.receive(&delivery).await?;
    if received == Received::New {
        reached(KillPoint::K11Received);
        context.errands.wake();
    }
    Ok(received)
}
