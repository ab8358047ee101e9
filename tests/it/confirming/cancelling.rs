//! Giving quotes up: only while they are not confirmed, and never guessed at.

use settlement_gateway::domain::quote::{ConfirmationReason, Quote, QuoteStatus};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint};
use settlement_gateway::service::{ServiceError, cancel_quote, confirm_quote};

use super::shop::{Shop, altered, confirmation, merchant, refusal, status};
use crate::support::world::caller;

async fn cancel(shop: &Shop, quote: &Quote) -> Result<Quote, ServiceError> {
    cancel_quote(&shop.context, &caller(), &merchant(), &quote.venue.tx_id).await
}

fn cancellations(shop: &Shop) -> u64 {
    shop.sandbox.ledger().requests_containing("POST /api/v1/settlements/cancel")
}

#[tokio::test]
async fn a_quote_is_cancelled_once_and_a_repeat_is_a_read() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    let cancelled = cancel(&shop, &quote).await.unwrap();
    assert_eq!(cancelled.venue.status, QuoteStatus::Cancelled);
    assert!(cancelled.venue.cancelled_at.is_some() && cancelled.sequence > quote.sequence);
    assert_eq!(cancel(&shop, &quote).await.unwrap(), cancelled);
    assert_eq!(cancellations(&shop), 1);
    let outcome = shop.confirm(&quote).await;
    assert!(matches!(outcome, Err(ServiceError::QuoteUnconfirmable(ConfirmationReason::NotConfirmable))), "{outcome:?}");
    assert_eq!(shop.confirmations(), 0);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_read_back() {
    let rows = [
        Behaviour::AcceptThenCut,
        status(500, Body::Bitlipa, true),
        status(409, Body::Bitlipa, true),
        status(200, Body::Html, true),
        altered([("status", "\"quoted\"")]),
    ];
    for behaviour in rows {
        let shop = Shop::open().await;
        let quote = shop.quote().await;
        shop.disturb(Endpoint::QuoteCancel, 1, behaviour.clone());
        assert_eq!(cancel(&shop, &quote).await.unwrap().venue.status, QuoteStatus::Cancelled, "{behaviour:?}");
        assert_eq!(cancellations(&shop), 1);
    }
}

#[tokio::test]
async fn what_nobody_can_tell_is_called_unknown() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteCancel, 1, Behaviour::AcceptThenCut);
    shop.disturb(Endpoint::QuoteGet, 1, Behaviour::CutBefore);
    assert!(matches!(cancel(&shop, &quote).await, Err(ServiceError::CancellationUnknown)));
    assert_eq!(cancel(&shop, &quote).await.unwrap().venue.status, QuoteStatus::Cancelled);
    let another = shop.quote().await;
    shop.disturb(Endpoint::QuoteCancel, 1, Behaviour::CutBefore);
    assert!(matches!(cancel(&shop, &another).await, Err(ServiceError::CancellationUnknown)), "it may yet arrive");
    let third = shop.quote().await;
    shop.disturb(Endpoint::QuoteCancel, 1, status(400, Body::Bitlipa, false));
    assert!(matches!(cancel(&shop, &third).await, Err(ServiceError::Venue { .. })), "the venue's refusal is the answer");
    let fourth = shop.quote().await;
    shop.disturb(Endpoint::QuoteCancel, 1, status(400, Body::Html, false));
    assert!(matches!(cancel(&shop, &fourth).await, Err(ServiceError::CancellationUnknown)), "a proxy's page is nobody's word");
    let fifth = shop.quote().await;
    shop.disturb(Endpoint::QuoteCancel, 1, status(409, Body::Bitlipa, true));
    shop.disturb(Endpoint::QuoteGet, 1, altered([("status", "\"quoted\""), ("cancelled_at", "null")]));
    assert!(matches!(cancel(&shop, &fifth).await, Err(ServiceError::CancellationUnknown)), "the reading is old");
}

#[tokio::test]
async fn a_confirmed_quote_is_not_cancelled() {
    let shop = Shop::open().await;
    let quote = shop.confirmed().await;
    assert!(matches!(cancel(&shop, &quote).await, Err(ServiceError::QuoteNotCancellable(_))));
    assert_eq!(cancellations(&shop), 0);
    let anothers = shop.quote().await;
    shop.confirm_elsewhere(&anothers, "not-ours").await;
    let outcome = cancel(&shop, &anothers).await;
    let Err(ServiceError::QuoteNotCancellable(read)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(read.venue.status, QuoteStatus::Processing, "it is told as it was read back");
}

#[tokio::test]
async fn a_quote_that_is_being_confirmed_is_not_cancelled() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, Behaviour::DelayBefore { ms: 300 });
    let patience = std::time::Duration::ZERO;
    confirm_quote(&shop.context, &caller(), &confirmation(&quote), patience).await.unwrap();
    assert!(matches!(cancel(&shop, &quote).await, Err(ServiceError::QuoteBeingConfirmed(_))));
    assert_eq!(cancellations(&shop), 0);
}

#[tokio::test]
async fn a_cancellation_behind_the_gateways_back_ends_the_confirmation() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteGet, 1, altered([("status", "\"quoted\""), ("cancelled_at", "null")]));
    let venue = super::shop::venue(&shop.sandbox, &shop.clock);
    settlement_gateway::upstream::QuoteVenue::cancel_quote(&venue, &quote.venue.tx_id).await.unwrap();
    assert_eq!(refusal(shop.confirm(&quote).await), ConfirmationReason::NotConfirmable);
    assert_eq!((shop.confirmations(), shop.name_at_venue(&quote)), (1, None), "it was answered 409");
}
