//! InitiateSettlement's contract: what is answered, what a repeat gets, what a preview leaves behind.

use settlement_gateway::grpc::pb::{
    AmountUnit, ControlTotal, InitiateSettlementRequest, NextAction, Settlement, SettlementOutcome, SettlementRoute,
    SettlementState, VenueSettlementStatus, get_settlement_request,
};
use settlement_gateway::sandbox::{Behaviour, Body, EXAMPLE_CONNECTIONS, Endpoint, Fault};
use tonic::Code;

use super::requests::{CUTOFF_SECONDS, broker_leg, cancel, get, leg, settle, settle_legs, time};
use crate::support::gateway::{GatewayUnderTest, V1, V1_KEY, V2, V2_KEY};
use crate::support::told::{assert_told, refused};

async fn initiate(gateway: &GatewayUnderTest, request: InitiateSettlementRequest) -> Settlement {
    gateway.settlements().await.initiate_settlement(request).await.unwrap().into_inner().settlement.unwrap()
}

#[tokio::test]
async fn a_v1_settlement_completes_in_the_call_and_shows_everything() {
    let gateway = GatewayUnderTest::start().await;
    let request = InitiateSettlementRequest { notes: Some("a note".to_owned()), ..settle(V1, "x1") };
    let settled = initiate(&gateway, request.clone()).await;
    assert_eq!((settled.state(), settled.terminal), (SettlementState::Completed, true));
    assert_eq!((settled.outcome(), settled.next_action()), (SettlementOutcome::Created, NextAction::None));
    assert_eq!((settled.route(), settled.amount_unit()), (SettlementRoute::V1, AmountUnit::Full));
    assert_eq!((settled.key_id.as_str(), settled.caller.as_str(), settled.attempts), (V1_KEY, "loopback", 1));
    assert_eq!((settled.posted_amounts.clone(), settled.notes.clone()), (request.settlement_amounts, request.notes));
    assert_eq!((settled.nonce.len(), settled.request_digest.len(), settled.signature().len()), (64, 64, 130));
    assert_eq!((settled.venue_status(), settled.venue_status_text.as_str()), (VenueSettlementStatus::Completed, "completed"));
    assert!(settled.cutoff_at.is_none() && settled.finalized_at.is_some() && settled.reason.is_none());
    let changes: Vec<&str> = settled.timeline.iter().map(|entry| entry.change.as_str()).collect();
    assert_eq!(changes, ["RECEIVED", "PREPARED", "SIGNED", "DISPATCHED", "TAKEN"]);
    assert_eq!(settled.sequence, 5);

    let by_venue = Some(get_settlement_request::Name::SettlementId(settled.settlement_id().to_owned()));
    let mut client = gateway.settlements().await;
    for name in [get(V1, "x1").name, by_venue] {
        let mut request = get(V1, "x1");
        request.name = name;
        let read = client.get_settlement(request.clone()).await.unwrap().into_inner().settlement.unwrap();
        assert_eq!(read, settled, "both names read the same");
        request.enterprise_id = V2.to_owned();
        let told = refused(client.get_settlement(request).await);
        assert_told(&told, Code::NotFound, "SETTLEMENT_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_v2_settlement_is_pending_first_and_completes_after_its_windows() {
    let gateway = GatewayUnderTest::start().await;
    let pending = initiate(&gateway, settle(V2, "x2")).await;
    assert_eq!((pending.state(), pending.terminal), (SettlementState::Pending, false));
    assert_eq!((pending.outcome(), pending.next_action()), (SettlementOutcome::Created, NextAction::Wait));
    assert_eq!((pending.route(), pending.key_id.as_str()), (SettlementRoute::V2, V2_KEY));
    assert_eq!(pending.cutoff_at, time(CUTOFF_SECONDS, 0));
    let done = gateway.until(V2, "x2", |settlement| settlement.terminal).await;
    assert_eq!((done.state(), done.settlement_id()), (SettlementState::Completed, pending.settlement_id()));
    assert!(done.posted_amounts.is_empty(), "a watcher is not told the legs");
}

#[tokio::test]
async fn brokers_settle_between_their_parties() {
    let gateway = GatewayUnderTest::start().await;
    let [party, client] = EXAMPLE_CONNECTIONS;
    let request =
        settle_legs(V1, "broker", vec![broker_leg(party, client, "BTC", "2"), broker_leg(party, client, "USD", "-5.50")]);
    let settled = initiate(&gateway, request.clone()).await;
    assert_eq!((settled.state(), settled.posted_amounts), (SettlementState::Completed, request.settlement_amounts));
}

#[tokio::test]
async fn a_repeat_is_a_read_and_sends_nothing() {
    let gateway = GatewayUnderTest::start().await;
    initiate(&gateway, settle(V1, "x")).await;
    let first = gateway.reconciled(V1, "x").await;
    let before = gateway.venue_requests();
    assert_eq!(initiate(&gateway, settle(V1, "x")).await, first);
    let mut spelt = settle(V1, "x");
    spelt.settlement_amounts.reverse();
    spelt.settlement_amounts[1].amount = "01.5".to_owned();
    spelt.nonce = Some(first.nonce.clone());
    assert_eq!(initiate(&gateway, spelt).await, first, "order, spelling and the stored nonce mean the same");
    assert_eq!(gateway.venue_requests(), before, "a venue was called");
    let gateway = gateway.restart().await;
    assert_eq!(initiate(&gateway, settle(V1, "x")).await, first, "after a restart too");
    assert_eq!(gateway.listed(V1).await.len(), 1);
}

#[tokio::test]
async fn another_meaning_under_the_same_id_is_refused_and_names_what_differs() {
    let gateway = GatewayUnderTest::start().await;
    let first = initiate(&gateway, settle(V2, "x")).await;
    let before = gateway.sandbox.ledger().settlement(V2, "x").unwrap().posts;
    let mut client = gateway.settlements().await;
    let same = || settle(V2, "x");
    let rows = [
        (InitiateSettlementRequest { settlement_amounts: vec![leg("c", "BTC", "1")], ..same() }, &["settlement_amounts"][..]),
        (InitiateSettlementRequest { cutoff_at: time(CUTOFF_SECONDS, 1_000_000), ..same() }, &["cutoff_at"]),
        (InitiateSettlementRequest { notes: Some("n".to_owned()), ..same() }, &["notes"]),
        (InitiateSettlementRequest { nonce: Some("1".to_owned()), ..same() }, &["nonce"]),
        (InitiateSettlementRequest { supersedes: Some("w".to_owned()), ..same() }, &["supersedes"]),
        (InitiateSettlementRequest { notes: Some("n".to_owned()), nonce: Some("1".to_owned()), ..same() }, &["notes", "nonce"]),
    ];
    for (request, fields) in rows {
        let preview = InitiateSettlementRequest { validate_only: true, ..request.clone() };
        for request in [request, preview] {
            let told = refused(client.initiate_settlement(request).await);
            assert_told(&told, Code::AlreadyExists, "EXTERNAL_ID_REUSED");
            assert_eq!(
                (told.fields.as_slice(), told.about("external_id")),
                (&fields.iter().map(|&field| field.to_owned()).collect::<Vec<_>>()[..], "x")
            );
            assert_eq!((told.about("outcome"), told.about("settlement_id")), ("CREATED", first.settlement_id()));
        }
    }
    assert_eq!(gateway.sandbox.ledger().settlement(V2, "x").unwrap().posts, before, "something was posted");
    let other_enterprise = initiate(&gateway, settle(V1, "x")).await;
    assert_eq!(other_enterprise.state(), SettlementState::Completed, "an id is one enterprise's own");
}

#[tokio::test]
async fn a_preview_says_what_would_happen_and_leaves_nothing_behind() {
    let gateway = GatewayUnderTest::start().await;
    let [first, second] = EXAMPLE_CONNECTIONS;
    let legs = vec![leg(first, "BTC", "-1000000.5"), leg(first, "ETH", "-1"), leg(second, "BTC", "2.5")];
    let request = InitiateSettlementRequest { validate_only: true, nonce: Some("n1".to_owned()), ..settle_legs(V1, "x", legs) };
    let answer = gateway.settlements().await.initiate_settlement(request.clone()).await.unwrap().into_inner();
    let preview = answer.preview.unwrap();
    assert!(answer.settlement.is_none() && preview.balances_read_at.is_some());
    assert_eq!(
        (preview.route(), preview.amount_unit(), preview.key_id.as_str()),
        (SettlementRoute::V1, AmountUnit::Full, V1_KEY)
    );
    let total = |currency: &str, sum: &str, count| ControlTotal { currency: currency.to_owned(), sum: sum.to_owned(), count };
    assert_eq!(preview.net_totals, [total("BTC", "-999998", 2), total("ETH", "-1", 1)]);
    assert_eq!(preview.shortfalls.len(), 1);
    let short = &preview.shortfalls[0];
    assert_eq!((short.connection_id(), short.currency.as_str()), (first, "BTC"));
    assert_eq!((short.required.as_str(), short.available.as_str()), ("1000000.5", "1000000"));
    assert!(gateway.listed(V1).await.is_empty(), "a row was written");

    // The same payload with another amount is free to be signed: nothing was reserved.
    let legs = vec![leg(first, "BTC", "-1")];
    let settled = initiate(&gateway, settle_legs(V1, "x", legs)).await;
    assert_eq!((settled.state(), settled.sequence), (SettlementState::Completed, 5));
    assert_ne!(settled.request_digest, preview.request_digest);
}

#[tokio::test]
async fn a_preview_tells_the_payload_and_the_digest_that_the_settlement_will_have() {
    let gateway = GatewayUnderTest::start().await;
    let request = InitiateSettlementRequest { nonce: Some("n1".to_owned()), ..settle(V1, "x") };
    let preview = InitiateSettlementRequest { validate_only: true, ..request.clone() };
    let preview = gateway.settlements().await.initiate_settlement(preview).await.unwrap().into_inner().preview.unwrap();
    let settled = initiate(&gateway, request).await;
    assert_eq!(settled.payload_sha256(), preview.payload_sha256);
    assert_eq!(settled.request_digest, preview.request_digest);
    assert!(preview.payload.contains(r#""nonce":"n1""#) && preview.shortfalls.is_empty());
}

#[tokio::test]
async fn assertions_that_hold_are_taken() {
    let gateway = GatewayUnderTest::start().await;
    let total = |currency: &str, sum: &str, count| ControlTotal { currency: currency.to_owned(), sum: sum.to_owned(), count };
    let request = InitiateSettlementRequest {
        amount_unit: AmountUnit::Full.into(),
        control_totals: vec![total("USD", "-99.50", 1), total("BTC", "1.5", 1)],
        ..settle(V1, "x")
    };
    assert_eq!(initiate(&gateway, request).await.state(), SettlementState::Completed);
}

#[tokio::test]
async fn only_what_can_move_no_money_any_more_is_superseded() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let done = initiate(&gateway, settle(V1, "done")).await;
    let correcting = |old: &str| InitiateSettlementRequest { supersedes: Some(old.to_owned()), ..settle(V1, "new") };
    let told = refused(client.initiate_settlement(correcting(&done.external_id)).await);
    assert_told(&told, Code::FailedPrecondition, "SUPERSEDES_REFUSED");

    let refusal = Behaviour::Status { status: 400, body: Body::Error, effect: false };
    gateway.disturb(Fault { on: Endpoint::SettlementsSigning, times: 1, behaviour: refusal });
    let told = refused(client.initiate_settlement(settle(V1, "wrong")).await);
    assert_told(&told, Code::InvalidArgument, "VENUE_REJECTED_REQUEST");
    let new = initiate(&gateway, correcting("wrong")).await;
    assert_eq!((new.state(), new.supersedes()), (SettlementState::Completed, "wrong"));
    let told = refused(client.cancel_settlement(cancel(&gateway.stored(V1, "new").await)).await);
    assert_told(&told, Code::FailedPrecondition, "NOT_CANCELLABLE");
}
