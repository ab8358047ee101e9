//! ConfirmQuote, CancelQuote and WatchQuote as callers meet them: what is shown, what is refused and how.

use settlement_gateway::grpc::pb::admin_service_client::AdminServiceClient;
use settlement_gateway::grpc::pb::resolve_quote_confirmation_request::Decision;
use settlement_gateway::grpc::pb::{
    CancelQuoteRequest, ConfirmQuoteRequest, ConfirmationState, Quote, QuoteConfirmation, QuoteStatus,
    ResolveQuoteConfirmationRequest, WatchQuoteRequest,
};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault};
use tonic::Code;

use super::known::{caller, of as by};
use super::requests::quote;
use crate::support::gateway::{GatewayUnderTest, MERCHANT, within};
use crate::support::told::{assert_told, refused};

async fn create(gateway: &GatewayUnderTest) -> Quote {
    gateway.quotes().await.create_quote(quote()).await.unwrap().into_inner().quote.unwrap()
}

fn confirmation(quote: &Quote) -> ConfirmQuoteRequest {
    ConfirmQuoteRequest {
        external_merchant_id: MERCHANT.to_owned(),
        tx_id: quote.tx_id.clone(),
        external_tx_id: format!("payout-{}", quote.tx_id),
        ..ConfirmQuoteRequest::default()
    }
}

async fn confirm(gateway: &GatewayUnderTest, request: ConfirmQuoteRequest) -> Quote {
    gateway.quotes().await.confirm_quote(request).await.unwrap().into_inner().quote.unwrap()
}

fn of(quote: &Quote) -> &QuoteConfirmation {
    quote.confirmation.as_ref().expect("a confirmation")
}

async fn last_view(gateway: &GatewayUnderTest, quote: &Quote) -> Quote {
    let (external_merchant_id, tx_id) = (MERCHANT.to_owned(), quote.tx_id.clone());
    let watch = WatchQuoteRequest { external_merchant_id, tx_id, after_sequence: 0 };
    let mut views = gateway.quotes().await.watch_quote(watch).await.unwrap().into_inner();
    within(async {
        let mut last = None;
        while let Some(view) = views.message().await.unwrap() {
            last = view.quote;
        }
        last.expect("a view")
    })
    .await
}

#[tokio::test]
async fn a_quote_is_confirmed_shown_and_watched_to_its_end() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.sandbox.bitlipa.execution_ms = 1_000).await;
    let made = create(&gateway).await;
    assert_eq!((made.sequence, made.terminal, made.confirmation.is_some()), (1, false, false));
    let expecting = ConfirmQuoteRequest {
        expected_exchange_rate: Some("0.00770".to_owned()),
        expected_destination_amount: Some("5.2".to_owned()),
        expected_platform_fee: Some("2.5".to_owned()),
        expected_source_amount: Some(100_000),
        ..confirmation(&made)
    };
    let confirmed = confirm(&gateway, expecting.clone()).await;
    assert_eq!((of(&confirmed).state(), of(&confirmed).attempts), (ConfirmationState::Confirmed, 1));
    assert_eq!(of(&confirmed).external_tx_id, expecting.external_tx_id);
    assert!(of(&confirmed).reason.is_none() && of(&confirmed).detail.is_none() && of(&confirmed).recorded_at.is_some());
    assert_eq!((confirmed.status(), confirmed.terminal), (QuoteStatus::Processing, false));
    assert!(confirmed.confirmed_at.is_some() && confirmed.sequence > made.sequence);
    let paid = last_view(&gateway, &made).await;
    assert_eq!((paid.status(), paid.terminal), (QuoteStatus::Executed, true));
    assert!(paid.tx_hash().starts_with("0x") && paid.executed_at.is_some());
    assert_eq!(paid.external_tx_id(), expecting.external_tx_id);
    assert_eq!(of(&confirm(&gateway, expecting).await).state(), ConfirmationState::Confirmed, "a repeat is a read");
}

