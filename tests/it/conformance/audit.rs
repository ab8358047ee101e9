//! The audit chain: no change, reservation or signature without its record, and one chain whoever chains.

use std::collections::BTreeSet;
use std::sync::Arc;

use settlement_gateway::domain::audit::{AuditHead, AuditKind, AuditSubject, ChainLink, ChainedRecord, Refusal, Verifier};
use settlement_gateway::domain::ids::{CallerId, KeyId};
use settlement_gateway::domain::settlement::Change;
use settlement_gateway::domain::signing::{PayloadDigest, Signature, SigningReference};
use settlement_gateway::service::check_audit;
use settlement_gateway::store::{AuditLag, Chained, Store};
use tokio::task::JoinSet;

use super::Fixture;
use crate::support::builders::{enterprise, external, intent, new_settlement};

fn refusal(n: u32) -> Refusal {
    Refusal {
        caller: CallerId::new("caller-1").unwrap(),
        rpc: "SigningService/SignPayload".to_owned(),
        reason: format!("REASON_{n}"),
        name: None,
        key_id: None,
        payload_digest: None,
        at: crate::support::builders::start(),
    }
}

fn reference(external_id: &str) -> SigningReference {
    let key = KeyId::new("key-1").unwrap();
    SigningReference::Settlement { key, enterprise: enterprise(), external_id: external(external_id) }
}

impl Fixture {
    /// Chains everything that waits and reads the whole chain.
    pub(super) async fn chained(&self) -> Vec<ChainedRecord> {
        while !matches!(self.store.chain_audit(100).await.unwrap(), Chained::Added { count: 0, .. }) {}
        whole(self.store.as_ref()).await
    }

    async fn kinds_of(&self, subject: &str) -> Vec<String> {
        self.store.audit_of(subject).await.unwrap().into_iter().map(|record| record.kind).collect()
    }
}

