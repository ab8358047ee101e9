//! What is created, and what never leaves.

use std::sync::Arc;

use settlement_gateway::domain::amount::Amount;
use settlement_gateway::domain::policy::{Allowed, Grants, SpendLimit};
use settlement_gateway::domain::settlement::Outcome;
use settlement_gateway::domain::trade::{Basis, Creation, TradeAction, TradeReason, TradeState};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Tamper};
use settlement_gateway::service::trade::{
    TradeName, calculate_fees, get_trade_settlement, list_trade_settlements, list_trade_settlements_at_venue, write_trade,
};
use settlement_gateway::service::{Caller, ServiceError};
use settlement_gateway::store::TradeListQuery;
use settlement_gateway::upstream::FeeQuery;

use super::support::{
    A, AGENT, B, Desk, account, affirming, amounts, asked, came_to, creating, currency, direct, enterprise, party, trade, units,
};
use crate::support::world::{PATIENCE, V1, V2, caller};

#[tokio::test]
async fn a_direct_settlement_is_created_affirmed_and_settled() {
    let desk = Desk::new().await;
    let created = desk.write(direct("r-1")).await.unwrap();
    assert_eq!((created.progress.state, created.outcome()), (TradeState::Pending, Outcome::Created));
    let settlement = created.progress.settlement.as_ref().unwrap();
    assert_eq!(settlement.type_text.as_deref(), Some("direct"));
    let own = settlement.affirmation_of(&account(A)).unwrap();
    let lock = own.lock.as_ref().unwrap();
    assert_eq!(
        (lock.status.as_deref(), lock.amount.as_deref(), lock.currency.as_deref()),
        (Some("active"), Some("5"), Some("ofcbtc"))
    );
    let done = desk.write(affirming("r-2", desk.affirmation(B))).await.unwrap();
    assert_eq!((done.progress.state, done.settlement_id()), (TradeState::Done, settlement.id.as_deref()));
    desk.until(&direct("r-1"), TradeState::Settled).await;
    let ledger = desk.world.sandbox.ledger();
    assert_eq!(ledger.balance(V1, A, "ofcbtc"), Some("999995"));
    assert_eq!(ledger.balance(V2, B, "ofcusd"), Some("999300"));
    assert_eq!((desk.posts(), desk.words()), (1, 1));
}

#[tokio::test]
async fn an_agency_settlement_has_three_affirmations_and_keeps_what_is_left_for_the_agent() {
    let desk = Desk::with(|enterprise| enterprise.trading_accounts.iter_mut().for_each(|one| one.fee = None)).await;
    let mut trade = trade();
    trade.quote_amount = units("710");
    trade.base_receive = Some((units("700"), currency("ofcusd")));
    let amounts = vec![party("acct-a 5 ofcbtc 700 ofcusd"), party("acct-b 710 ofcusd 5 ofcbtc")];
    let creation = Creation { trades: vec![trade], basis: Basis::Amounts(amounts), max_fee: None };
    let agency = asked(V1, AGENT, "r-1", TradeAction::Create(creation));
    let created = desk.write(agency.clone()).await.unwrap();
    let settlement = created.progress.settlement.as_ref().unwrap();
    assert_eq!((settlement.type_text.as_deref(), settlement.affirmations.len()), (Some("agency"), 3));
    let affirm = |enterprise_id: &str, account_id: &str, request_id: &str, amounts: &str| {
        let TradeAction::Affirm(mut affirming) = affirming(request_id, desk.affirmation(account_id)).action else {
            panic!("another write")
        };
        affirming.amounts = vec![party(amounts)];
        asked(enterprise_id, account_id, request_id, TradeAction::Affirm(affirming))
    };
    desk.write(affirm(V1, A, "r-2", "acct-a 5 ofcbtc 700 ofcusd")).await.unwrap();
    desk.write(affirm(V2, B, "r-3", "acct-b 710 ofcusd 5 ofcbtc")).await.unwrap();
    desk.until(&agency, TradeState::Settled).await;
    assert_eq!(desk.world.sandbox.ledger().balance(V1, AGENT, "ofcusd"), Some("1000010"));
}

#[tokio::test]
async fn a_repeat_is_a_read_and_another_meaning_is_refused() {
    let desk = Desk::new().await;
    let first = desk.write(direct("r-1")).await.unwrap();
    let again = desk.write(direct("r-1")).await.unwrap();
    assert_eq!(again.settlement_id(), first.settlement_id());
    let mut other = direct("r-1");
    let TradeAction::Create(creation) = &mut other.action else { panic!("another write") };
    creation.max_fee = Some(units("1"));
    let refused = desk.write(other).await;
    assert!(matches!(&refused, Err(ServiceError::RequestIdReused { fields }) if *fields == ["max_fee_amount"]), "{refused:?}");
    assert_eq!(desk.posts(), 1);
}

