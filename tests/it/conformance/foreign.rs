//! Settlements that this gateway did not make: found once, told in pages, under the errand's lease.

use std::time::Duration;

use settlement_gateway::domain::ids::{EnterpriseId, ExternalId, KeyId};
use settlement_gateway::domain::settlement::{ForeignOrigin, ForeignSettlement, RecordedSettlement, VenueStatus};
use settlement_gateway::domain::signing::{PayloadDigest, Signature, SigningReference};
use settlement_gateway::store::{ErrandClaim, ErrandKind, ForeignQuery, PatrolMark, StoreError};

use super::Fixture;
use super::fixture::LEASE;
use crate::support::builders::{after_start, enterprise, start, venue};

const MARK: fn(u64) -> PatrolMark = |seconds| PatrolMark { began_at: start(), looked_at: after_start(seconds) };

async fn claim(fixture: &Fixture) -> ErrandClaim {
    fixture.store.enlist(ErrandKind::Patrol, enterprise().as_str(), fixture.now()).await.unwrap();
    fixture.store.claim_errand(fixture.now(), LEASE).await.unwrap().unwrap()
}

fn found(external_id: &str, seconds: u64) -> ForeignSettlement {
    let venue = venue(external_id, VenueStatus::Pending);
    let origin = if seconds == 0 { ForeignOrigin::SignedHere } else { ForeignOrigin::Unexplained };
    ForeignSettlement { enterprise_id: enterprise(), venue, origin, found_at: after_start(seconds) }
}

async fn listed(fixture: &Fixture, after: Option<&ForeignSettlement>, limit: u32) -> Vec<ForeignSettlement> {
    let after = after.map(|last| (last.found_at, last.venue.settlement_id.clone()));
    fixture.store.foreign_settlements(&ForeignQuery { enterprise_id: enterprise(), after, limit }).await.unwrap()
}

pub(crate) async fn a_finding_is_told_once_and_kept_as_it_was_first_seen(fixture: &Fixture) {
    let lease = claim(fixture).await.lease;
    assert_eq!(fixture.store.patrol_mark(&enterprise()).await.unwrap(), None);
    let first = [found("one", 1), found("two", 1)];
    assert_eq!(fixture.store.save_patrol(&lease, &enterprise(), MARK(1), &first).await.unwrap(), first);
    let again = [found("two", 2), found("three", 2)];
    let new = fixture.store.save_patrol(&lease, &enterprise(), MARK(2), &again).await.unwrap();
    assert_eq!(new, [found("three", 2)]);
    assert_eq!(fixture.store.patrol_mark(&enterprise()).await.unwrap(), Some(MARK(2)));
    assert_eq!(listed(fixture, None, 9).await, [found("three", 2), found("two", 1), found("one", 1)]);
}

pub(crate) async fn pages_of_findings_join_without_gaps(fixture: &Fixture) {
    let lease = claim(fixture).await.lease;
    let all: Vec<_> = (0..5).map(|n| found(&format!("f-{n}"), n / 2)).collect();
    fixture.store.save_patrol(&lease, &enterprise(), MARK(1), &all).await.unwrap();
    let whole = listed(fixture, None, 9).await;
    assert_eq!(whole.len(), 5);
    let mut joined = listed(fixture, None, 2).await;
    while let Some(next) = Some(listed(fixture, joined.last(), 2).await).filter(|page| !page.is_empty()) {
        joined.extend(next);
    }
    assert_eq!(joined, whole);
    let other = EnterpriseId::new("enterprise-2").unwrap();
    let others = ForeignQuery { enterprise_id: other.clone(), after: None, limit: 9 };
    assert_eq!(fixture.store.foreign_settlements(&others).await.unwrap(), []);
    assert_eq!(fixture.store.patrol_mark(&other).await.unwrap(), None);
}

pub(crate) async fn an_id_that_no_index_takes_hides_no_finding_beside_it(fixture: &Fixture) {
    let lease = claim(fixture).await.lease;
    let strange = |id: String| {
        let mut found = found("strange", 1);
        found.venue.settlement_id = id;
        found
    };
    let all = [strange("x".repeat(100_000)), strange("a\0b".to_owned()), found("plain", 1)];
    assert_eq!(fixture.store.save_patrol(&lease, &enterprise(), MARK(1), &all).await.unwrap(), all);
    assert_eq!(fixture.store.save_patrol(&lease, &enterprise(), MARK(1), &all).await.unwrap(), [], "each is told once");
    let mut joined = listed(fixture, None, 1).await;
    while let Some(next) = Some(listed(fixture, joined.last(), 1).await).filter(|page| !page.is_empty()) {
        joined.extend(next);
    }
    assert_eq!(joined.len(), all.len());
    assert!(all.iter().all(|found| joined.contains(found)));
}

pub(crate) async fn only_what_has_its_signature_is_signed(fixture: &Fixture) {
    let reference = |external_id: &str| SigningReference::Settlement {
        key: KeyId::new("key-1").unwrap(),
        enterprise: enterprise(),
        external_id: ExternalId::new(external_id).unwrap(),
    };
    let [signed, reserved, untouched] = ["signed", "reserved", "untouched"].map(reference);
    let digest = PayloadDigest::of("{}");
    for reference in [&signed, &reserved] {
        fixture.store.reserve(reference, digest).await.unwrap();
    }
    fixture.store.record(&signed, digest, Signature::from_bytes([1; 65])).await.unwrap();
    let asked = [untouched, reserved, signed.clone()];
    assert_eq!(fixture.store.signed_among(&asked).await.unwrap(), [signed]);
    assert_eq!(fixture.store.signed_among(&[]).await.unwrap(), []);
}

pub(crate) async fn a_patrol_that_no_longer_holds_its_errand_keeps_nothing(fixture: &Fixture) {
    let old = claim(fixture).await.lease;
    fixture.clock.advance(LEASE + Duration::from_secs(1));
    claim(fixture).await;
    let saved = fixture.store.save_patrol(&old, &enterprise(), MARK(1), &[found("one", 1)]).await;
    assert!(matches!(saved, Err(StoreError::Fenced)));
    assert_eq!(listed(fixture, None, 9).await, []);
    assert_eq!(fixture.store.patrol_mark(&enterprise()).await.unwrap(), None);
}

pub(crate) async fn what_is_recorded_among_external_ids_is_told(fixture: &Fixture) {
    fixture.plain("e, with a \"comma\"").await;
    fixture.plain("e-2").await;
    let asked = ["e, with a \"comma\"", "e-2", "e-3"].map(|id| ExternalId::new(id).unwrap());
    let mut told = fixture.store.recorded_among(&enterprise(), &asked).await.unwrap();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let never_sent = || RecordedSettlement { attempts: 0, settlement_id: None };
    let name = |index: usize| asked[index].as_str().to_owned();
    assert_eq!(told, [(name(0), never_sent()), (name(1), never_sent())]);
    let other = EnterpriseId::new("enterprise-2").unwrap();
    assert_eq!(fixture.store.recorded_among(&other, &asked).await.unwrap(), []);
}
