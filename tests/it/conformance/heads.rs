//! The journal's head: every signature and every dispatch is a link, and the order of links is that of commits.

use std::error::Error;
use std::sync::Arc;

use settlement_gateway::domain::anchor::{Adrift, Head, Link};
use settlement_gateway::domain::audit::{Repaired, journal_repaired};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::settlement::{Change, Reason};
use settlement_gateway::domain::signing::{JournalError, PayloadDigest, Reservation, Signature, SigningReference};
use settlement_gateway::store::{Recorded, SettlementName, Store, StoreError};
use tokio::task::JoinSet;

use super::Fixture;
use crate::support::builders::{enterprise, external, intent, new_settlement};

fn reference(nonce: &str) -> SigningReference {
    SigningReference::Dispute { key: KeyId::new("key-1").unwrap(), nonce: nonce.to_owned() }
}

fn digest(nonce: &str) -> PayloadDigest {
    PayloadDigest::of(nonce)
}

fn signature(byte: u8) -> Signature {
    Signature::from_bytes([byte; 65])
}

/// Signs for a nonce and answers the signature's place.
async fn sign(store: &dyn Store, nonce: &str, byte: u8) -> u64 {
    store.reserve(&reference(nonce), digest(nonce)).await.unwrap();
    store.record(&reference(nonce), digest(nonce), signature(byte)).await.unwrap().journal_sequence
}

pub(crate) async fn a_fresh_journal_has_an_id_of_its_own_and_no_signature(fixture: &Fixture) {
    let head = fixture.store.head().await.unwrap();
    assert_eq!((head.epoch, head.sequence, head.link), (0, 0, Link::START));
    assert_eq!(fixture.store.head().await.unwrap().journal, head.journal, "it keeps its id");
    assert_ne!(head.journal.to_text(), "0".repeat(32));
    assert_eq!(fixture.store.link_at(0).await.unwrap(), Some(Link::START));
    assert_eq!(fixture.store.link_at(1).await.unwrap(), None);
}

pub(crate) async fn each_signature_is_one_link_of_one_chain(fixture: &Fixture) {
    let mut expected = fixture.store.head().await.unwrap();
    for (n, nonce) in [(1_u8, "a"), (2, "b"), (3, "c")] {
        assert_eq!(sign(fixture.store.as_ref(), nonce, n).await, u64::from(n));
        expected = expected.after(&reference(nonce).to_text(), &digest(nonce), &signature(n));
        assert_eq!(fixture.store.head().await.unwrap(), expected);
        assert_eq!(fixture.store.link_at(expected.sequence).await.unwrap(), Some(expected.link));
    }
}

pub(crate) async fn signatures_at_once_are_links_in_the_order_of_their_commits(fixture: &Fixture) {
    const SIGNATURES: u8 = 40;
    let start = fixture.store.head().await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..SIGNATURES {
        let store = Arc::clone(&fixture.store);
        tasks.spawn(async move { (sign(store.as_ref(), &n.to_string(), n).await, n) });
    }
    let mut signed = tasks.join_all().await;
    signed.sort_unstable();
    let places: Vec<u64> = signed.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, (1..=u64::from(SIGNATURES)).collect::<Vec<_>>(), "no place is left out or taken twice");
    let follow = |head: Head, n: &u8| {
        let nonce = n.to_string();
        head.after(&reference(&nonce).to_text(), &digest(&nonce), &signature(*n))
    };
    let end = signed.iter().fold(start, |head, (_, n)| follow(head, n));
    assert_eq!(fixture.store.head().await.unwrap(), end);
}

pub(crate) async fn a_second_signature_for_a_reference_is_no_link(fixture: &Fixture) {
    sign(fixture.store.as_ref(), "a", 1).await;
    let head = fixture.store.head().await.unwrap();
    fixture.store.record(&reference("a"), digest("a"), signature(2)).await.unwrap();
    assert_eq!(fixture.store.head().await.unwrap(), head);
}

/// What keeps the journal from signing.
fn adrift(error: &JournalError) -> Option<Adrift> {
    match error.source()?.downcast_ref::<StoreError>()? {
        StoreError::Adrift(adrift) => Some(*adrift),
        _ => None,
    }
}

