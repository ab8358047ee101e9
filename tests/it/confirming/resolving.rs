//! What a person decides of a confirmation, held against what the venue shows.

use std::sync::Arc;

use settlement_gateway::domain::policy::{Allowed, Grants, RpcName};
use settlement_gateway::domain::quote::{ConfirmationReason, ConfirmationState, Quote, QuoteStatus, VenueQuote};
use settlement_gateway::domain::settlement::Outcome;
use settlement_gateway::sandbox::{Behaviour, Endpoint};
use settlement_gateway::service::{Caller, QuoteResolution, ServiceError, resolve_quote_confirmation};

use super::shop::{Shop, altered, confirmation, confirmation_of, merchant, state, tx_id};
use crate::support::world::caller;

const RPC: &str = "AdminService/ResolveQuoteConfirmation";

/// A caller that was granted the decision by name.
fn operator() -> Caller {
    let everybody = caller();
    let grants = Grants { rpcs: Allowed::Only([RpcName::new(RPC)].into()), ..(*everybody.grants).clone() };
    Caller { grants: Arc::new(grants), rpc: RpcName::new(RPC), origin: Default::default() }
}

async fn decide_as(caller: &Caller, shop: &Shop, quote: &Quote, was_confirmed: bool) -> Result<Quote, ServiceError> {
    let why = "the venue's support says so".to_owned();
    let decision = QuoteResolution { merchant_id: merchant(), tx_id: tx_id(quote), was_confirmed, why };
    resolve_quote_confirmation(&shop.context, caller, decision).await
}

async fn decide(shop: &Shop, quote: &Quote, was_confirmed: bool) -> Result<Quote, ServiceError> {
    decide_as(&operator(), shop, quote, was_confirmed).await
}

/// A payout whose confirmation was lost, at a venue that says of none who confirmed it.
async fn unattributed(shop: &Shop) -> Quote {
    let quote = shop.quote().await;
    shop.disturb(Endpoint::QuoteConfirm, 1, Behaviour::AcceptThenCut);
    shop.disturb(Endpoint::QuoteGet, 1, altered([]));
    shop.disturb(Endpoint::QuoteGet, 10_000, altered([("external_tx_id", "null")]));
    let parked = shop.confirm(&quote).await.unwrap();
    assert_eq!(confirmation_of(&parked).reason, Some(ConfirmationReason::Unattributed));
    assert_eq!(state(&parked), ConfirmationState::NeedsOperator);
    parked
}

fn why_refuted(outcome: Result<Quote, ServiceError>) -> String {
    match outcome {
        Err(ServiceError::ResolutionRefuted(why)) => why,
        other => panic!("not refuted: {other:?}"),
    }
}

#[tokio::test]
async fn a_payout_that_a_person_found_to_be_ours_is_confirmed_and_followed_to_its_end() {
    let shop = Shop::open().await;
    let quote = unattributed(&shop).await;
    let decided = decide(&shop, &quote, true).await.unwrap();
    assert_eq!((state(&decided), confirmation_of(&decided).outcome()), (ConfirmationState::Confirmed, Outcome::Created));
    let resolution = confirmation_of(&decided).resolution.as_ref().unwrap();
    assert_eq!((resolution.by.as_str(), resolution.why.as_str()), ("tester", "the venue's support says so"));
    assert!(matches!(decide(&shop, &quote, false).await, Err(ServiceError::NotResolvable)));
    shop.sandbox.end_payout(quote.venue.tx_id.as_str(), None).await.unwrap();
    let paid = shop.until(&quote, |quote| quote.venue.status.has_ended()).await;
    assert_eq!((paid.venue.status, shop.confirmations()), (QuoteStatus::Executed, 1));
    assert_eq!(decide(&shop, &quote, true).await.unwrap(), paid, "the same decision again is a read");
}

#[tokio::test]
async fn a_payout_that_a_person_found_to_be_anothers_frees_its_name_for_another_quote() {
    let shop = Shop::open().await;
    let quote = unattributed(&shop).await;
    let decided = decide(&shop, &quote, false).await.unwrap();
    assert_eq!(confirmation_of(&decided).reason, Some(ConfirmationReason::ResolvedByOperator));
    assert_eq!((state(&decided), confirmation_of(&decided).outcome()), (ConfirmationState::Refused, Outcome::NotCreated));
    shop.sandbox.faults().clear();
    let another = shop.quote().await;
    let mut same_name = confirmation(&another);
    same_name.external_tx_id = confirmation_of(&quote).external_tx_id.clone();
    assert_eq!(state(&shop.confirm_with(same_name).await.unwrap()), ConfirmationState::Confirmed);
}

#[tokio::test]
async fn what_the_venue_shows_is_not_overruled() {
    let shop = Shop::open().await;
    let quote = unattributed(&shop).await;
    shop.sandbox.faults().clear();
    assert!(why_refuted(decide(&shop, &quote, false).await).contains("under this external_tx_id"));
    shop.disturb(Endpoint::QuoteGet, 10_000, altered([("external_tx_id", "\"not-ours\"")]));
    assert!(why_refuted(decide(&shop, &quote, true).await).contains("another external_tx_id"));
    shop.sandbox.faults().clear();
    shop.disturb(Endpoint::QuoteGet, 10_000, altered([("status", "\"quoted\""), ("external_tx_id", "null")]));
    assert!(why_refuted(decide(&shop, &quote, false).await).contains("earlier state"));
    shop.sandbox.faults().clear();
    shop.disturb(Endpoint::QuoteGet, 10_000, altered([("wallet_address", "\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\"")]));
    assert!(matches!(decide(&shop, &quote, true).await, Err(ServiceError::Venue { .. })), "it is not what was asked for");
    shop.sandbox.faults().clear();
    shop.disturb(Endpoint::QuoteGet, 10_000, Behaviour::CutBefore);
    assert!(matches!(decide(&shop, &quote, true).await, Err(ServiceError::Venue { .. })), "nothing was read");
    assert_eq!(state(&shop.stored(&quote).await), ConfirmationState::NeedsOperator);
}

#[tokio::test]
async fn what_waits_for_nobody_is_not_decided() {
    let shop = Shop::open().await;
    let quote = shop.quote().await;
    assert!(matches!(decide(&shop, &quote, true).await, Err(ServiceError::NotResolvable)), "nobody confirmed it");
    let confirmed = shop.confirm(&quote).await.unwrap();
    assert!(matches!(decide(&shop, &confirmed, true).await, Err(ServiceError::NotResolvable)));
    let venue = VenueQuote { tx_id: "tx_none".parse().unwrap(), ..quote.venue.clone() };
    let unknown = Quote { venue, ..quote };
    assert!(matches!(decide(&shop, &unknown, true).await, Err(ServiceError::NotFound(_))));
}

#[tokio::test]
async fn a_star_does_not_cover_what_overrules_the_gateway() {
    let shop = Shop::open().await;
    let quote = unattributed(&shop).await;
    let star = Caller { rpc: RpcName::new(RPC), ..caller() };
    assert!(matches!(decide_as(&star, &shop, &quote, true).await, Err(ServiceError::Denied(_))));
    assert_eq!(state(&shop.stored(&quote).await), ConfirmationState::NeedsOperator);
}