#[tokio::test]
async fn a_refusal_says_whether_a_payout_is_under_way_and_what_to_do() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.quotes().await;
    let made = create(&gateway).await;
    let dearer = ConfirmQuoteRequest { expected_platform_fee: Some("2.49".to_owned()), ..confirmation(&made) };
    let told = refused(client.confirm_quote(dearer).await);
    assert_told(&told, Code::FailedPrecondition, "QUOTE_CHANGED");
    assert_eq!(told.fields, ["expected_platform_fee"]);
    assert_eq!((told.about("outcome"), told.about("next_action")), ("NOT_SENT", "FIX_WITH_NEW_ID"));

    let members = [("exchange_rate", "0.0076"), ("destination_amount", "5.10")];
    let behaviour = Behaviour::AlteredQuote { members: members.map(|(name, text)| (name.into(), text.into())).into() };
    gateway.disturb(Fault { on: Endpoint::QuoteGet, times: 1, behaviour });
    let told = refused(client.confirm_quote(confirmation(&made)).await);
    assert_told(&told, Code::FailedPrecondition, "QUOTE_CHANGED");
    assert_eq!((told.about("outcome"), told.about("state")), ("NOT_SENT", "REFUSED"));
    assert_eq!(told.about("external_tx_id"), confirmation(&made).external_tx_id);
    assert_eq!(gateway.sandbox.ledger().requests_containing("/confirm"), 0);

    confirm(&gateway, confirmation(&made)).await;
    let second = create(&gateway).await;
    let same_name = ConfirmQuoteRequest { external_tx_id: confirmation(&made).external_tx_id, ..confirmation(&second) };
    let told = refused(client.confirm_quote(same_name).await);
    assert_told(&told, Code::AlreadyExists, "CONFIRMATION_REUSED");
    assert_eq!((told.about("tx_id"), told.fields.as_slice()), (made.tx_id.as_str(), &["external_tx_id".to_owned()][..]));
}

#[tokio::test]
async fn a_caller_whose_deadline_ends_gets_the_state_that_is_stored() {
    let gateway = GatewayUnderTest::start().await;
    let made = create(&gateway).await;
    gateway.disturb(Fault { on: Endpoint::QuoteConfirm, times: 1, behaviour: Behaviour::DelayAfter { ms: 1_500 } });
    let mut request = tonic::Request::new(confirmation(&made));
    request.set_timeout(std::time::Duration::from_millis(1_000));
    let early = gateway.quotes().await.confirm_quote(request).await.unwrap().into_inner().quote.unwrap();
    assert!([ConfirmationState::Recorded, ConfirmationState::Sending].contains(&of(&early).state()), "{early:?}");
    let later = confirm(&gateway, confirmation(&made)).await;
    assert_eq!((of(&later).state(), of(&later).attempts), (ConfirmationState::Confirmed, 1));
}

#[tokio::test]
async fn a_cancelled_quote_is_shown_as_such_and_cannot_be_confirmed() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.quotes().await;
    let made = create(&gateway).await;
    let cancel = CancelQuoteRequest { external_merchant_id: MERCHANT.to_owned(), tx_id: made.tx_id.clone() };
    let cancelled = client.cancel_quote(cancel.clone()).await.unwrap().into_inner().quote.unwrap();
    assert_eq!((cancelled.status(), cancelled.terminal), (QuoteStatus::Cancelled, true));
    assert!(cancelled.cancelled_at.is_some());
    let told = refused(client.confirm_quote(confirmation(&made)).await);
    assert_told(&told, Code::FailedPrecondition, "QUOTE_NOT_CONFIRMABLE");
    let another = create(&gateway).await;
    confirm(&gateway, confirmation(&another)).await;
    let told = refused(client.cancel_quote(CancelQuoteRequest { tx_id: another.tx_id, ..cancel }).await);
    assert_told(&told, Code::FailedPrecondition, "QUOTE_NOT_CANCELLABLE");
    assert_eq!(told.about("outcome"), "CREATED");
}