/// Whatever was done: every line of the journal has its record, and every record its line.
pub(crate) async fn agrees_with_the_journal(fixture: &Fixture) {
    let report = check_audit(fixture.store.as_ref(), Vec::new()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

async fn whole(store: &dyn Store) -> Vec<ChainedRecord> {
    let mut records: Vec<ChainedRecord> = Vec::new();
    loop {
        let after = records.last().map_or(0, |last| last.position);
        let page = store.audit_chain(after, 64).await.unwrap();
        if page.is_empty() {
            return records;
        }
        records.extend(page.into_iter().map(readable));
    }
}

fn readable(link: ChainLink) -> ChainedRecord {
    match link {
        ChainLink::Record(chained) => chained,
        ChainLink::Unreadable { position } => panic!("record {position} cannot be read"),
    }
}

fn verify(records: &[ChainedRecord], head: AuditHead) {
    let mut verifier = Verifier::new(AuditHead::EMPTY, vec![head]);
    records.iter().for_each(|record| verifier.take(&ChainLink::Record(record.clone())));
    let verified = verifier.finish();
    assert_eq!((verified.fault_count, verified.head), (0, head), "{:?}", verified.faults);
}

pub(crate) async fn every_change_of_a_settlement_leaves_its_record(fixture: &Fixture) {
    let mut settlement = fixture.plain("e-1").await;
    let claim = fixture.claim(&settlement).await;
    let signed = Change::Signed { signature: Signature::from_bytes([7; 65]), body: b"body".to_vec() };
    for change in [Change::Prepared { payload: "{}".to_owned() }, signed, Change::Dispatched] {
        settlement = fixture.change(&claim.lease, &settlement, &change).await;
    }
    let records = fixture.chained().await;
    let said: Vec<_> = records.iter().map(|chained| (&*chained.record.kind, &*chained.record.subject)).collect();
    let subjects: Vec<_> = (1..=4).map(|sequence| AuditSubject::Settlement { id: settlement.id, sequence }.to_text()).collect();
    let expected: Vec<_> = subjects.iter().map(|subject| (AuditKind::Change.as_str(), subject.as_str())).collect();
    assert_eq!(said, expected);
    let content = &records[2].record.content;
    let body_digest = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5";
    for part in ["\"change\":\"SIGNED\"", &"07".repeat(65), body_digest, &PayloadDigest::of("{}").to_hex()] {
        assert!(content.contains(part), "{part}: {content}");
    }
    assert!(records[0].record.content.contains("\"caller\":\"caller-1\""), "{}", records[0].record.content);
}

pub(crate) async fn a_reservation_and_its_signature_leave_their_records_once(fixture: &Fixture) {
    let (reference, digest) = (reference("e-1"), PayloadDigest::of("payload"));
    let subject = AuditSubject::Reference(reference.to_text()).to_text();
    for _ in 0..2 {
        fixture.store.reserve(&reference, digest).await.unwrap();
        fixture.store.reserve(&reference, PayloadDigest::of("other")).await.unwrap();
        assert_eq!(fixture.kinds_of(&subject).await, ["RESERVATION"]);
    }
    for byte in [1, 2] {
        fixture.store.record(&reference, digest, Signature::from_bytes([byte; 65])).await.unwrap();
        assert_eq!(fixture.kinds_of(&subject).await, ["RESERVATION", "SIGNATURE"]);
    }
    let records = fixture.store.audit_of(&subject).await.unwrap();
    assert!(records[0].content.contains(&digest.to_hex()), "{records:?}");
    assert!(records[1].content.contains(&"01".repeat(65)), "the signature that counts: {records:?}");
}

pub(crate) async fn of_many_signatures_at_once_one_is_recorded(fixture: &Fixture) {
    let (reference, digest) = (reference("e-1"), PayloadDigest::of("payload"));
    fixture.store.reserve(&reference, digest).await.unwrap();
    let mut tasks = JoinSet::new();
    for byte in 0_u8..16 {
        let (store, reference) = (Arc::clone(&fixture.store), reference.clone());
        tasks.spawn(async move { store.record(&reference, digest, Signature::from_bytes([byte; 65])).await.unwrap() });
    }
    let told: BTreeSet<_> = tasks.join_all().await.into_iter().map(|record| record.signature.to_hex()).collect();
    assert_eq!(told.len(), 1);
    let records = fixture.store.audit_of(&AuditSubject::Reference(reference.to_text()).to_text()).await.unwrap();
    assert_eq!(records.len(), 2);
    assert!(records[1].content.contains(told.first().unwrap()), "{records:?}");
}

pub(crate) async fn what_changes_nothing_leaves_no_record(fixture: &Fixture) {
    let settlement = fixture.plain("e-1").await;
    let before = fixture.chained().await.len();
    fixture.store.record_settlement(new_settlement(intent("e-1"))).await.unwrap();
    fixture.store.rehearse_settlement(new_settlement(intent("e-2"))).await.unwrap();
    let claim = fixture.claim(&settlement).await;
    fixture.store.release(&claim.lease, None).await.unwrap();
    let change = Change::Cancelled;
    let after = settlement.after(&change, fixture.now()).unwrap();
    fixture.store.save(&claim.lease, &change, &after, None, None).await.unwrap_err();
    let (reference, digest) = (reference("e-1"), PayloadDigest::of("payload"));
    fixture.store.record(&reference, digest, Signature::from_bytes([1; 65])).await.unwrap_err();
    assert_eq!(fixture.chained().await.len(), before);
}

pub(crate) async fn records_are_chained_in_batches_into_one_chain_that_verifies(fixture: &Fixture) {
    assert_eq!(fixture.store.audit_head().await.unwrap(), AuditHead::EMPTY);
    assert_eq!(fixture.store.audit_lag().await.unwrap(), AuditLag { waiting: 0, oldest: None });
    for n in 0..7 {
        fixture.store.record_audit(&refusal(n).entry()).await.unwrap();
    }
    let lag = fixture.store.audit_lag().await.unwrap();
    assert_eq!((lag.waiting, lag.oldest), (7, Some(refusal(0).at)));
    assert_eq!(fixture.store.audit_waiting(None, 100).await.unwrap().len(), 7);
    let mut counts = Vec::new();
    for _ in 0..4 {
        let Chained::Added { count, head } = fixture.store.chain_audit(3).await.unwrap() else {
            panic!("nobody else is chaining")
        };
        assert_eq!(head, fixture.store.audit_head().await.unwrap());
        counts.push(count);
    }
    assert_eq!(counts, [3, 3, 1, 0]);
    assert_eq!(fixture.store.audit_lag().await.unwrap().waiting, 0);
    let records = whole(fixture.store.as_ref()).await;
    let positions: Vec<_> = records.iter().map(|record| record.position).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6, 7]);
    verify(&records, fixture.store.audit_head().await.unwrap());
}

pub(crate) async fn of_many_that_chain_while_others_record_one_chain_comes(fixture: &Fixture) {
    const WRITERS: u32 = 4;
    const RECORDS: u32 = 40;
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&fixture.store);
        tasks.spawn(async move {
            for n in 0..RECORDS {
                store.record_audit(&refusal(writer * RECORDS + n).entry()).await.unwrap();
            }
        });
    }
    for _ in 0..3 {
        let store = Arc::clone(&fixture.store);
        tasks.spawn(async move {
            for _ in 0..30 {
                store.chain_audit(5).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    tasks.join_all().await;
    let records = fixture.chained().await;
    assert_eq!(records.len(), (WRITERS * RECORDS) as usize);
    let ids: BTreeSet<_> = records.iter().map(|record| record.record.id).collect();
    assert_eq!(ids.len(), records.len(), "each stands in it once");
    verify(&records, fixture.store.audit_head().await.unwrap());
}
