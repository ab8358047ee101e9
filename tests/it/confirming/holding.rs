//! What is held against the caller, the journal and a fresh reading before anything is sent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use settlement_gateway::domain::amount::Amount;
use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::ids::{ExternalTxId, TxId};
use settlement_gateway::domain::quote::{ConfirmationReason, Expectations, QuoteRequest, VenueQuote, WalletAddress};
use settlement_gateway::sandbox::Endpoint;
use settlement_gateway::service::{ConfirmQuote, ServiceError, create_quote};
use settlement_gateway::upstream::{CallbackUrl, QuoteVenue, VenueFailure};

use super::shop::{MovedClock, Shop, altered, confirmation, merchant, refusal, request};
use crate::support::world::caller;

const LIFETIME: Duration = Duration::from_secs(300);

fn unconfirmable(outcome: Result<settlement_gateway::domain::quote::Quote, ServiceError>) -> ConfirmationReason {
    match outcome {
        Err(ServiceError::QuoteUnconfirmable(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_expired_quote_is_refused_before_any_call() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.clock.advance(LIFETIME);
    assert_eq!(unconfirmable(shop.confirm(&quote).await), ConfirmationReason::Expired);
    assert_eq!((shop.confirmations(), shop.readings(&quote)), (0, 0));
    assert_eq!(shop.stored(&quote).await.confirmation, None);
}

/// A venue whose answers to readings take so long that the quote lapses meanwhile.
struct Slow<V> {
    venue: V,
    clock: Arc<MovedClock>,
}

#[async_trait]
impl<V: QuoteVenue> QuoteVenue for Slow<V> {
    async fn create_quote(&self, request: &QuoteRequest) -> Result<VenueQuote, VenueFailure> {
        self.venue.create_quote(request).await
    }

    async fn get_quote(&self, tx_id: &TxId, urgency: Urgency) -> Result<VenueQuote, VenueFailure> {
        let answer = self.venue.get_quote(tx_id, urgency).await;
        self.clock.advance(LIFETIME);
        answer
    }

    async fn confirm_quote(&self, tx: &TxId, name: &ExternalTxId, url: &CallbackUrl) -> Result<VenueQuote, VenueFailure> {
        self.venue.confirm_quote(tx, name, url).await
    }

    async fn cancel_quote(&self, tx_id: &TxId) -> Result<VenueQuote, VenueFailure> {
        self.venue.cancel_quote(tx_id).await
    }
}

#[tokio::test]
async fn a_quote_that_lapses_between_the_reading_and_the_call_is_not_sent() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    let (venue, clock) = (super::shop::venue(&shop.sandbox, &shop.clock), Arc::clone(&shop.clock));
    let shop = shop.restart(|desk| desk.venue = Arc::new(Slow { venue, clock })).await;
    assert_eq!(refusal(shop.confirm(&quote).await), ConfirmationReason::Expired);
    assert_eq!(shop.confirmations(), 0);
    assert!(shop.readings(&quote) > 0, "it was read first");
}

#[tokio::test]
async fn a_partial_quote_needs_acceptance_and_an_empty_one_is_never_confirmed() {
    for (liquidity, accepted_alone) in [(40_000, ConfirmationReason::PartialNotAccepted), (0, ConfirmationReason::NotConfirmable)]
    {
        let shop = Shop::with(|config| config.bitlipa.rates[0].liquidity_minor_units = Some(liquidity), |_| ()).await;
        let quote = shop.quote().await;
        assert_eq!(unconfirmable(shop.confirm(&quote).await), accepted_alone);
        let accepting = ConfirmQuote { accept_partial: true, ..confirmation(&quote) };
        let outcome = shop.confirm_with(accepting).await;
        if liquidity == 0 {
            assert_eq!(unconfirmable(outcome), ConfirmationReason::NotConfirmable);
            assert_eq!(shop.confirmations(), 0);
        } else {
            assert_eq!(shop.name_at_venue(&outcome.unwrap()), Some(format!("payout-{}", quote.venue.tx_id)));
        }
    }
}

#[tokio::test]
async fn what_the_caller_expects_is_held_as_exact_decimals() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    let amount = |text: &str| Some(Amount::parse(text).unwrap());
    let wrong = Expectations {
        exchange_rate: amount("0.00770000000000000001"),
        destination_amount: amount("5.21"),
        platform_fee: amount("2.49"),
        expected_source_amount: Some(100_001),
    };
    let outcome = shop.confirm_with(ConfirmQuote { expected: wrong, ..confirmation(&quote) }).await;
    let Err(ServiceError::QuoteChanged { fields }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(fields.len(), 4);
    assert_eq!((shop.confirmations(), shop.stored(&quote).await.confirmation), (0, None));
    let right = Expectations {
        exchange_rate: amount("0.00770"),
        destination_amount: amount("5.2"),
        platform_fee: amount("2.500"),
        expected_source_amount: Some(100_000),
    };
    shop.confirm_with(ConfirmQuote { expected: right, ..confirmation(&quote) }).await.unwrap();
}

#[tokio::test]
async fn a_reading_that_shows_other_terms_is_not_confirmed() {
    let rows = [
        (altered([("exchange_rate", "0.0076"), ("destination_amount", "5.10")]), ConfirmationReason::Changed),
        (altered([("platform_fee", "2.60"), ("destination_amount", "5.10")]), ConfirmationReason::Changed),
        (altered([("exchange_rate", "0.0076")]), ConfirmationReason::Inconsistent),
        (altered([("destination_amount", "5.19")]), ConfirmationReason::Inconsistent),
        (altered([("platform_fee", "null")]), ConfirmationReason::Inconsistent),
        (altered([("expected_source_amount", "50000"), ("destination_amount", "1.35")]), ConfirmationReason::Inconsistent),
        (altered([("fulfillment", "\"none\"")]), ConfirmationReason::NotConfirmable),
        (altered([("status", "\"cancelled\"")]), ConfirmationReason::NotConfirmable),
        (altered([("status", "\"resting\"")]), ConfirmationReason::VenueAnswerInvalid),
        (altered([("wallet_address", "\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"")]), ConfirmationReason::VenueAnswerInvalid),
        (altered([("chain", "\"eip155:1\"")]), ConfirmationReason::VenueAnswerInvalid),
        (altered([("destination_currency", "\"USDC\"")]), ConfirmationReason::VenueAnswerInvalid),
    ];
    let shop = Shop::open().await;
    for (behaviour, reason) in rows {
        let quote = shop.quote().await;
        shop.disturb(Endpoint::QuoteGet, 1, behaviour.clone());
        assert_eq!(refusal(shop.confirm(&quote).await), reason, "{behaviour:?}");
    }
    assert_eq!(shop.confirmations(), 0);
}

#[tokio::test]
async fn a_caller_who_only_repeats_never_agrees_to_terms_that_it_has_not_seen() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteGet, 2, altered([("exchange_rate", "0.0076"), ("destination_amount", "5.10")]));
    for _ in 0..2 {
        assert_eq!(refusal(shop.confirm(&quote).await), ConfirmationReason::Changed);
    }
    assert_eq!(shop.stored(&quote).await.venue.exchange_rate.as_deref(), Some("0.0077"), "what was shown stays");
    let confirmed = shop.confirm(&quote).await.unwrap();
    assert_eq!((shop.confirmations(), confirmed.venue.exchange_rate.as_deref()), (1, Some("0.0077")));
}

#[tokio::test]
async fn a_partial_quote_that_has_shrunk_further_is_not_confirmed() {
    let shop = Shop::with(|config| config.bitlipa.rates[0].liquidity_minor_units = Some(80_000), |_| ()).await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteGet, 1, altered([("expected_source_amount", "50000"), ("destination_amount", "1.35")]));
    let accepting = ConfirmQuote { accept_partial: true, ..confirmation(&quote) };
    assert_eq!(refusal(shop.confirm_with(accepting).await), ConfirmationReason::Changed);
    assert_eq!(shop.confirmations(), 0);
}

#[tokio::test]
async fn a_wallet_that_left_the_allow_list_is_not_paid() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    let other = WalletAddress::new("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", &quote.request.chain).unwrap();
    let shop = shop.restart(|desk| desk.merchants.insert(merchant(), vec![other]).map_or((), drop)).await;
    assert_eq!(unconfirmable(shop.confirm(&quote).await), ConfirmationReason::WalletNotAllowed);
    assert_eq!((shop.confirmations(), shop.readings(&quote)), (0, 0));
}

#[tokio::test]
async fn without_an_address_for_callbacks_nothing_is_confirmed() {
    let shop = Shop::with(|_| (), |desk| desk.callback_url = None).await;
    let quote = shop.quote().await;
    let outcome = shop.confirm(&quote).await;
    assert!(matches!(outcome, Err(ServiceError::CallbackNotConfigured)), "{outcome:?}");
    assert_eq!(shop.readings(&quote), 0);
}

#[tokio::test]
async fn a_quote_of_nobody_is_not_found() {
    let shop = Shop::open().await;
    let mut quote = create_quote(&shop.context, &caller(), request(100_000)).await.unwrap();
    quote.venue.tx_id = TxId::new("tx_none").unwrap();
    let outcome = shop.confirm(&quote).await;
    assert!(matches!(outcome, Err(ServiceError::NotFound(_))), "{outcome:?}");
}