#[tokio::test]
async fn bad_confirmations_are_refused_field_by_field() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.quotes().await;
    let good = ConfirmQuoteRequest {
        external_merchant_id: MERCHANT.to_owned(),
        tx_id: "tx_1".to_owned(),
        external_tx_id: "payout-1".to_owned(),
        ..ConfirmQuoteRequest::default()
    };
    let text = |text: &str| Some(text.to_owned());
    let rows = [
        (ConfirmQuoteRequest { external_merchant_id: String::new(), ..good.clone() }, &["external_merchant_id"][..]),
        (ConfirmQuoteRequest { tx_id: "t".repeat(129), ..good.clone() }, &["tx_id"]),
        (ConfirmQuoteRequest { external_tx_id: String::new(), ..good.clone() }, &["external_tx_id"]),
        (ConfirmQuoteRequest { external_tx_id: "a\nb".to_owned(), ..good.clone() }, &["external_tx_id"]),
        (ConfirmQuoteRequest { expected_exchange_rate: text("1e-3"), ..good.clone() }, &["expected_exchange_rate"]),
        (ConfirmQuoteRequest { expected_destination_amount: text(""), ..good.clone() }, &["expected_destination_amount"]),
        (ConfirmQuoteRequest { expected_platform_fee: text("1,5"), ..good.clone() }, &["expected_platform_fee"]),
        (ConfirmQuoteRequest { expected_source_amount: Some(0), ..good.clone() }, &["expected_source_amount"]),
    ];
    for (request, fields) in rows {
        let told = refused(client.confirm_quote(request).await);
        assert_told(&told, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(told.fields, fields, "{told:?}");
    }
    assert_told(&refused(client.confirm_quote(good).await), Code::NotFound, "QUOTE_NOT_FOUND");
    assert_eq!(gateway.venue_requests(), 0);
}

#[tokio::test]
async fn a_person_who_was_named_decides_whose_a_payout_is() {
    let gateway = GatewayUnderTest::start_with(|setup| {
        let desk = "rpcs = [\"*\"]\nmerchants = [\"*\"]";
        let operator = "rpcs = [\"AdminService/ResolveQuoteConfirmation\"]\nmerchants = [\"*\"]";
        setup.callers = caller("desk", desk) + &caller("operator", operator);
    })
    .await;
    let mut client = gateway.quotes().await;
    let made = client.create_quote(by("desk", quote())).await.unwrap().into_inner().quote.unwrap();
    let nameless = |members: &[(&str, &str)]| Behaviour::AlteredQuote {
        members: members.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect(),
    };
    for (on, times, behaviour) in [
        (Endpoint::QuoteConfirm, 1, Behaviour::AcceptThenCut),
        (Endpoint::QuoteGet, 1, nameless(&[])),
        (Endpoint::QuoteGet, 10_000, nameless(&[("external_tx_id", "null")])),
    ] {
        gateway.disturb(Fault { on, times, behaviour });
    }
    let parked = client.confirm_quote(by("desk", confirmation(&made))).await.unwrap().into_inner().quote.unwrap();
    assert_eq!(of(&parked).state(), ConfirmationState::NeedsOperator);
    let decision = ResolveQuoteConfirmationRequest {
        external_merchant_id: MERCHANT.to_owned(),
        tx_id: made.tx_id.clone(),
        decision: Some(Decision::Confirmed(true)),
        why: "the venue's support says so".to_owned(),
    };
    let mut admin = AdminServiceClient::new(gateway.channel().await);
    let starred = refused(admin.resolve_quote_confirmation(by("desk", decision.clone())).await);
    assert_told(&starred, Code::PermissionDenied, "NOT_ALLOWED");
    for (decision, fields) in [
        (ResolveQuoteConfirmationRequest { decision: None, ..decision.clone() }, ["decision"]),
        (ResolveQuoteConfirmationRequest { decision: Some(Decision::NotConfirmed(false)), ..decision.clone() }, ["decision"]),
        (ResolveQuoteConfirmationRequest { why: String::new(), ..decision.clone() }, ["why"]),
    ] {
        let told = refused(admin.resolve_quote_confirmation(by("operator", decision)).await);
        assert_told(&told, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(told.fields, fields);
    }
    let decided = admin.resolve_quote_confirmation(by("operator", decision)).await.unwrap().into_inner().quote.unwrap();
    let resolution = of(&decided).resolution.as_ref().unwrap();
    assert_eq!((of(&decided).state(), resolution.decided_by.as_str()), (ConfirmationState::Confirmed, "operator"));
    assert!(resolution.was_confirmed && resolution.decided_at.is_some());
}
