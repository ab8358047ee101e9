//! Every answer to a confirmation, with and without effect: what follows, and how often the venue is asked.

use settlement_gateway::domain::quote::{ConfirmationReason, ConfirmationState, Quote, QuoteStatus};
use settlement_gateway::domain::settlement::Outcome;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, RetryAfter};

use super::shop::{Shop, altered, confirmation_of, refusal, stale, state, status};

#[tokio::test]
async fn an_answer_that_is_lost_or_wrong_is_read_back_and_not_sent_again() {
    let rows = [
        Behaviour::AcceptThenCut,
        status(500, Body::Bitlipa, true),
        status(502, Body::Html, true),
        status(504, Body::Nothing, true),
        status(200, Body::EmptyObject, true),
        status(200, Body::Html, true),
        status(200, Body::Truncated, true),
        status(400, Body::Bitlipa, true),
        status(401, Body::Bitlipa, true),
        status(403, Body::Html, true),
        status(404, Body::Bitlipa, true),
        status(409, Body::Bitlipa, true),
        status(410, Body::Bitlipa, true),
        altered([("tx_id", "\"tx_other\"")]),
        altered([("status", "\"cancelled\"")]),
        altered([("status", "\"quoted\"")]),
    ];
    for behaviour in rows {
        let shop = Shop::open().await;
        let quote = shop.quote().await;
        shop.disturb(Endpoint::QuoteConfirm, 1, behaviour.clone());
        let confirmed = shop.confirm(&quote).await.unwrap();
        assert_eq!(state(&confirmed), ConfirmationState::Confirmed, "{behaviour:?}");
        assert_eq!(shop.confirmations(), 1, "{behaviour:?}");
        assert_eq!(shop.name_at_venue(&quote), Some(confirmation_of(&confirmed).external_tx_id.to_string()));
    }
}

#[tokio::test]
async fn what_the_venue_never_got_is_sent_again_after_a_reading() {
    let rows = [
        Behaviour::CutBefore,
        status(500, Body::Bitlipa, false),
        status(503, Body::Html, false),
        status(403, Body::Html, false),
        status(200, Body::Html, false),
        Behaviour::TooManyRequests { retry_after: RetryAfter::Absent },
    ];
    for behaviour in rows {
        let shop = Shop::open().await;
        let quote = shop.quote().await;
        shop.disturb(Endpoint::QuoteConfirm, 1, behaviour.clone());
        let confirmed = shop.confirm(&quote).await.unwrap();
        assert_eq!(confirmation_of(&confirmed).attempts, 2, "{behaviour:?}");
        assert_eq!(shop.confirmations(), 2, "{behaviour:?}");
        assert!(shop.readings(&quote) >= 2, "one before each call: {behaviour:?}");
    }
}

#[tokio::test]
async fn an_attempt_that_takes_effect_long_after_its_answer_is_not_made_twice() {
    for effect_after_ms in [0, 30, 300] {
        let shop = Shop::open().await;
        let quote = shop.quote().await;
        shop.disturb(Endpoint::QuoteConfirm, 1, Behaviour::GatewayTimeout { effect_after_ms });
        let confirmed = shop.confirm(&quote).await.unwrap();
        assert_eq!(state(&confirmed), ConfirmationState::Confirmed, "{effect_after_ms}");
        assert_eq!(shop.name_at_venue(&quote), Some(confirmation_of(&confirmed).external_tx_id.to_string()));
        assert!(shop.confirmations() <= 2, "the second, or the first that came late, was answered 409");
    }
}

#[tokio::test]
async fn a_refusal_in_the_venues_own_words_is_believed_after_a_reading_and_can_be_tried_anew() {
    let rows = [
        (400, ConfirmationReason::VenueRejectedRequest),
        (401, ConfirmationReason::VenueCredentials),
        (403, ConfirmationReason::VenueForbidden),
        (404, ConfirmationReason::NotFound),
        (410, ConfirmationReason::Expired),
    ];
    let shop = Shop::open().await;
    for (number, (code, reason)) in (0..).zip(rows) {
        let quote = shop.quote().await;
        shop.disturb(Endpoint::QuoteConfirm, 1, status(code, Body::Bitlipa, false));
        assert_eq!(refusal(shop.confirm(&quote).await), reason);
        let refused = shop.stored(&quote).await;
        assert_eq!(confirmation_of(&refused).outcome(), Outcome::NotCreated);
        assert_eq!(shop.confirmations(), 2 * number + 1, "{code}");
        let again = shop.confirm(&quote).await.unwrap();
        assert_eq!(state(&again), ConfirmationState::Confirmed, "{code}");
    }
}

#[tokio::test]
async fn a_conflict_that_no_reading_shows_is_not_called_a_refusal_before_the_window_is_over() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, status(409, Body::Bitlipa, false));
    let passing = async {
        shop.until(&quote, |quote| quote.confirmation.is_some() && state(quote) == ConfirmationState::Unknown).await;
        let readings = shop.readings(&quote);
        shop.until_read(&quote, readings + 3).await;
        assert_eq!(state(&shop.stored(&quote).await), ConfirmationState::Unknown, "the reading may be old");
        shop.clock.advance(std::time::Duration::from_secs(60));
    };
    let (outcome, ()) = tokio::join!(shop.confirm(&quote), passing);
    assert_eq!(refusal(outcome), ConfirmationReason::NotConfirmable);
    assert_eq!(shop.confirmations(), 1);
}

