//! The same confirmation again, another one of the same quote, and two quotes for one payout.

use settlement_gateway::domain::quote::{ConfirmationState, Expectations};
use settlement_gateway::sandbox::{Behaviour, Endpoint};
use settlement_gateway::service::{ConfirmQuote, ServiceError};

use super::shop::{Shop, confirmation, name, state};

#[tokio::test]
async fn a_repeat_is_a_read() {
    let shop = Shop::open().await;
    let quote = shop.confirmed().await;
    for _ in 0..3 {
        assert_eq!(state(&shop.confirm(&quote).await.unwrap()), ConfirmationState::Confirmed);
    }
    assert_eq!(shop.confirmations(), 1);
}

#[tokio::test]
async fn many_calls_at_once_confirm_once_and_all_get_the_same() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    let calls = (0..8).map(|_| shop.confirm(&quote));
    for outcome in futures_util::future::join_all(calls).await {
        assert_eq!(state(&outcome.unwrap()), ConfirmationState::Confirmed);
    }
    assert_eq!(shop.confirmations(), 1);
}

#[tokio::test]
async fn another_confirmation_of_the_same_quote_is_refused_with_the_fields_that_differ() {
    let shop = Shop::open().await;
    let quote = shop.confirmed().await;
    let other = ConfirmQuote { external_tx_id: name("other"), accept_partial: true, ..confirmation(&quote) };
    let outcome = shop.confirm_with(other).await;
    let Err(ServiceError::ConfirmationReused { holder, fields }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((holder, fields), (quote.venue.tx_id.clone(), vec!["external_tx_id", "accept_partial"]));
    let expected = Expectations { expected_source_amount: Some(1), ..Expectations::default() };
    let outcome = shop.confirm_with(ConfirmQuote { expected, ..confirmation(&quote) }).await;
    assert!(matches!(outcome, Err(ServiceError::QuoteChanged { .. })), "{outcome:?}");
    assert_eq!(shop.confirmations(), 1);
}

#[tokio::test]
async fn one_payout_is_not_made_twice_by_way_of_a_second_quote() {
    let shop = Shop::open().await;
    let (first, second) = (shop.quote().await, shop.quote().await);
    let as_one = |quote| ConfirmQuote { external_tx_id: name("one"), ..confirmation(quote) };
    shop.disturb(Endpoint::QuoteConfirm, 1, Behaviour::AcceptThenCut);
    shop.confirm_with(as_one(&first)).await.unwrap();
    let outcome = shop.confirm_with(as_one(&second)).await;
    let Err(ServiceError::ConfirmationReused { holder, fields }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((holder, fields), (first.venue.tx_id.clone(), vec!["external_tx_id"]));
    assert_eq!((shop.confirmations(), shop.name_at_venue(&second)), (1, None));
}

#[tokio::test]
async fn a_caller_whose_patience_ends_gets_the_durable_state_and_the_work_goes_on() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, Behaviour::DelayAfter { ms: 200 });
    let caller = crate::support::world::caller();
    let asked = confirmation(&quote);
    let patience = std::time::Duration::ZERO;
    let early = settlement_gateway::service::confirm_quote(&shop.context, &caller, &asked, patience).await.unwrap();
    assert!(state(&early).is_under_way(), "{early:?}");
    let confirmed = shop.until(&quote, |quote| state(quote) == ConfirmationState::Confirmed).await;
    assert_eq!((shop.confirmations(), shop.name_at_venue(&confirmed).is_some()), (1, true));
}
