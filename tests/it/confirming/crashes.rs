//! A gateway that stops between any two steps: what the journal says is enough to go on, and nothing is confirmed twice.

use std::time::Duration;

use settlement_gateway::domain::ids::CallerId;
use settlement_gateway::domain::origin::Origin;
use settlement_gateway::domain::quote::{ConfirmationAsked, ConfirmationChange, ConfirmationState, Quote};
use settlement_gateway::service::Context;
use settlement_gateway::store::{ConfirmationRecorded, ErrandKind};

use super::shop::{Shop, confirmation, confirmation_of, merchant, state, tx_id};

/// Records a confirmation as ConfirmQuote does, and saves the attempt as the errand does where `attempted`; then nothing more
/// happens, as in a process that was killed.
async fn killed(context: &Context, quote: &Quote, attempted: bool) {
    let asked = ConfirmationAsked {
        external_tx_id: confirmation(quote).external_tx_id,
        accept_partial: false,
        terms: quote.confirmable(false, context.clock.now()).unwrap(),
        caller: CallerId::new("tester").unwrap(),
    };
    let recorded = context
        .store
        .record_confirmation(&merchant(), &tx_id(quote), &asked, context.clock.now(), &Origin::default())
        .await
        .unwrap();
    let ConfirmationRecorded::New(quote) = recorded else { panic!("{recorded:?}") };
    if attempted {
        let claim = context.store.claim_errand(context.clock.now(), Duration::from_secs(60)).await.unwrap().unwrap();
        assert_eq!(claim.lease.kind, ErrandKind::Quote);
        let after = confirmation_of(&quote).after(ConfirmationChange::Dispatched, context.clock.now()).unwrap();
        let quote = Quote { confirmation: Some(after), ..*quote };
        context.store.save_confirmation(&claim.lease, &quote, Some(&[3; 32])).await.unwrap();
    }
}

#[tokio::test]
async fn a_kill_before_the_attempt_is_durable_sends_once_after_the_restart() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    let shop = shop.restart_around(|_| (), async |context: &Context| killed(context, &quote, false).await).await;
    let confirmed = shop.until(&quote, |quote| !state(quote).is_under_way()).await;
    assert_eq!((state(&confirmed), shop.confirmations()), (ConfirmationState::Confirmed, 1));
}

#[tokio::test]
async fn a_kill_between_the_attempt_and_the_call_sends_after_a_reading() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    let shop = shop.restart_around(|_| (), async |context: &Context| killed(context, &quote, true).await).await;
    let confirmed = shop.until(&quote, |quote| state(quote) == ConfirmationState::Confirmed).await;
    assert_eq!((confirmation_of(&confirmed).attempts, shop.confirmations()), (2, 1), "the first attempt never left");
}

#[tokio::test]
async fn a_kill_between_the_call_and_its_answer_is_found_at_the_venue_and_not_sent_again() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.confirm_elsewhere(&quote, confirmation(&quote).external_tx_id.as_str()).await;
    let shop = shop.restart_around(|_| (), async |context: &Context| killed(context, &quote, true).await).await;
    let confirmed = shop.until(&quote, |quote| state(quote) == ConfirmationState::Confirmed).await;
    assert_eq!((confirmation_of(&confirmed).attempts, shop.confirmations()), (1, 1));
}

#[tokio::test]
async fn a_kill_while_the_payout_is_followed_changes_nothing() {
    let shop = Shop::open().await;
    let quote = shop.confirmed().await;
    let shop = shop.restart(|_| ()).await;
    shop.sandbox.end_payout(quote.venue.tx_id.as_str(), None).await.unwrap();
    let paid = shop.until(&quote, |quote| quote.venue.status.has_ended()).await;
    assert!(paid.venue.tx_hash.is_some());
    assert_eq!(shop.confirmations(), 1);
}
