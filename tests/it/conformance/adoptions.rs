//! Settlements that only the venue has: their external ids are taken for ever, and their cutoffs count.

use std::sync::Arc;

use settlement_gateway::domain::audit::{AuditSubject, settlement_adopted};
use settlement_gateway::domain::settlement::{
    AdoptedBy, AdoptedSettlement, Change, OnceRules, Reason, RecordedSettlement, Route, State, Twice, VenueStatus,
};
use settlement_gateway::domain::time::Cutoff;
use settlement_gateway::store::{NewSettlement, Recorded};
use tokio::task::JoinSet;

use super::Fixture;
use crate::support::builders::{after_start, enterprise, external, intent, new_settlement, start, venue};

fn found(external_id: &str) -> AdoptedSettlement {
    let venue = venue(external_id, VenueStatus::Completed);
    AdoptedSettlement::of(&enterprise(), venue, AdoptedBy::Repair, after_start(1)).unwrap()
}

fn cut_off(external_id: &str, seconds: u64, status: VenueStatus) -> AdoptedSettlement {
    let mut found = found(external_id);
    found.venue.status = status;
    found.venue.cutoff_at = Some(cutoff(seconds).at());
    found
}

/// Whole milliseconds, as a cutoff needs.
fn cutoff(seconds: u64) -> Cutoff {
    let at = after_start(seconds).as_millisecond();
    Cutoff::new(jiff::Timestamp::from_millisecond(at).unwrap()).unwrap()
}

async fn adopt(fixture: &Fixture, settlements: &[AdoptedSettlement]) -> Vec<AdoptedSettlement> {
    fixture.store.adopt(settlements).await.unwrap()
}

pub(crate) async fn what_is_adopted_is_told_once_and_never_recorded(fixture: &Fixture) {
    let first = [found("one"), found("two")];
    assert_eq!(adopt(fixture, &first).await, first);
    assert_eq!(adopt(fixture, &[found("two"), found("three")]).await, [found("three")]);
    let refused = fixture.store.record_settlement(new_settlement(intent("one"))).await.unwrap();
    assert!(matches!(refused, Recorded::Adopted(by) if *by == found("one")));
    let rehearsed = fixture.store.rehearse_settlement(new_settlement(intent("two"))).await.unwrap();
    assert!(matches!(rehearsed, Some(Recorded::Adopted(_))));
    fixture.plain("another").await;
}

pub(crate) async fn what_is_recorded_is_not_adopted(fixture: &Fixture) {
    fixture.plain("recorded").await;
    assert_eq!(adopt(fixture, &[found("recorded"), found("lost")]).await, [found("lost")]);
    let again = fixture.store.record_settlement(new_settlement(intent("recorded"))).await.unwrap();
    assert!(matches!(again, Recorded::Existing(..)));
}

pub(crate) async fn an_id_is_recorded_or_adopted_and_never_both(fixture: &Fixture) {
    for n in 0..12 {
        let id = format!("e-{n}");
        let mut tasks = JoinSet::new();
        let (store, new) = (Arc::clone(&fixture.store), new_settlement(intent(&id)));
        tasks.spawn(async move { matches!(store.record_settlement(new).await.unwrap(), Recorded::New(_)) });
        let (store, found) = (Arc::clone(&fixture.store), found(&id));
        tasks.spawn(async move { store.adopt(&[found]).await.unwrap().len() == 1 });
        let won = tasks.join_all().await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{id}");
    }
}

pub(crate) async fn an_adopted_cutoff_counts_unless_it_was_rejected(fixture: &Fixture) {
    let rejected = cut_off("rejected", 900, VenueStatus::Rejected);
    adopt(fixture, &[cut_off("older", 10, VenueStatus::Completed), cut_off("newest", 60, VenueStatus::Pending), rejected]).await;
    let asked = |external_id: &str, seconds| {
        let mut intent = intent(external_id);
        intent.route = Route::V2;
        intent.asked.cutoff = Some(cutoff(seconds));
        NewSettlement { once: OnceRules { cutoff_must_increase: true, ..OnceRules::NONE }, ..new_settlement(intent) }
    };
    let refused = fixture.store.record_settlement(asked("same", 60)).await.unwrap();
    let Recorded::Twice(Twice::CutoffNotIncreasing { newest, holder }) = refused else { panic!("{refused:?}") };
    assert_eq!((newest, holder), (cutoff(60), external("newest")));
    assert!(matches!(fixture.store.record_settlement(asked("later", 61)).await.unwrap(), Recorded::New(_)));
}

pub(crate) async fn what_is_adopted_is_nobody_elses(fixture: &Fixture) {
    adopt(fixture, &[found("adopted")]).await;
    let exposed = fixture.plain("exposed").await;
    let change = Change::Exposed { refusal: None, reason: Reason::ExportedByOperator, detail: "by hand".to_owned() };
    let lease = fixture.claim(&exposed).await.lease;
    let after = fixture.change(&lease, &exposed, &change).await;
    assert_eq!(fixture.stored(&exposed).await, after);
    assert_eq!((after.progress.state, after.progress.attempts), (State::OutcomeUnknown, 0));
    let ids = [external("adopted"), external("exposed"), external("foreign")];
    let mut told = fixture.store.recorded_among(&enterprise(), &ids).await.unwrap();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let recorded =
        |settlement_id: Option<&str>| RecordedSettlement { attempts: 1, settlement_id: settlement_id.map(str::to_owned) };
    let expected = [("adopted".to_owned(), recorded(Some("venue-adopted"))), ("exposed".to_owned(), recorded(None))];
    assert_eq!(told, expected, "the patrol calls neither of the two somebody else's");
}

pub(crate) async fn unfinished_settlements_are_read_in_pages(fixture: &Fixture) {
    assert_eq!(fixture.store.last_recorded_at().await.unwrap(), None);
    let mut all = Vec::new();
    for n in 0..5 {
        all.push(fixture.plain(&format!("e-{n}")).await);
    }
    let finished = all.remove(2);
    let lease = fixture.claim(&finished).await.lease;
    fixture.change(&lease, &finished, &Change::Cancelled).await;
    let mut joined = fixture.store.unfinished(None, 3).await.unwrap();
    assert_eq!(joined.len(), 3);
    joined.extend(fixture.store.unfinished(joined.last().map(|last| last.id), 3).await.unwrap());
    assert_eq!(joined, all);
    assert_eq!(fixture.store.last_recorded_at().await.unwrap(), Some(start()));
    assert_eq!(fixture.store.undecided_confirmations().await.unwrap(), 0);
    assert!(fixture.store.unfinished_trades(None, 3).await.unwrap().is_empty());
}

pub(crate) async fn an_adoption_leaves_its_record_once(fixture: &Fixture) {
    adopt(fixture, &[found("one"), found("two")]).await;
    adopt(fixture, &[found("two")]).await;
    for id in ["one", "two"] {
        let subject = AuditSubject::Adopted { enterprise_id: enterprise(), external_id: external(id) };
        let [record] = fixture.store.audit_of(&subject.to_text()).await.unwrap().try_into().unwrap();
        assert_eq!((record.kind.as_str(), &record.content), ("ADOPTION", &settlement_adopted(&found(id)).content));
    }
}
