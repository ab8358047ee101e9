//! The guard: one payload a reference, for ever, and one signature.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::signing::{PayloadDigest, Reservation, Signature, SignatureRecord, SigningReference};
use tokio::task::JoinSet;

use super::Fixture;
use crate::support::builders::{enterprise, external};

fn key() -> KeyId {
    KeyId::new("key-1").unwrap()
}

fn settlement(external_id: &str) -> SigningReference {
    SigningReference::Settlement { key: key(), enterprise: enterprise(), external_id: external(external_id) }
}

fn signature(byte: u8) -> Signature {
    Signature::from_bytes([byte; 65])
}

pub(crate) async fn the_first_payload_holds_its_reference(fixture: &Fixture) {
    let (first, second) = (PayloadDigest::of("first"), PayloadDigest::of("second"));
    let reference = settlement("e-1");
    for _ in 0..2 {
        assert_eq!(fixture.store.reserve(&reference, first).await.unwrap(), Reservation::Reserved);
        let refused = fixture.store.reserve(&reference, second).await.unwrap();
        assert_eq!(refused, Reservation::Conflict { holder: first });
    }
    let record = fixture.store.record(&reference, first, signature(1)).await.unwrap();
    assert_eq!(record.signed_at, fixture.now());
    assert_eq!(fixture.store.reserve(&reference, first).await.unwrap(), Reservation::Signed(record));
    let refused = fixture.store.reserve(&reference, second).await.unwrap();
    assert_eq!(refused, Reservation::Conflict { holder: first });
}

pub(crate) async fn of_50_tasks_with_two_payloads_one_payload_wins(fixture: &Fixture) {
    let mut tasks = JoinSet::new();
    for n in 0_u8..50 {
        let store = Arc::clone(&fixture.store);
        let mine = PayloadDigest::of(if n % 2 == 0 { "even" } else { "odd" });
        tasks.spawn(async move {
            match store.reserve(&settlement("e-1"), mine).await.unwrap() {
                Reservation::Conflict { holder } => {
                    assert_ne!(holder, mine);
                    (holder, None)
                }
                Reservation::Signed(record) => (mine, Some(record)),
                Reservation::Reserved => (mine, Some(store.record(&settlement("e-1"), mine, signature(n)).await.unwrap())),
            }
        });
    }
    let answers = tasks.join_all().await;
    let holders: BTreeSet<_> = answers.iter().map(|(holder, _)| holder.to_hex()).collect();
    assert_eq!(holders.len(), 1, "all agree on the payload that holds the reference");
    let records: Vec<&SignatureRecord> = answers.iter().filter_map(|(_, record)| record.as_ref()).collect();
    assert_eq!(records.len(), 25, "the winner's half is signed and the other refused");
    assert!(records.iter().all(|record| *record == records[0]), "and all got one signature");
}

pub(crate) async fn a_second_signature_is_dropped(fixture: &Fixture) {
    let digest = PayloadDigest::of("payload");
    fixture.store.reserve(&settlement("e-1"), digest).await.unwrap();
    let first = fixture.store.record(&settlement("e-1"), digest, signature(1)).await.unwrap();
    fixture.clock.advance(Duration::from_secs(1));
    let second = fixture.store.record(&settlement("e-1"), digest, signature(2)).await.unwrap();
    assert_eq!(second, first);
    assert_eq!(first.signature, signature(1));
}

pub(crate) async fn a_signature_without_a_reservation_is_refused(fixture: &Fixture) {
    let (reserved, other) = (PayloadDigest::of("reserved"), PayloadDigest::of("other"));
    assert!(fixture.store.record(&settlement("e-1"), other, signature(1)).await.is_err(), "nothing is reserved");
    fixture.store.reserve(&settlement("e-1"), reserved).await.unwrap();
    assert!(fixture.store.record(&settlement("e-1"), other, signature(1)).await.is_err(), "another payload holds it");
    assert_eq!(fixture.store.reserve(&settlement("e-1"), reserved).await.unwrap(), Reservation::Reserved, "still unsigned");
}

pub(crate) async fn references_of_every_kind_are_told_apart(fixture: &Fixture) {
    let text = || "same".to_owned();
    let references = [
        settlement("same"),
        SigningReference::Settlement {
            key: KeyId::new("key-2").unwrap(),
            enterprise: enterprise(),
            external_id: external("same"),
        },
        SigningReference::Trade { key: key(), nonce_hold: text(), nonce_settle: "other".to_owned() },
        SigningReference::Trade { key: key(), nonce_hold: "other".to_owned(), nonce_settle: text() },
        SigningReference::Allocation { key: key(), nonce: text() },
        SigningReference::Dispute { key: key(), nonce: text() },
        SigningReference::Raw { key: key(), digest: PayloadDigest::of("same") },
    ];
    for (n, reference) in references.iter().enumerate() {
        let reserved = fixture.store.reserve(reference, PayloadDigest::of(&n.to_string())).await.unwrap();
        assert_eq!(reserved, Reservation::Reserved, "{reference:?}");
    }
}

pub(crate) async fn the_journals_sequence_rises_by_commit(fixture: &Fixture) {
    let digest = PayloadDigest::of("payload");
    let ids = ["e-1", "e-2", "e-3"];
    for id in ids {
        fixture.store.reserve(&settlement(id), digest).await.unwrap();
    }
    let mut sequences = Vec::new();
    for id in ids.iter().rev() {
        let record = fixture.store.record(&settlement(id), digest, signature(1)).await.unwrap();
        sequences.push(record.journal_sequence);
    }
    assert!(sequences.is_sorted_by(|a, b| a < b), "in the order of signing, not of reserving: {sequences:?}");
}