pub(crate) async fn nothing_is_recorded_reserved_or_signed_below_the_floor(fixture: &Fixture) {
    let store = fixture.store.as_ref();
    sign(store, "a", 1).await;
    let (head, recorded) = (store.head().await.unwrap(), fixture.plain("e-1").await);
    store.hold_to(head);
    assert_eq!(store.reserve(&reference("b"), digest("b")).await.unwrap(), Reservation::Reserved, "it reaches the floor");
    let lost = Adrift::Behind { journal: 1, anchor: 2 };
    store.hold_to(Head { sequence: 2, ..head });
    assert_eq!(adrift(&store.reserve(&reference("c"), digest("c")).await.unwrap_err()), Some(lost));
    assert_eq!(adrift(&store.reserve(&reference("a"), digest("a")).await.unwrap_err()), Some(lost), "not even what was signed");
    assert_eq!(adrift(&store.record(&reference("b"), digest("b"), signature(2)).await.unwrap_err()), Some(lost));
    let refused = store.record_settlement(new_settlement(intent("e-2"))).await.unwrap_err();
    assert!(matches!(refused, StoreError::Adrift(why) if why == lost));
    let repeated = store.record_settlement(new_settlement(intent("e-1"))).await.unwrap();
    assert!(matches!(repeated, Recorded::Existing(one) if *one == recorded), "what is recorded is told all the same");
    store.hold_to(Head { epoch: head.epoch + 1, ..head });
    assert!(matches!(adrift(&store.reserve(&reference("c"), digest("c")).await.unwrap_err()), Some(Adrift::OtherEpoch { .. })));
    store.hold_to(head);
    assert_eq!(store.head().await.unwrap(), head, "nothing was written");
    assert_eq!(store.reserve(&reference("c"), digest("other")).await.unwrap(), Reservation::Reserved, "nor reserved");
    let name = SettlementName::External(external("e-2"));
    assert_eq!(store.settlement(&enterprise(), &name).await.unwrap(), None, "nor recorded");
}

pub(crate) async fn an_epoch_begins_once_and_only_where_the_journal_still_stands(fixture: &Fixture) {
    let store = fixture.store.as_ref();
    let untouched = store.head().await.unwrap();
    assert!(store.begin_epoch(&untouched, 1, None).await.unwrap());
    assert!(!store.begin_epoch(&untouched, 1, None).await.unwrap(), "another has begun it");
    let begun = store.head().await.unwrap();
    assert_eq!(begun, Head { epoch: 1, ..untouched });
    sign(store, "a", 1).await;
    assert!(!store.begin_epoch(&begun, 2, None).await.unwrap(), "the journal has moved on");
    assert_eq!(store.head().await.unwrap().epoch, 1);
}

fn ready() -> [Change; 2] {
    let signed = Change::Signed { signature: signature(1), body: vec![1] };
    [Change::Prepared { payload: "{}".to_owned() }, signed]
}

/// The head, which must be one link after another one: which, nobody can know before.
pub(super) async fn follows(store: &dyn Store, head: &Head) -> Head {
    let next = store.head().await.unwrap();
    assert_eq!(Head { link: head.link, ..next }, Head { sequence: head.sequence + 1, ..*head });
    assert_ne!(next.link, head.link);
    assert_eq!(store.link_at(next.sequence).await.unwrap(), Some(next.link));
    next
}

