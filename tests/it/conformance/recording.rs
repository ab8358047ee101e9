//! Recording: once per external id, whole, and byte for byte.

use std::sync::Arc;

use settlement_gateway::domain::ids::{ConnectionId, EnterpriseId, Nonce, Notes, SettlementId};
use settlement_gateway::domain::settlement::{Change, Header, Intent, Leg, Progress, Reason, Route, SettlementAmounts};
use settlement_gateway::domain::time::Cutoff;
use settlement_gateway::store::{Material, NewSettlement, Recorded, SettlementName, StoreError};
use tokio::task::JoinSet;

use super::Fixture;
use super::fixture::LEASE;
use crate::support::builders::{after_start, amounts, enterprise, external, intent, leg, new_settlement, next_id, start};

/// Amounts compare by value, so that the texts are compared beside them.
fn texts(intent: &Intent) -> Vec<&str> {
    intent.asked.amounts.legs().iter().map(|leg| leg.amount.as_str()).collect()
}

pub(crate) async fn a_recorded_settlement_reads_back_by_each_name(fixture: &Fixture) {
    let intent = intent("e-1");
    let new = fixture.record(new_settlement(intent.clone())).await;
    assert_eq!(new.header, Header::of(&intent, start()));
    assert_eq!(new.progress, Progress::received(start()));
    let by_name = fixture.store.settlement(&enterprise(), &SettlementName::External(external("e-1"))).await.unwrap();
    assert_eq!(by_name, Some(new.clone()));
    assert_eq!(fixture.stored(&new).await, new);
    assert_eq!(fixture.store.material(new.id).await.unwrap(), Material::default());
}

pub(crate) async fn an_intent_with_something_in_every_field_reads_back(fixture: &Fixture) {
    let broker = |party: &str, other: &str, text: &str| Leg {
        counterparty_connection_id: Some(ConnectionId::new(other).unwrap()),
        ..leg(party, "BTC", text)
    };
    let before = fixture.plain("e-before").await;
    let lease = fixture.claim(&before).await.lease;
    fixture.change(&lease, &before, &Change::Cancelled).await;
    let mut full = intent("e-full");
    full.asked.amounts = amounts(vec![broker("a", "b", "0001.500"), broker("b \"c\"", "a", "-0.00000001")]);
    full.asked.cutoff = Some(Cutoff::new("9999-12-30T21:59:59.999Z".parse().unwrap()).unwrap());
    full.asked.notes = Some(Notes::new("two\nlines, a\ttab and 'quotes'").unwrap());
    full.asked.nonce = Some(Nonce::new("asked-for").unwrap());
    full.asked.supersedes = Some(external("e-before"));
    full.nonce = Nonce::new("asked-for").unwrap();
    full.route = Route::V2;
    full.submit_before = Some(after_start(60));
    let new = fixture.record(new_settlement(full.clone())).await;
    let read = fixture.store.intent(new.id).await.unwrap();
    assert_eq!(read, full);
    assert_eq!(texts(&read), ["0001.500", "-0.00000001"]);
    assert_eq!(fixture.stored(&new).await.header, Header::of(&full, start()));
}

pub(crate) async fn the_largest_settlement_reads_back_byte_for_byte(fixture: &Fixture) {
    let legs = (0..SettlementAmounts::MAX_LEGS).map(|n| leg(&format!("connection-{n}"), "BTC", &format!("-{n}.10")));
    let mut largest = intent("e-largest");
    largest.asked.amounts = amounts(legs.collect());
    let new = fixture.record(new_settlement(largest.clone())).await;
    let read = fixture.store.intent(new.id).await.unwrap();
    assert_eq!(read, largest);
    assert_eq!(texts(&read), texts(&largest));
    assert_eq!(new.header.leg_count, SettlementAmounts::MAX_LEGS);
}

pub(crate) async fn a_repeat_gets_the_first_and_changes_nothing(fixture: &Fixture) {
    let first = intent("e-1");
    let new = fixture.record(new_settlement(first.clone())).await;
    let mut other = first.clone();
    other.asked.amounts = amounts(vec![leg("elsewhere", "ETH", "7")]);
    other.nonce = Nonce::new("another").unwrap();
    match fixture.store.record_settlement(new_settlement(other)).await.unwrap() {
        Recorded::Existing(settlement) => assert_eq!(*settlement, new),
        wrong => panic!("{wrong:?}"),
    }
    assert_eq!(fixture.store.intent(new.id).await.unwrap(), first);
    assert_eq!(fixture.store.timeline(new.id, 10).await.unwrap().len(), 1);
}

