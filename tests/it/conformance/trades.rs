//! Writes on BitGo Trade: one record a request id, one holder a payload, and nobody saves without the lease.

use settlement_gateway::domain::amount::Amount;
use settlement_gateway::domain::anchor::{Adrift, Head};
use settlement_gateway::domain::ids::{
    AffirmationId, CallerId, Currency, EnterpriseId, ExternalId, KeyId, RequestId, TradeId, TradingAccountId,
};
use settlement_gateway::domain::origin::Origin;
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::domain::trade::{
    Affirmation, Affirming, BaseUnits, Basis, Creation, Finding, Lock, Nonces, PartyAmounts, Resolution, Shown, ShownTrade,
    Trade, TradeAction, TradeAsked, TradeChange, TradeHeader, TradeReason, TradeState, TradeStatus, TradeWrite,
    VenueTradeSettlement,
};
use settlement_gateway::store::{ErrandLease, StoreError, TradeListQuery, TradeRecorded, TradeSaved};
use uuid::Uuid;

use super::Fixture;
use super::fixture::LEASE;
use super::heads::follows;
use crate::support::builders::{after_start, start};

fn account(id: &str) -> TradingAccountId {
    TradingAccountId::new(id).unwrap()
}

fn units(text: &str) -> BaseUnits {
    BaseUnits::parse(text).unwrap()
}