#[tokio::test]
async fn a_call_that_was_carried_out_twice_on_its_way_is_ours_although_a_reading_lags() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, status(409, Body::Bitlipa, true));
    shop.disturb(Endpoint::QuoteGet, 1, altered([]));
    shop.disturb(Endpoint::QuoteGet, 2, stale());
    let confirmed = shop.confirm(&quote).await.unwrap();
    assert_eq!((state(&confirmed), confirmation_of(&confirmed).attempts), (ConfirmationState::Confirmed, 1));
}

#[tokio::test]
async fn a_success_under_another_name_is_read_back_before_it_is_believed() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, altered([("external_tx_id", "\"not-ours\"")]));
    shop.disturb(Endpoint::QuoteGet, 1, altered([]));
    shop.disturb(Endpoint::QuoteGet, 1, altered([("external_tx_id", "\"not-ours\"")]));
    assert_eq!(refusal(shop.confirm(&quote).await), ConfirmationReason::ConfirmedByAnother);
}

#[tokio::test]
async fn a_confirmation_under_an_empty_name_is_a_persons_to_decide() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, Behaviour::AcceptThenCut);
    shop.disturb(Endpoint::QuoteGet, 1, altered([]));
    shop.disturb(Endpoint::QuoteGet, 1, altered([("external_tx_id", "\"\"")]));
    let parked = shop.confirm(&quote).await.unwrap();
    assert_eq!(state(&parked), ConfirmationState::NeedsOperator, "it may be ours");
}

#[tokio::test]
async fn a_conflict_of_our_own_making_is_success() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, Behaviour::AcceptThenCut);
    // The reading before the first call is right; the one after it comes from a copy that lags.
    shop.disturb(Endpoint::QuoteGet, 1, altered([]));
    shop.disturb(Endpoint::QuoteGet, 1, stale());
    let confirmed = shop.confirm(&quote).await.unwrap();
    assert_eq!((state(&confirmed), confirmation_of(&confirmed).attempts), (ConfirmationState::Confirmed, 2));
    assert_eq!(shop.confirmations(), 2, "the second was answered 409");
}

#[tokio::test]
async fn a_conflict_of_anothers_making_is_no_success() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.confirm_elsewhere(&quote, "not-ours").await;
    shop.disturb(Endpoint::QuoteGet, 1, stale());
    assert_eq!(refusal(shop.confirm(&quote).await), ConfirmationReason::ConfirmedByAnother);
    assert_eq!((shop.confirmations(), shop.name_at_venue(&quote)), (2, Some("not-ours".to_owned())));
    let stored = shop.until(&quote, |quote| quote.venue.status != QuoteStatus::Quoted).await;
    assert_eq!(stored.venue.external_tx_id.as_deref(), Some("not-ours"), "what became of it is shown all the same");
}

#[tokio::test]
async fn what_another_confirmed_before_is_not_sent_at_all() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.confirm_elsewhere(&quote, "not-ours").await;
    assert_eq!(refusal(shop.confirm(&quote).await), ConfirmationReason::ConfirmedByAnother);
    assert_eq!(shop.confirmations(), 1, "the other's own");
}

#[tokio::test]
async fn a_confirmation_without_a_name_is_a_persons_to_decide_and_is_read_back_when_asked_again() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, Behaviour::AcceptThenCut);
    shop.disturb(Endpoint::QuoteGet, 1, altered([]));
    shop.disturb(Endpoint::QuoteGet, 1, altered([("external_tx_id", "null")]));
    let parked = shop.confirm(&quote).await.unwrap();
    assert_eq!(state(&parked), ConfirmationState::NeedsOperator);
    assert_eq!(confirmation_of(&parked).reason, Some(ConfirmationReason::Unattributed));
    assert_eq!(parked.venue.status, QuoteStatus::Processing);
    let again = shop.confirm(&quote).await.unwrap();
    assert_eq!((state(&again), shop.confirmations()), (ConfirmationState::Confirmed, 1));
}

#[tokio::test]
async fn silence_that_lasts_beyond_the_expiry_ends_in_a_refusal_once_nothing_can_arrive_any_more() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 100, Behaviour::CutBefore);
    let confirming = shop.confirm(&quote);
    let passing = async {
        let unknown = |quote: &Quote| confirmation_of(quote).attempts >= 2 && state(quote) == ConfirmationState::Unknown;
        shop.until(&quote, |quote| quote.confirmation.is_some() && unknown(quote)).await;
        shop.clock.advance(std::time::Duration::from_secs(300));
        shop.until(&quote, |quote| confirmation_of(quote).reason == Some(ConfirmationReason::Expired)).await;
        assert_eq!(state(&shop.stored(&quote).await), ConfirmationState::Unknown, "an attempt may still arrive");
        shop.clock.advance(std::time::Duration::from_secs(60));
    };
    let (outcome, ()) = tokio::join!(confirming, passing);
    assert_eq!(refusal(outcome), ConfirmationReason::Expired);
    assert_eq!(shop.name_at_venue(&quote), None);
}

#[tokio::test]
async fn a_venue_that_cannot_be_read_is_asked_again_and_nothing_is_sent_before() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    for behaviour in [Behaviour::CutBefore, status(500, Body::Bitlipa, false), status(200, Body::Html, false)] {
        shop.disturb(Endpoint::QuoteGet, 1, behaviour);
    }
    let confirmed = shop.confirm(&quote).await.unwrap();
    assert_eq!((state(&confirmed), shop.confirmations()), (ConfirmationState::Confirmed, 1));
    assert_eq!(confirmation_of(&confirmed).attempts, 1);
}

#[tokio::test]
async fn a_credential_that_the_venue_refuses_is_told_at_once() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteGet, 1, status(401, Body::Bitlipa, false));
    assert_eq!(refusal(shop.confirm(&quote).await), ConfirmationReason::VenueCredentials);
    assert_eq!(shop.confirmations(), 0);
}