#[tokio::test]
async fn two_calls_at_once_with_one_request_id_create_one_settlement() {
    let desk = Desk::new().await;
    let (one, two) = tokio::join!(desk.write(direct("r-1")), desk.write(direct("r-1")));
    assert_eq!(one.unwrap().settlement_id(), two.unwrap().settlement_id());
    assert_eq!((desk.posts(), desk.at_venue().len()), (1, 1));
}

#[tokio::test]
async fn a_ready_payload_makes_one_settlement_whatever_request_brings_it() {
    let desk = Desk::new().await;
    let payload = desk.payload().await;
    let ready = |request_id: &str| creating(request_id, Basis::Payload(payload.clone()));
    assert_eq!(came_to(&desk.write(ready("r-1")).await).0, TradeState::Pending);
    let reused = desk.write(ready("r-2")).await;
    assert_eq!(came_to(&reused), (TradeState::NotAccepted, Some(TradeReason::TradePayloadReused)));
    assert_eq!((desk.posts(), desk.at_venue().len()), (1, 1));
}

#[tokio::test]
async fn a_ready_payload_that_says_something_else_is_refused_before_anything_is_stored() {
    let desk = Desk::new().await;
    let payload = desk.payload().await.replacen("\"sendSubtotal\":\"5\"", "\"sendSubtotal\":\"50\"", 1);
    let refused = desk.write(creating("r-1", Basis::Payload(payload))).await;
    assert!(matches!(refused, Err(ServiceError::PayloadMismatch(_))), "{refused:?}");
    assert!(desk.world.context.store.trade(&enterprise(V1), &direct("r-1").request_id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_tampered_payload_is_never_signed_and_never_sent() {
    let desk = Desk::new().await;
    let tampers = [Tamper::Amount, Tamper::Account, Tamper::ExtraField, Tamper::DuplicateKey, Tamper::NumberForm];
    for (place, tamper) in tampers.into_iter().enumerate() {
        desk.fault(Endpoint::TradePayload, 1, Behaviour::TamperPayload { tamper });
        let asked = direct(&format!("r-{place}"));
        let outcome = desk.write(asked.clone()).await;
        assert_eq!(came_to(&outcome), (TradeState::NotAccepted, Some(TradeReason::PayloadMismatch)), "{tamper:?}");
        let stored = desk.stored(&asked).await;
        assert_eq!((stored.progress.signature, stored.outcome()), (None, Outcome::NotSent));
    }
    assert_eq!(desk.posts(), 0);
}

#[tokio::test]
async fn a_fee_is_signed_within_what_the_caller_allows() {
    let fee = |enterprise: &mut settlement_gateway::sandbox::SandboxEnterprise| {
        enterprise.trading_accounts.iter_mut().for_each(|one| one.fee = Some("3".to_owned()));
    };
    let desk = Desk::with(fee).await;
    assert_eq!(came_to(&desk.write(direct("r-1")).await).1, Some(TradeReason::PayloadMismatch));
    let allowing = |request_id: &str, max: &str| {
        let mut asked = direct(request_id);
        let TradeAction::Create(creation) = &mut asked.action else { panic!("another write") };
        creation.max_fee = Some(units(max));
        asked
    };
    assert_eq!(came_to(&desk.write(allowing("r-2", "2")).await).1, Some(TradeReason::PayloadMismatch));
    assert_eq!(came_to(&desk.write(allowing("r-3", "3")).await).0, TradeState::Pending);
    let query = FeeQuery {
        counterparty_account_id: account(B),
        send_amount: units("5"),
        send_currency: currency("ofcbtc"),
        receive_amount: units("700"),
        receive_currency: currency("ofcusd"),
    };
    let told = calculate_fees(&desk.world.context, &caller(), &enterprise(V1), &account(A), &query).await.unwrap();
    assert_eq!((told.fee_amount.as_deref(), told.fee_currency.as_deref()), (Some("3"), Some("ofcbtc")));
}

#[tokio::test]
async fn amounts_that_do_not_come_to_the_trades_are_refused_before_anything_is_stored() {
    let desk = Desk::new().await;
    let mut wrong = amounts();
    wrong[0].receive_amount = units("701");
    let refused = desk.write(creating("r-1", Basis::Amounts(wrong))).await;
    assert!(matches!(refused, Err(ServiceError::Invalid(_))), "{refused:?}");
    assert_eq!(desk.world.sandbox.ledger().requests_containing("/api/trade/"), 0);
}

#[tokio::test]
async fn what_the_venue_refuses_is_not_accepted_and_its_payload_is_free_again() {
    let desk = Desk::new().await;
    desk.world.sandbox.fund(V1, Some(A), "ofcbtc", "4").await.unwrap();
    let payload = desk.payload().await;
    let poor = desk.write(creating("r-1", Basis::Payload(payload.clone()))).await;
    assert_eq!(came_to(&poor), (TradeState::NotAccepted, Some(TradeReason::VenueRejectedRequest)));
    assert_eq!(desk.stored(&direct("r-1")).await.outcome(), Outcome::NotCreated);
    desk.world.sandbox.fund(V1, Some(A), "ofcbtc", "5").await.unwrap();
    assert_eq!(came_to(&desk.write(creating("r-2", Basis::Payload(payload))).await).0, TradeState::Pending);
    assert_eq!(desk.at_venue().len(), 1);
}

fn limited(per_settlement: Option<&str>, per_day: Option<&str>) -> Caller {
    let amount = |text: Option<&str>| text.map(|text| Amount::parse(text).unwrap());
    let limit = SpendLimit { currency: currency("ofcbtc"), per_settlement: amount(per_settlement), per_day: amount(per_day) };
    let everything = caller();
    let grants = Grants {
        limits: [(currency("ofcbtc"), limit)].into(),
        unlimited_currencies: false,
        rpcs: Allowed::All,
        ..(*everything.grants).clone()
    };
    Caller { grants: Arc::new(grants), ..everything }
}

#[tokio::test]
async fn what_an_account_sends_is_held_against_its_callers_limits() {
    let desk = Desk::new().await;
    let create = async |caller: Caller, request_id: &str| {
        write_trade(&desk.world.context, &caller, direct(request_id), None, PATIENCE).await
    };
    assert!(matches!(create(limited(Some("4"), None), "r-1").await, Err(ServiceError::LimitExceeded(_))));
    assert!(matches!(create(limited(None, Some("1000000")), "r-2").await, Err(ServiceError::Denied(_))));
    assert!(create(limited(Some("5"), None), "r-3").await.is_ok());
    let other = affirming("r-4", desk.affirmation(B));
    let unlisted = write_trade(&desk.world.context, &limited(Some("5"), None), other, None, PATIENCE).await;
    assert!(matches!(unlisted, Err(ServiceError::Denied(_))), "dollars have no limit and are not unlimited: {unlisted:?}");
}

#[tokio::test]
async fn no_limit_is_passed_by_spelling_the_account_otherwise() {
    let desk = Desk::new().await;
    let mut other = trade();
    other.base_account_id = account("ACCTA");
    let amounts = vec![party("ACCTA 5 ofcbtc 700 ofcusd"), party("acct-b 700 ofcusd 5 ofcbtc")];
    let creation = Creation { trades: vec![other], basis: Basis::Amounts(amounts), max_fee: None };
    let respelled = asked(V1, A, "r-1", TradeAction::Create(creation));
    let refused = write_trade(&desk.world.context, &limited(Some("4"), None), respelled, None, PATIENCE).await;
    assert!(matches!(refused, Err(ServiceError::LimitExceeded(_))), "{refused:?}");
}

#[tokio::test]
async fn what_was_not_sent_in_time_is_never_sent() {
    let desk = Desk::new().await;
    let unreachable = Behaviour::Status { status: 503, body: settlement_gateway::sandbox::Body::Html, effect: false };
    desk.fault(Endpoint::TradePayload, 1_000, unreachable);
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let late = write_trade(&desk.world.context, &caller(), direct("r-1"), Some(soon), PATIENCE).await;
    assert_eq!(came_to(&late), (TradeState::NotAccepted, Some(TradeReason::SubmitBeforePassed)));
    assert_eq!(desk.posts(), 0);
}

#[tokio::test]
async fn settlements_are_read_by_request_by_the_venues_id_and_in_lists() {
    let desk = Desk::new().await;
    let mut ids = Vec::new();
    for place in 0..3 {
        ids.push(desk.write(direct(&format!("r-{place}"))).await.unwrap().settlement_id().unwrap().to_owned());
    }
    let (context, caller, v1, v2) = (&desk.world.context, caller(), enterprise(V1), enterprise(V2));
    let by_request = TradeName::Request(direct("r-1").request_id);
    let found = get_trade_settlement(context, &caller, &v1, &account(A), &by_request).await.unwrap();
    assert_eq!(found.settlement.unwrap().id.as_ref(), Some(&ids[1]));
    let by_id = TradeName::Venue(ids[1].parse().unwrap());
    let anothers = get_trade_settlement(context, &caller, &v2, &account(B), &by_id).await.unwrap();
    assert!(anothers.write.is_none(), "the other side did not create it");
    let wrong = get_trade_settlement(context, &caller, &v1, &account(AGENT), &by_request).await;
    assert!(matches!(wrong, Err(ServiceError::NotFound(_))), "{wrong:?}");
    let query = TradeListQuery { enterprise_id: v1.clone(), account_id: account(A), after: None, limit: 2 };
    let (page, more) = list_trade_settlements(context, &caller, &query).await.unwrap();
    let requests: Vec<_> = page.iter().map(|view| view.write.as_ref().unwrap().header.asked.request_id.as_str()).collect();
    assert_eq!((requests, more), (vec!["r-2", "r-1"], true));
    let listed = list_trade_settlements_at_venue(context, &caller, &v2, &account(B)).await.unwrap();
    assert_eq!(listed.len(), 3);
}