fn currency(name: &str) -> Currency {
    Currency::new(name).unwrap()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A trade with something in every field.
fn trade() -> Trade {
    Trade {
        id: Some(TradeId::new("t").unwrap()),
        base_account_id: account("a"),
        quote_account_id: account("b"),
        status: TradeStatus::Executed,
        timestamp: after_start(1),
        base_amount: units("5"),
        quote_amount: units("700"),
        base_currency: currency("ofcbtc"),
        quote_currency: currency("ofcusd"),
        base_receive: Some((units("690"), currency("ofcusd"))),
        quote_receive: Some((units("5"), currency("ofcbtc"))),
        cost_basis: Some(Amount::parse("9000.50").unwrap()),
        cost_basis_currency: Some(currency("usd")),
        external_id: Some(ExternalId::new("é-1").unwrap()),
    }
}

fn amounts() -> Vec<PartyAmounts> {
    vec![PartyAmounts {
        account_id: account("a"),
        send_amount: units("5"),
        send_currency: currency("ofcbtc"),
        receive_amount: units("690"),
        receive_currency: currency("ofcusd"),
    }]
}

pub(super) fn creation() -> TradeAction {
    TradeAction::Create(Creation { trades: vec![trade()], basis: Basis::Amounts(amounts()), max_fee: Some(units("3")) })
}

pub(super) fn write(request_id: &str, action: TradeAction) -> TradeWrite {
    let header = TradeHeader {
        asked: TradeAsked {
            enterprise_id: EnterpriseId::new("e").unwrap(),
            account_id: account("a"),
            request_id: RequestId::new(request_id).unwrap(),
            action,
        },
        key_id: KeyId::new("k").unwrap(),
        caller: CallerId::new("c").unwrap(),
        submit_before: after_start(900),
        created_at: start(),
    };
    TradeWrite::received(Uuid::now_v7(), header)
}

/// A settlement with something in every field.
fn settlement() -> VenueTradeSettlement {
    let lock = Lock {
        id: text("l"),
        account_id: text("a"),
        status: text("active"),
        amount: text("5"),
        currency: text("ofcbtc"),
        created_at: Some(after_start(2)),
    };
    VenueTradeSettlement {
        id: text("settlement-1"),
        requester_account_id: text("a"),
        requester_account_name: text("A \u{1F600}"),
        status_text: text("pending"),
        type_text: text("direct"),
        affirmations: vec![Affirmation { lock: Some(lock), ..affirmation() }, Affirmation::default()],
        expire_at: Some(after_start(3)),
        finalized_at: Some(after_start(4)),
        created_at: Some(after_start(2)),
        trades: vec![ShownTrade {
            id: text("t"),
            timestamp: Some(after_start(1)),
            cost_basis: text("9000.50"),
            ..ShownTrade::default()
        }],
    }
}

fn affirmation() -> Affirmation {
    Affirmation {
        id: text("f"),
        party_account_id: text("a"),
        counterparty_account_id: text("b"),
        counterparty_name: text("B"),
        status_text: text("affirmed"),
        settlement_id: text("settlement-1"),
        lock: None,
        payload: text("{\"a\":\"\\u0000\"}"),
        signature: text("1f"),
        created_at: Some(after_start(2)),
        expire_at: Some(after_start(3)),
    }
}

impl Fixture {
    pub(super) async fn record_trade(&self, write: &TradeWrite) -> ErrandLease {
        assert!(matches!(self.store.record_trade(write, &Origin::default()).await.unwrap(), TradeRecorded::New));
        let claim = self.store.claim_errand(self.now(), LEASE).await.unwrap().unwrap();
        assert_eq!(claim.lease.subject, write.id.to_string());
        claim.lease
    }

    /// Saves a change under a lease, and gives the write as it is stored then.
    pub(super) async fn save_trade(&self, lease: &ErrandLease, write: &TradeWrite, change: TradeChange) -> TradeWrite {
        let after = write.after(&change, self.now()).unwrap();
        assert_eq!(self.store.save_trade(Some(lease), &change, &after).await.unwrap(), TradeSaved::Saved);
        let stored = self.store.trade_by_id(write.id).await.unwrap().unwrap();
        assert_eq!(stored, after, "{}", change.name());
        stored
    }
}

pub(super) fn prepared(nonce: &str) -> TradeChange {
    TradeChange::Prepared { payload: "{}".to_owned(), nonces: Nonces { hold: nonce.to_owned(), settle: "s".to_owned() } }
}

/// A write that came to nothing, which is its end.
pub(super) async fn ended(fixture: &Fixture) -> TradeWrite {
    let received = write("r-ended", creation());
    let lease = fixture.record_trade(&received).await;
    let ready = fixture.save_trade(&lease, &received, prepared("h-ended")).await;
    let ended = fixture.save_trade(&lease, &ready, refused()).await;
    fixture.store.release_errand(&lease, None).await.unwrap();
    ended
}

fn refused() -> TradeChange {
    TradeChange::NotAccepted { reason: TradeReason::VenueRejectedRequest, detail: "no".to_owned() }
}

pub(crate) async fn every_change_of_a_write_reads_back(fixture: &Fixture) {
    let received = write("r-1", creation());
    let lease = fixture.record_trade(&received).await;
    assert_eq!(fixture.store.trade_by_id(received.id).await.unwrap().as_ref(), Some(&received));
    let ready = fixture.save_trade(&lease, &received, prepared("h")).await;
    let signed = TradeChange::Signed { signature: Signature::from_bytes([7; 65]) };
    let signed = fixture.save_trade(&lease, &ready, signed).await;
    let submitting = fixture.save_trade(&lease, &signed, TradeChange::Dispatched).await;
    let silence = TradeChange::Unanswered { reason: TradeReason::VenueUnavailable, detail: "cut".to_owned() };
    let unknown = fixture.save_trade(&lease, &submitting, silence).await;
    let parked = TradeChange::Parked { reason: TradeReason::OutcomeUndecided, detail: "?".to_owned() };
    let parked = fixture.save_trade(&lease, &unknown, parked).await;
    let resolution =
        Resolution { took_effect: true, by: CallerId::new("op").unwrap(), why: "seen\nthere".to_owned(), at: after_start(9) };
    let finding = Finding::TookEffect(Shown::Settlement(Box::new(settlement())));
    let change = TradeChange::Resolved { resolution, finding };
    let after = parked.after(&change, fixture.now()).unwrap();
    assert_eq!(fixture.store.save_trade(None, &change, &after).await.unwrap(), TradeSaved::Saved);
    let named = |write: &TradeWrite| (write.header.asked.enterprise_id.clone(), write.header.asked.request_id.clone());
    let (enterprise, request) = named(&after);
    assert_eq!(fixture.store.trade(&enterprise, &request).await.unwrap().as_ref(), Some(&after));
    let by_settlement = fixture.store.trade_of_settlement(&enterprise, &"settlement-1".parse().unwrap()).await.unwrap();
    assert_eq!(by_settlement, Some(after));
}

pub(crate) async fn writes_on_affirmations_read_back(fixture: &Fixture) {
    let id = || AffirmationId::new("f").unwrap();
    let affirm = Affirming { affirmation_id: id(), amounts: amounts(), trades: vec![trade()], max_fee: None };
    let ready = Creation { trades: vec![trade()], basis: Basis::Payload("{}".to_owned()), max_fee: None };
    let actions = [TradeAction::Affirm(affirm), TradeAction::Reject(id()), TradeAction::Cancel(id()), TradeAction::Create(ready)];
    for (place, action) in actions.into_iter().enumerate() {
        let received = write(&format!("r-{place}"), action);
        let lease = fixture.record_trade(&received).await;
        assert_eq!(fixture.store.trade_by_id(received.id).await.unwrap().as_ref(), Some(&received));
        if received.header.asked.action.is_signed() {
            continue;
        }
        let submitting = fixture.save_trade(&lease, &received, TradeChange::Dispatched).await;
        let shown = Shown::Affirmation(Box::new(affirmation()));
        fixture.save_trade(&lease, &submitting, TradeChange::Taken { shown }).await;
    }
}

pub(crate) async fn a_trade_request_id_belongs_to_its_first_write(fixture: &Fixture) {
    let first = write("r-1", creation());
    fixture.record_trade(&first).await;
    let again = write("r-1", TradeAction::Cancel(AffirmationId::new("f").unwrap()));
    match fixture.store.record_trade(&again, &Origin::default()).await.unwrap() {
        TradeRecorded::Existing(existing) => assert_eq!(*existing, first),
        TradeRecorded::New => panic!("recorded twice"),
    }
    assert_eq!(fixture.store.trade_by_id(again.id).await.unwrap(), None);
    let mut other = write("r-1", creation());
    other.header.asked.enterprise_id = EnterpriseId::new("another").unwrap();
    fixture.record_trade(&other).await;
}

pub(crate) async fn a_payload_is_held_by_one_write_until_it_came_to_nothing(fixture: &Fixture) {
    let (one, two) = (write("r-1", creation()), write("r-2", creation()));
    let (first, second) = (fixture.record_trade(&one).await, fixture.record_trade(&two).await);
    let ready = fixture.save_trade(&first, &one, prepared("h")).await;
    let after = two.after(&prepared("h"), fixture.now()).unwrap();
    assert_eq!(fixture.store.save_trade(Some(&second), &prepared("h"), &after).await.unwrap(), TradeSaved::PayloadHeld);
    assert_eq!(fixture.store.trade_by_id(two.id).await.unwrap(), Some(two.clone()), "nothing was written");
    fixture.save_trade(&first, &ready, refused()).await;
    fixture.save_trade(&second, &two, prepared("h")).await;
}

pub(crate) async fn a_write_is_saved_by_who_holds_its_errand_alone(fixture: &Fixture) {
    let (one, two) = (write("r-1", creation()), write("r-2", creation()));
    let (first, second) = (fixture.record_trade(&one).await, fixture.record_trade(&two).await);
    let after = one.after(&refused(), fixture.now()).unwrap();
    let another = fixture.store.save_trade(Some(&second), &refused(), &after).await;
    assert!(matches!(another, Err(StoreError::Fenced)), "{another:?}");
    fixture.clock.advance(LEASE);
    let newer = fixture.store.claim_errand(fixture.now(), LEASE).await.unwrap().unwrap();
    let (old, held) = if newer.lease.subject == first.subject { (&first, &one) } else { (&second, &two) };
    let late = held.after(&refused(), fixture.now()).unwrap();
    let refusal = fixture.store.save_trade(Some(old), &refused(), &late).await;
    assert!(matches!(refusal, Err(StoreError::Fenced)), "{refusal:?}");
    fixture.save_trade(&newer.lease, held, refused()).await;
    let stale = fixture.store.save_trade(Some(&newer.lease), &refused(), &late).await;
    assert!(matches!(stale, Err(StoreError::Fenced)), "another sequence: {stale:?}");
}

pub(crate) async fn creations_are_listed_newest_first(fixture: &Fixture) {
    let ids = ["r-1", "r-2", "r-3"];
    for id in ids {
        fixture.record_trade(&write(id, creation())).await;
    }
    fixture.record_trade(&write("r-4", TradeAction::Reject(AffirmationId::new("f").unwrap()))).await;
    let query =
        TradeListQuery { enterprise_id: EnterpriseId::new("e").unwrap(), account_id: account("a"), after: None, limit: 2 };
    let page = fixture.store.list_trades(&query).await.unwrap();
    let names = |page: &[TradeWrite]| -> Vec<String> {
        page.iter().map(|write| write.header.asked.request_id.as_str().to_owned()).collect()
    };
    assert_eq!(names(&page), ["r-3", "r-2"]);
    let rest = fixture.store.list_trades(&TradeListQuery { after: Some(page[1].id), ..query.clone() }).await.unwrap();
    assert_eq!(names(&rest), ["r-1"]);
    let another = TradeListQuery { account_id: account("b"), ..query };
    assert!(fixture.store.list_trades(&another).await.unwrap().is_empty());
}

pub(crate) async fn a_writes_changes_are_listed_in_their_order(fixture: &Fixture) {
    let received = write("r-1", creation());
    let lease = fixture.record_trade(&received).await;
    let ready = fixture.save_trade(&lease, &received, prepared("h")).await;
    fixture.save_trade(&lease, &ready, refused()).await;
    let other = write("r-2", creation());
    fixture.record_trade(&other).await;
    let listed = async |after, limit| fixture.store.trade_events(received.id, after, limit).await.unwrap();
    let told: Vec<_> = listed(0, 10).await.into_iter().map(|event| (event.sequence, event.change, event.state)).collect();
    let expected = [(1, "RECEIVED", "RECEIVED"), (2, "PREPARED", "PREPARED"), (3, "NOT_ACCEPTED", "NOT_ACCEPTED")];
    let expected = expected.map(|(sequence, change, state)| (sequence, change.to_owned(), TradeState::from_name(state).unwrap()));
    assert_eq!(told, expected);
    let last = listed(2, 10).await.pop().unwrap();
    assert_eq!((last.reason, last.detail.as_deref(), last.attempts), (Some(TradeReason::VenueRejectedRequest), Some("no"), 0));
    assert_eq!(last.at, fixture.now());
    assert_eq!(listed(0, 2).await.len(), 2);
    assert!(listed(3, 10).await.is_empty() && listed(u64::MAX, 10).await.is_empty());
}

pub(crate) async fn a_writes_dispatch_is_a_link_as_its_refusal_is_and_none_is_made_below_the_floor(fixture: &Fixture) {
    let received = write("r-1", creation());
    let lease = fixture.record_trade(&received).await;
    let ready = fixture.save_trade(&lease, &received, prepared("h")).await;
    let signed = fixture.save_trade(&lease, &ready, TradeChange::Signed { signature: Signature::from_bytes([7; 65]) }).await;
    let head = fixture.store.head().await.unwrap();
    assert_eq!(head.sequence, 0, "a write's own changes are none");
    fixture.store.hold_to(Head { sequence: 1, ..head });
    let after = signed.after(&TradeChange::Dispatched, fixture.now()).unwrap();
    let refused = fixture.store.save_trade(Some(&lease), &TradeChange::Dispatched, &after).await;
    assert!(matches!(refused, Err(StoreError::Adrift(Adrift::Behind { journal: 0, anchor: 1 }))), "{refused:?}");
    assert_eq!(fixture.store.trade_by_id(signed.id).await.unwrap().unwrap(), signed);
    fixture.store.hold_to(head);
    let submitting = fixture.save_trade(&lease, &signed, TradeChange::Dispatched).await;
    let linked = follows(fixture.store.as_ref(), &head).await;
    let refused = TradeChange::NotAccepted { reason: TradeReason::VenueRejectedRequest, detail: "no".to_owned() };
    fixture.save_trade(&lease, &submitting, refused).await;
    follows(fixture.store.as_ref(), &linked).await;
}
