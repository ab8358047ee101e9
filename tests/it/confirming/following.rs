//! Payouts followed to their end, watches that show them, and callbacks that only hint.

use std::collections::BTreeMap;
use std::time::Duration;

use settlement_gateway::domain::quote::{CallbackToken, ConfirmationState, QuoteStatus};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint};
use settlement_gateway::service::{ServiceError, get_quote, watch_quote};
use settlement_gateway::store::ErrandKind;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::shop::{Shop, merchant, state, status};
use crate::support::world::{PATIENCE, caller};

#[tokio::test]
async fn a_payout_is_followed_until_it_is_executed() {
    let shop = Shop::open().await;
    let quote = shop.confirmed().await;
    assert_eq!(quote.venue.status, QuoteStatus::Processing);
    assert!(quote.venue.confirmed_at.is_some());
    shop.clock.advance(Duration::from_secs(2));
    let paid = shop.until(&quote, |quote| quote.venue.status.has_ended()).await;
    assert_eq!(paid.venue.status, QuoteStatus::Executed);
    assert!(paid.venue.tx_hash.is_some() && paid.venue.executed_at.is_some() && paid.venue.failure_reason.is_none());
    assert!(paid.is_terminal(shop.context.clock.now()));
}

#[tokio::test]
async fn a_failed_payout_tells_its_reason() {
    let shop = Shop::open().await;
    let quote = shop.confirmed().await;
    shop.sandbox.end_payout(quote.venue.tx_id.as_str(), Some("the wallet is frozen")).await.unwrap();
    let failed = shop.until(&quote, |quote| quote.venue.status.has_ended()).await;
    assert_eq!(failed.venue.failure_reason.as_deref(), Some("the wallet is frozen"));
    assert_eq!(state(&failed), ConfirmationState::Confirmed, "confirmed it was");
}

#[tokio::test]
async fn a_venue_that_cannot_be_read_or_lags_does_not_end_the_following() {
    let shop = Shop::open().await;
    let quote = shop.confirmed().await;
    for behaviour in
        [Behaviour::CutBefore, status(500, Body::Bitlipa, false), status(404, Body::Bitlipa, false), super::shop::stale()]
    {
        shop.disturb(Endpoint::QuoteGet, 1, behaviour);
    }
    shop.sandbox.end_payout(quote.venue.tx_id.as_str(), None).await.unwrap();
    let paid = shop.until(&quote, |quote| quote.venue.status != QuoteStatus::Processing).await;
    assert_eq!(paid.venue.status, QuoteStatus::Executed, "it never went back to quoted");
}

#[tokio::test]
async fn a_watch_shows_each_state_and_ends_with_the_last() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    let mut views = watch_quote(&shop.context, &caller(), &merchant(), &quote.venue.tx_id, 0).await.unwrap();
    assert_eq!(views.recv().await.unwrap().unwrap(), quote);
    shop.confirm(&quote).await.unwrap();
    shop.sandbox.end_payout(quote.venue.tx_id.as_str(), None).await.unwrap();
    let mut sequence = quote.sequence;
    let mut last = quote;
    while let Some(view) = tokio::time::timeout(PATIENCE, views.recv()).await.unwrap() {
        last = view.unwrap();
        assert!(last.sequence > sequence, "each view is newer");
        sequence = last.sequence;
    }
    assert_eq!(last.venue.status, QuoteStatus::Executed);
    let mut again = watch_quote(&shop.context, &caller(), &merchant(), &last.venue.tx_id, sequence).await.unwrap();
    assert!(again.recv().await.is_none(), "nothing is newer, and nothing can be");
}

#[tokio::test]
async fn a_watch_tells_that_a_quote_has_lapsed() {
    let shop = Shop::with(|config| config.bitlipa.quote_lifetime_ms = 1_000, |_| ()).await;
    let quote = shop.quote().await;
    let mut views = watch_quote(&shop.context, &caller(), &merchant(), &quote.venue.tx_id, quote.sequence).await.unwrap();
    shop.clock.advance(Duration::from_secs(2));
    let lapsed = tokio::time::timeout(PATIENCE, views.recv()).await.unwrap().unwrap().unwrap();
    assert!(lapsed.is_expired(shop.context.clock.now()));
    assert!(tokio::time::timeout(PATIENCE, views.recv()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_drain_ends_a_watch_with_a_word() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    let mut views = watch_quote(&shop.context, &caller(), &merchant(), &quote.venue.tx_id, quote.sequence).await.unwrap();
    shop.context.errands.drain().await;
    let last = tokio::time::timeout(PATIENCE, views.recv()).await.unwrap();
    assert!(matches!(last, Some(Err(ServiceError::Draining))), "{last:?}");
}

#[tokio::test]
async fn a_refresh_that_finds_it_confirmed_has_it_followed() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    shop.confirm_elsewhere(&quote, "not-ours").await;
    let read = get_quote(&shop.context, &caller(), &merchant(), &quote.venue.tx_id, true).await.unwrap();
    assert_eq!((read.venue.status, read.sequence > quote.sequence), (QuoteStatus::Processing, true));
    shop.clock.advance(Duration::from_secs(10));
    shop.until(&quote, |quote| quote.venue.status == QuoteStatus::Executed).await;
}

#[tokio::test]
async fn a_callbacks_url_ends_in_a_token_that_finds_the_quote_and_only_a_reading_is_believed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/bitlipa/", listener.local_addr().unwrap());
    let shop = Shop::with(|_| (), |desk| desk.callback_url = Some(base)).await;
    let lie = BTreeMap::from([("status".to_owned(), "\"executed\"".to_owned())]);
    shop.disturb(Endpoint::QuoteCallback, 1, Behaviour::AlteredQuote { members: lie });
    let quote = shop.confirmed().await;
    shop.sandbox.end_payout(quote.venue.tx_id.as_str(), Some("no")).await.unwrap();
    let (mut line, _) = listener.accept().await.unwrap();
    let mut request = vec![0; 1024];
    let read = line.read(&mut request).await.unwrap();
    let head = String::from_utf8_lossy(&request[..read]).into_owned();
    let path = head.split(' ').nth(1).unwrap();
    let token = CallbackToken::read(path.strip_prefix("/bitlipa/").unwrap()).unwrap();
    let found = shop.context.store.quote_by_callback_token(&token.hash()).await.unwrap().unwrap();
    assert_eq!(found.venue.tx_id, quote.venue.tx_id);
    shop.context.store.enlist(ErrandKind::Quote, quote.venue.tx_id.as_str(), shop.context.clock.now()).await.unwrap();
    shop.context.errands.wake();
    let read = shop.until(&quote, |quote| quote.venue.status.has_ended()).await;
    assert_eq!(read.venue.status, QuoteStatus::Failed, "the call said executed");
}