pub(crate) async fn an_id_belongs_to_its_enterprise(fixture: &Fixture) {
    let ours = fixture.plain("e-1").await;
    let mut theirs = intent("e-1");
    theirs.asked.enterprise_id = EnterpriseId::new("enterprise-2").unwrap();
    let theirs = fixture.record(new_settlement(theirs)).await;
    assert_ne!(ours.id, theirs.id);
    let name = SettlementName::External(external("e-1"));
    let found = fixture.store.settlement(&theirs.header.enterprise_id, &name).await.unwrap();
    assert_eq!(found, Some(theirs));
}

pub(crate) async fn unicode_ids_are_told_apart_byte_for_byte(fixture: &Fixture) {
    // One letter composed and decomposed, another script, an emoji with a joiner, and a difference of case.
    let ids = ["caf\u{e9}", "cafe\u{301}", "結算", "👩‍🚀", "straße", "STRASSE", "Cafe\u{301}", "% _'\";--"];
    for id in ids {
        fixture.plain(id).await;
    }
    for id in ids {
        let name = SettlementName::External(external(id));
        let found = fixture.store.settlement(&enterprise(), &name).await.unwrap().unwrap();
        assert_eq!(found.header.external_id.as_str(), id);
    }
}

pub(crate) async fn of_64_at_once_exactly_one_is_new(fixture: &Fixture) {
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&fixture.store);
        tasks.spawn(async move { store.record_settlement(new_settlement(intent("e-1"))).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    let ids: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Recorded::New(settlement) | Recorded::Existing(settlement) => settlement.id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "all are told of one settlement");
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Recorded::New(_))).count(), 1);
}

fn superseding(new: &str, old: &str) -> NewSettlement {
    let mut intent = intent(new);
    intent.asked.supersedes = Some(external(old));
    new_settlement(intent)
}

pub(crate) async fn a_refused_settlement_is_superseded_once_and_never_sent_again(fixture: &Fixture) {
    let settlement = fixture.plain("old").await;
    let lease = fixture.claim(&settlement).await.lease;
    let refusal = Change::NotAccepted { reason: Reason::VenueForbidden, detail: "403".to_owned() };
    let refused = settlement.after(&refusal, fixture.now()).unwrap();
    fixture.store.save(&lease, &refusal, &refused, None, None).await.unwrap();
    let stale = fixture.claim(&refused).await.lease;
    let held = fixture.store.record_settlement(superseding("new", "old")).await.unwrap();
    assert!(matches!(held, Recorded::SupersedesRefused), "a worker holds it: {held:?}");
    fixture.clock.advance(LEASE);

    let new = fixture.store.record_settlement(superseding("new", "old")).await.unwrap();
    assert!(matches!(new, Recorded::New(_)), "{new:?}");
    let old = fixture.store.settlement_by_id(settlement.id).await.unwrap().unwrap();
    assert_eq!((old.progress.sequence, old.progress.reason), (refused.progress.sequence + 1, Some(Reason::Superseded)));
    let retry = refused.after(&Change::RetryAsked, fixture.now()).unwrap();
    let fenced = fixture.store.save(&stale, &Change::RetryAsked, &retry, None, None).await;
    assert!(matches!(fenced, Err(StoreError::Fenced)), "{fenced:?}");
    let entry = fixture.store.timeline(settlement.id, 10).await.unwrap().pop().unwrap();
    assert_eq!(entry.change, "SUPERSEDED");
    let second = fixture.store.record_settlement(superseding("another", "old")).await.unwrap();
    assert!(matches!(second, Recorded::SupersedesRefused), "{second:?}");
}

pub(crate) async fn what_may_still_move_money_is_not_superseded(fixture: &Fixture) {
    fixture.plain("under-way").await;
    for old in ["under-way", "unknown"] {
        let recorded = fixture.store.record_settlement(superseding("new", old)).await.unwrap();
        assert!(matches!(recorded, Recorded::SupersedesRefused), "{recorded:?}");
    }
    let name = SettlementName::External(external("new"));
    assert_eq!(fixture.store.settlement(&enterprise(), &name).await.unwrap(), None);
}

pub(crate) async fn what_was_never_recorded_is_not_found(fixture: &Fixture) {
    let by_venue = SettlementName::Venue(SettlementId::new("nothing").unwrap());
    assert_eq!(fixture.store.settlement(&enterprise(), &by_venue).await.unwrap(), None);
    let by_external = SettlementName::External(external("nothing"));
    assert_eq!(fixture.store.settlement(&enterprise(), &by_external).await.unwrap(), None);
    assert_eq!(fixture.store.settlement_by_id(next_id()).await.unwrap(), None);
    assert!(matches!(fixture.store.intent(next_id()).await, Err(StoreError::Damaged(_))));
    assert!(fixture.store.timeline(next_id(), 10).await.unwrap().is_empty());
}
