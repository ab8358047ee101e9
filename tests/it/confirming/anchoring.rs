//! An attempt to confirm leaves the house only once the anchor outside the database knows of it.

use settlement_gateway::domain::anchor::{Adrift, Head, Mark};
use settlement_gateway::domain::quote::{ConfirmationReason, ConfirmationState, Quote};
use settlement_gateway::sandbox::{Body, Endpoint};
use settlement_gateway::service::{ServiceError, Unanchored, confirm_quote};

use super::shop::{Shop, confirmation, confirmation_of, refusal, state, status};
use crate::support::world::{PATIENCE, caller};

/// Asks for a confirmation in a task of its own, and waits until it says why it does not go on.
async fn waits(shop: &Shop, quote: &Quote) -> Quote {
    let (context, asked) = (shop.context.clone(), confirmation(quote));
    let asking = tokio::spawn(async move { confirm_quote(&context, &caller(), &asked, PATIENCE).await });
    let says_why = |quote: &Quote| {
        quote.confirmation.as_ref().is_some_and(|confirmation| confirmation.reason == Some(ConfirmationReason::AnchorUnavailable))
    };
    let found = shop.until(quote, says_why).await;
    asking.abort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_the_anchor_is_not_told_of_is_not_made_and_is_made_once_it_can_be() {
    let shop = Shop::open().await;
    let (first, second) = (shop.quote().await, shop.quote().await);
    shop.context.anchor.look().await.unwrap();
    shop.anchor.fail(true);
    for (quote, attempts) in [(&first, 1), (&second, 0)] {
        let waits = waits(&shop, quote).await;
        assert_eq!((state(&waits), confirmation_of(&waits).attempts), (ConfirmationState::Recorded, attempts));
    }
    assert_eq!(shop.confirmations(), 0, "no byte left");
    shop.anchor.fail(false);
    for (quote, attempts) in [(&first, 2), (&second, 1)] {
        let confirmed = shop.until(quote, |quote| state(quote) == ConfirmationState::Confirmed).await;
        assert_eq!(confirmation_of(&confirmed).attempts, attempts);
    }
    assert_eq!(shop.confirmations(), 2);
    assert_eq!(shop.anchor.held().unwrap().head, shop.context.store.head().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_anchor_knows_of_a_refusal_and_while_it_is_away_nothing_is_confirmed_anew() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, status(400, Body::Bitlipa, false));
    assert_eq!(refusal(shop.confirm(&quote).await), ConfirmationReason::VenueRejectedRequest);
    let anchored = shop.anchor.held().unwrap().head;
    assert_eq!((anchored.sequence, anchored), (2, shop.context.store.head().await.unwrap()), "the attempt, and its refusal");
    shop.anchor.fail(true);
    let untold = shop.confirm(&quote).await;
    assert!(matches!(untold, Err(ServiceError::Unanchored(Unanchored::Unavailable))), "{untold:?}");
    assert_eq!((state(&shop.stored(&quote).await), shop.confirmations()), (ConfirmationState::Refused, 1));
    shop.anchor.fail(false);
    assert_eq!(state(&shop.confirm(&quote).await.unwrap()), ConfirmationState::Confirmed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_lacks_an_attempt_confirms_nothing() {
    let shop = Shop::open().await;
    let quote = shop.confirmed().await;
    assert_eq!(state(&quote), ConfirmationState::Confirmed);
    let mark = shop.anchor.held().unwrap();
    assert_eq!(mark.head.sequence, 1, "an attempt is anchored although nothing was signed");
    let beyond = Mark { head: Head { sequence: 2, ..mark.head }, ..mark };
    shop.anchor.put(Some(beyond));
    let refused = shop.context.anchor.look().await;
    let lost = Adrift::Behind { journal: 1, anchor: 2 };
    assert_eq!(refused, Err(Unanchored::Adrift(lost)));
}