pub(crate) async fn what_goes_out_or_never_will_is_a_link_among_the_signatures(fixture: &Fixture) {
    let store = fixture.store.as_ref();
    let late = || "the venue is late".to_owned();
    let delayed = Change::Delayed { reason: Reason::VenueUnavailable, detail: late() };
    let not_sent = Change::NotSent { reason: Reason::VenueUnavailable, detail: late() };
    let handed_out = Change::Exposed { refusal: None, reason: Reason::ExportedByOperator, detail: late() };
    let restored = Change::Exposed { refusal: None, reason: Reason::JournalRestored, detail: late() };
    let refused = Change::NotAccepted { reason: Reason::VenueRejectedRequest, detail: late() };
    let [prepared, signed] = ready();
    let sent = [delayed, prepared.clone(), signed.clone(), Change::Dispatched, not_sent, Change::Dispatched];
    let mut expected = store.head().await.unwrap();
    for (external_id, changes) in [
        ("e-sent", sent.to_vec()),
        ("e-cancelled", vec![prepared.clone(), Change::Cancelled]),
        ("e-expired", vec![Change::Expired]),
        ("e-refused", vec![refused]),
        ("e-handed-out", vec![prepared, signed, handed_out]),
        ("e-restored", vec![restored]),
    ] {
        let mut settlement = fixture.plain(external_id).await;
        let lease = fixture.claim(&settlement).await.lease;
        for change in changes {
            settlement = fixture.change(&lease, &settlement, &change).await;
            let is_handed_out = external_id == "e-handed-out" && change.name() == "EXPOSED";
            if ["DISPATCHED", "CANCELLED", "EXPIRED", "NOT_ACCEPTED"].contains(&change.name()) || is_handed_out {
                expected = follows(store, &expected).await;
            }
            assert_eq!(store.head().await.unwrap(), expected, "{external_id}: {}", change.name());
        }
        sign(store, external_id, 2).await;
        expected = expected.after(&reference(external_id).to_text(), &digest(external_id), &signature(2));
        assert_eq!(store.head().await.unwrap(), expected, "each has its place");
        assert_eq!(store.link_at(expected.sequence).await.unwrap(), Some(expected.link));
    }
    assert_eq!(expected.sequence, 6 + 6, "what goes out or never will, and the signatures");
}

pub(crate) async fn nothing_goes_out_below_the_floor(fixture: &Fixture) {
    let store = fixture.store.as_ref();
    let mut settlement = fixture.plain("e-1").await;
    let lease = fixture.claim(&settlement).await.lease;
    for change in ready() {
        settlement = fixture.change(&lease, &settlement, &change).await;
    }
    let head = store.head().await.unwrap();
    store.hold_to(Head { sequence: 1, ..head });
    let lost = Adrift::Behind { journal: 0, anchor: 1 };
    for change in [Change::Dispatched, Change::Cancelled, Change::Expired] {
        let after = settlement.after(&change, fixture.now()).unwrap();
        let refused = store.save(&lease, &change, &after, None, None).await;
        assert!(matches!(refused, Err(StoreError::Adrift(found)) if found == lost), "{}", change.name());
    }
    assert_eq!(fixture.stored(&settlement).await, settlement, "nothing was written");
    assert_eq!(store.head().await.unwrap(), head);
    let waits = Change::Delayed { reason: Reason::JournalBehindAnchor, detail: "it waits".to_owned() };
    fixture.change(&lease, &settlement, &waits).await;
}

pub(crate) async fn an_epoch_that_a_repair_begins_leaves_its_record_and_a_refused_one_none(fixture: &Fixture) {
    let store = fixture.store.as_ref();
    let untouched = store.head().await.unwrap();
    assert!(store.begin_epoch(&untouched, 1, None).await.unwrap());
    let begun = store.head().await.unwrap();
    let record = |epoch| {
        journal_repaired(Repaired {
            from: &begun,
            anchored: Some(&untouched),
            why: Some("BEHIND"),
            epoch,
            read_from: None,
            adopted: 3,
            exposed_settlements: 2,
            exposed_trades: 1,
            at: fixture.now(),
        })
    };
    assert!(!store.begin_epoch(&untouched, 2, Some(record(2))).await.unwrap(), "the journal has moved on");
    assert!(store.audit_of("epoch 2").await.unwrap().is_empty());
    assert!(store.begin_epoch(&begun, 2, Some(record(2))).await.unwrap());
    let [kept] = store.audit_of("epoch 2").await.unwrap().try_into().unwrap();
    assert_eq!((kept.kind.as_str(), &kept.content), ("REPAIR", &record(2).content));
    for part in ["\"adopted\":3", "\"former_epoch\":1", "\"why\":\"BEHIND\""] {
        assert!(kept.content.contains(part), "{part}: {}", kept.content);
    }
}
