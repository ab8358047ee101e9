//! Finished work leaves the journal, and what tells one thing from another stays.

use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::archive::{ArchiveFile, ArchiveKind, ArchiveRecord};
use settlement_gateway::domain::audit::AuditSubject;
use settlement_gateway::domain::ids::Notes;
use settlement_gateway::domain::origin::Origin;
use settlement_gateway::domain::settlement::{Change, OnceRules, Route, Settlement, State, Twice, VenueStatus};
use settlement_gateway::domain::signing::{PayloadDigest, Reservation, Signature, SigningReference};
use settlement_gateway::domain::time::Cutoff;
use settlement_gateway::store::{
    About, Archived, BatchLimits, Delivery, DeliveryOutcome, ErrandKind, ErrandLease, EventQuery, FinishedBatch, JournalSays,
    Material, NewSettlement, Received, Recorded, SettlementName, StoreError, TradeRecorded,
};

use super::fixture::LEASE;
use super::{Fixture, trades};
use crate::support::builders::{amounts, enterprise, external, intent, leg, new_settlement, next_id, start, venue};
use crate::support::standings::{observed, standing};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MANY: BatchLimits = BatchLimits { records: 100, bytes: 1_000_000 };
const PAYLOAD: &str = "{\"a\": 1.0,\n \"b\":\"\u{e9}\\u00e9\"}";
const SETTLEMENTS: ArchiveKind = ArchiveKind::Settlements;

impl Fixture {
    /// The right to archive.
    async fn retention(&self) -> ErrandLease {
        self.store.enlist(ErrandKind::Retention, "journal", self.now()).await.unwrap();
        let claim = self.store.claim_errand(self.now(), LEASE).await.unwrap().unwrap();
        assert_eq!(claim.lease.kind, ErrandKind::Retention);
        claim.lease
    }

    async fn finished(&self, kind: ArchiveKind, before: Timestamp, limits: BatchLimits) -> Option<FinishedBatch> {
        self.store.finished_work(kind, before, limits).await.unwrap()
    }

    /// What is finished by now.
    async fn batch(&self, kind: ArchiveKind) -> FinishedBatch {
        self.finished(kind, self.far(), MANY).await.unwrap()
    }

    fn far(&self) -> Timestamp {
        self.now() + 1_000 * DAY
    }

    async fn leave(&self, lease: &ErrandLease, kind: ArchiveKind, batch: &FinishedBatch) -> Result<bool, StoreError> {
        self.store.archive(lease, &file(kind, batch).mark, &batch.work, self.now()).await
    }

    /// Has everything that is finished leave, and says for which file.
    async fn all_leave(&self, kind: ArchiveKind) -> String {
        let lease = self.retention().await;
        let batch = self.batch(kind).await;
        assert!(self.leave(&lease, kind, &batch).await.unwrap());
        self.store.release_errand(&lease, None).await.unwrap();
        file(kind, &batch).mark.name
    }

    /// A settlement that was withdrawn before anything was done.
    async fn cancelled(&self, external_id: &str) -> Settlement {
        self.ended(new_settlement(intent(external_id)), &[Change::Cancelled]).await
    }

    /// A settlement that is completed and reconciled, with something in every text.
    async fn reconciled(&self, new: NewSettlement) -> Settlement {
        let external_id = new.intent.asked.external_id.to_string();
        let changes = [
            Change::Prepared { payload: PAYLOAD.to_owned() },
            Change::Signed { signature: Signature::from_bytes([7; 65]), body: b"{\"exactly\":\"this\"}".to_vec() },
            Change::Dispatched,
            Change::Taken { venue: Box::new(venue(&external_id, VenueStatus::Completed)) },
            observed(&external_id, VenueStatus::Completed, standing()),
        ];
        self.ended(new, &changes).await
    }

    async fn ended(&self, new: NewSettlement, changes: &[Change]) -> Settlement {
        let mut settlement = self.record(NewSettlement { now: self.now(), ..new }).await;
        let lease = self.claim(&settlement).await.lease;
        for change in changes {
            settlement = self.change(&lease, &settlement, change).await;
        }
        self.store.release(&lease, None).await.unwrap();
        settlement
    }

    async fn by_external_id(&self, external_id: &str) -> Settlement {
        let name = SettlementName::External(external(external_id));
        self.store.settlement(&enterprise(), &name).await.unwrap().unwrap()
    }
}

fn file(kind: ArchiveKind, batch: &FinishedBatch) -> ArchiveFile {
    let records: Vec<ArchiveRecord> = batch.work.iter().map(|work| work.record.clone()).collect();
    ArchiveFile::of(kind, batch.day, &records)
}

fn ids(batch: &FinishedBatch) -> Vec<uuid::Uuid> {
    batch.work.iter().map(|work| work.id).collect()
}

fn events(after: u64) -> EventQuery {
    EventQuery { enterprise_id: enterprise(), external_id: None, states: Vec::new(), after, limit: 100 }
}

/// Where a failure says that something is.
#[track_caller]
fn place<T: std::fmt::Debug>(failed: Result<T, StoreError>) -> Archived {
    match failed {
        Err(StoreError::Archived(place)) => place,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn only_what_is_finished_and_old_enough_is_found_the_oldest_first(fixture: &Fixture) {
    assert_eq!(fixture.finished(SETTLEMENTS, fixture.far(), MANY).await, None);
    let first = fixture.cancelled("first").await;
    fixture.clock.advance(Duration::from_secs(60));
    let second = fixture.reconciled(new_settlement(intent("second"))).await;
    let open = fixture.ended(new_settlement(intent("open")), &[Change::Prepared { payload: "{}".to_owned() }]).await;
    assert_eq!(fixture.finished(SETTLEMENTS, first.progress.updated_at, MANY).await, None, "not before its own end");
    let younger = fixture.finished(SETTLEMENTS, second.progress.updated_at, MANY).await.unwrap();
    assert_eq!(ids(&younger), [first.id]);
    assert_eq!(ids(&fixture.batch(SETTLEMENTS).await), [first.id, second.id]);
    assert!(!open.progress.is_finished());
}

pub(crate) async fn what_is_completed_and_not_reconciled_is_not_found(fixture: &Fixture) {
    let venue = Box::new(venue("e-1", VenueStatus::Completed));
    let signed = Change::Signed { signature: Signature::from_bytes([7; 65]), body: vec![1] };
    let changes = [Change::Prepared { payload: "{}".to_owned() }, signed, Change::Dispatched, Change::Taken { venue }];
    let completed = fixture.ended(new_settlement(intent("e-1")), &changes).await;
    assert_eq!(completed.progress.state, State::Completed);
    assert_eq!(fixture.finished(SETTLEMENTS, fixture.far(), MANY).await, None);
}

pub(crate) async fn a_batch_is_of_one_day_and_bounded_in_records_and_bytes(fixture: &Fixture) {
    for n in 0..5 {
        fixture.cancelled(&format!("today-{n}")).await;
    }
    fixture.clock.advance(DAY);
    fixture.cancelled("tomorrow").await;
    let today = fixture.batch(SETTLEMENTS).await;
    assert_eq!((today.work.len(), today.day.to_string()), (5, "2026-03-18".to_owned()));
    let few = BatchLimits { records: 2, ..MANY };
    assert_eq!(ids(&fixture.finished(SETTLEMENTS, fixture.far(), few).await.unwrap()), ids(&today)[..2]);
    let bytes = today.work[0].record.line.len() + 1;
    let small = BatchLimits { bytes, ..MANY };
    let bounded = fixture.finished(SETTLEMENTS, fixture.far(), small).await.unwrap();
    assert_eq!(bounded.work.len(), 2, "none is added to a batch that is full, and a large one is a batch by itself");
    let mut batches = 0;
    let lease = fixture.retention().await;
    while let Some(batch) = fixture.finished(SETTLEMENTS, fixture.far(), few).await {
        assert!(batch.work.len() <= 2);
        assert!(fixture.leave(&lease, SETTLEMENTS, &batch).await.unwrap());
        batches += 1;
    }
    assert_eq!(batches, 4, "five of one day by two, and one of the next");
    assert_eq!(fixture.store.archive_files("", 100).await.unwrap().len(), 4);
}

pub(crate) async fn a_line_of_the_archive_holds_every_text_digit_for_digit(fixture: &Fixture) {
    let settlement = fixture.reconciled(new_settlement(intent("e-1"))).await;
    let batch = fixture.batch(SETTLEMENTS).await;
    let line: serde_json::Value = serde_json::from_str(&batch.work[0].record.line).unwrap();
    assert_eq!(line["external_id"], "e-1");
    assert_eq!(line["state"], "COMPLETED");
    assert_eq!(line["payload"], PAYLOAD);
    assert_eq!(line["body"], "{\"exactly\":\"this\"}");
    assert_eq!(line["legs"][0], serde_json::json!(["connection-1", null, "BTC", "1.50"]));
    assert_eq!(line["signature"], settlement.progress.signature.unwrap().to_hex());
    assert_eq!(line["standing"]["final_amounts"][0][3], "-99.5");
    let changes = line["changes"].as_array().unwrap();
    assert_eq!(changes.len() as u64, settlement.progress.sequence);
    assert_eq!((&changes[0]["change"], &changes[0]["place"]), (&"RECEIVED".into(), &1.into()));
    let (state, totals) = batch.work[0].record.settled.clone().unwrap();
    assert_eq!((state, totals[0].sum.as_str(), totals[1].sum.as_str()), (State::Completed, "1.5", "-99.5"));
}

pub(crate) async fn what_has_left_is_known_and_its_texts_are_said_to_be_in_the_archive(fixture: &Fixture) {
    let before = fixture.reconciled(new_settlement(intent("e-1"))).await;
    let name = fixture.all_leave(SETTLEMENTS).await;
    let after = Settlement { archived_in: Some(name.clone()), ..before.clone() };
    assert_eq!(fixture.by_external_id("e-1").await, after);
    assert_eq!(fixture.stored(&before).await, after);
    let in_file = Archived::InFile(name.clone());
    assert_eq!(place(fixture.store.intent(before.id).await), in_file);
    assert_eq!(fixture.store.material(before.id).await.unwrap(), Material::default());
    assert_eq!(fixture.store.standing(before.id).await.unwrap(), None);
    assert_eq!(fixture.store.timeline(before.id, 100).await.unwrap(), []);
    let of_one = EventQuery { external_id: Some(external("e-1")), ..events(0) };
    assert_eq!(place(fixture.store.settlement_events(&of_one).await), in_file);
    assert_eq!(fixture.finished(SETTLEMENTS, fixture.far(), MANY).await, None, "it leaves once");
    let (id, last) = (before.id, before.progress.sequence);
    for sequence in 1..=last {
        let says = fixture.store.journal_of(&AuditSubject::Settlement { id, sequence }).await.unwrap();
        assert_eq!(says, JournalSays::Passed, "its audit records find no line, and that is right");
    }
    let beyond = AuditSubject::Settlement { id, sequence: last + 1 };
    assert_eq!(fixture.store.journal_of(&beyond).await.unwrap(), JournalSays::Nothing);
    let files = fixture.store.archive_files("", 100).await.unwrap();
    assert_eq!(files.iter().map(|mark| (mark.name.as_str(), mark.records)).collect::<Vec<_>>(), [(name.as_str(), 1)]);
    assert_eq!(fixture.store.archive_files(&name, 100).await.unwrap(), []);
}

pub(crate) async fn an_external_id_stays_taken_whatever_is_asked_under_it(fixture: &Fixture) {
    let first = fixture.reconciled(new_settlement(intent("e-1"))).await;
    fixture.all_leave(SETTLEMENTS).await;
    let stored = fixture.stored(&first).await;
    let mut other = intent("e-1");
    other.asked.amounts = amounts(vec![leg("elsewhere", "ETH", "7")]);
    for again in [intent("e-1"), other.clone()] {
        let recorded = fixture.store.record_settlement(new_settlement(again)).await.unwrap();
        assert!(matches!(recorded, Recorded::Existing(ref found) if **found == stored), "{recorded:?}");
    }
    assert_eq!(stored.header.differences(&intent("e-1").asked), Vec::<&str>::new());
    assert_eq!(stored.header.differences(&other.asked), ["settlement_amounts"]);
    other.asked.notes = Some(Notes::new("another").unwrap());
    assert_eq!(stored.header.differences(&other.asked), ["settlement_amounts", "notes"]);
}

pub(crate) async fn the_rules_against_settling_twice_count_what_has_left(fixture: &Fixture) {
    let cutoff = Some(Cutoff::new("2026-03-18T12:00:00Z".parse().unwrap()).unwrap());
    let mut first = intent("first");
    (first.route, first.asked.cutoff) = (Route::V2, cutoff);
    fixture.reconciled(new_settlement(first.clone())).await;
    fixture.all_leave(SETTLEMENTS).await;
    let mut again = first;
    again.asked.external_id = external("again");
    let strict = |once| NewSettlement { once, now: fixture.now(), ..new_settlement(again.clone()) };
    let increasing = OnceRules { cutoff_must_increase: true, ..OnceRules::NONE };
    let a_day = OnceRules { duplicate_window: Some(DAY), ..OnceRules::NONE };
    for (rules, is_refused) in [
        (increasing, (|twice: &Twice| matches!(twice, Twice::CutoffNotIncreasing { .. })) as fn(&Twice) -> bool),
        (a_day, |twice| matches!(twice, Twice::SameAmounts { .. })),
    ] {
        match fixture.store.record_settlement(strict(rules)).await.unwrap() {
            Recorded::Twice(twice) => assert!(is_refused(&twice), "{twice:?}"),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn a_signing_reference_keeps_its_payload_when_its_settlement_has_left(fixture: &Fixture) {
    let settlement = fixture.reconciled(new_settlement(intent("e-1"))).await;
    let reference = SigningReference::Settlement {
        key: settlement.header.key_id.clone(),
        enterprise: enterprise(),
        external_id: external("e-1"),
    };
    let (first, second) = (PayloadDigest::of("first"), PayloadDigest::of("second"));
    fixture.store.reserve(&reference, first).await.unwrap();
    let signed = fixture.store.record(&reference, first, Signature::from_bytes([1; 65])).await.unwrap();
    let head = fixture.store.head().await.unwrap();
    fixture.all_leave(SETTLEMENTS).await;
    assert_eq!(fixture.store.reserve(&reference, second).await.unwrap(), Reservation::Conflict { holder: first });
    assert_eq!(fixture.store.reserve(&reference, first).await.unwrap(), Reservation::Signed(signed));
    assert_eq!(fixture.store.head().await.unwrap(), head);
    assert_eq!(fixture.store.link_at(head.sequence).await.unwrap(), Some(head.link));
}

pub(crate) async fn no_reader_passes_over_changes_that_have_left(fixture: &Fixture) {
    let open = fixture.plain("open").await;
    let gone = fixture.cancelled("gone").await;
    fixture.clock.advance(DAY);
    let later = fixture.cancelled("later").await;
    let lease = fixture.retention().await;
    let batch = fixture.batch(SETTLEMENTS).await;
    assert_eq!(ids(&batch), [gone.id]);
    assert!(fixture.leave(&lease, SETTLEMENTS, &batch).await.unwrap());
    // Places: 1 open, 2 and 3 gone, 4 and 5 later.
    for after in 0..3 {
        assert_eq!(place(fixture.store.settlement_events(&events(after)).await), Archived::ChangesUpTo(3));
    }
    let rest = fixture.store.settlement_events(&events(3)).await.unwrap();
    assert_eq!(
        rest.events.iter().map(|event| (event.place, event.settlement)).collect::<Vec<_>>(),
        [(4, later.id), (5, later.id)]
    );
    let of_open = EventQuery { external_id: Some(external("open")), ..events(0) };
    let told = fixture.store.settlement_events(&of_open).await.unwrap();
    assert_eq!(told.events.iter().map(|event| event.settlement).collect::<Vec<_>>(), [open.id], "its own are all here");
    let other = EventQuery { enterprise_id: "enterprise-2".parse().unwrap(), ..events(0) };
    assert!(fixture.store.settlement_events(&other).await.is_ok());
}

pub(crate) async fn of_two_that_archive_the_same_one_does(fixture: &Fixture) {
    let settlement = fixture.cancelled("e-1").await;
    let batch = fixture.batch(SETTLEMENTS).await;
    let late = fixture.retention().await;
    fixture.clock.advance(LEASE);
    let lease = fixture.store.claim_errand(fixture.now(), LEASE).await.unwrap().unwrap().lease;
    assert!(matches!(fixture.leave(&late, SETTLEMENTS, &batch).await, Err(StoreError::Fenced)));
    assert_eq!(fixture.stored(&settlement).await.archived_in, None);
    assert!(fixture.leave(&lease, SETTLEMENTS, &batch).await.unwrap());
    assert!(!fixture.leave(&lease, SETTLEMENTS, &batch).await.unwrap(), "nothing of it is here any more");
    assert_eq!(fixture.store.archive_files("", 100).await.unwrap().len(), 1);
}

pub(crate) async fn what_is_not_as_it_was_read_stays_whole_with_all_of_its_batch(fixture: &Fixture) {
    let first = fixture.cancelled("first").await;
    let second = fixture.cancelled("second").await;
    let lease = fixture.retention().await;
    let mut batch = fixture.batch(SETTLEMENTS).await;
    batch.work[1].sequence += 1;
    assert!(!fixture.leave(&lease, SETTLEMENTS, &batch).await.unwrap());
    for settlement in [first, second] {
        assert_eq!(fixture.stored(&settlement).await, settlement);
        assert!(fixture.store.intent(settlement.id).await.is_ok());
        assert_eq!(fixture.store.timeline(settlement.id, 10).await.unwrap().len(), 2);
    }
    assert_eq!(fixture.store.archive_files("", 100).await.unwrap(), []);
    assert!(fixture.store.settlement_events(&events(0)).await.is_ok());
}

pub(crate) async fn a_call_of_a_venue_leaves_once_it_was_acted_on(fixture: &Fixture) {
    let delivery = |key: u8| Delivery {
        id: next_id(),
        lane: "bitgo /finalize".to_owned(),
        key: [key; 32],
        about: About::Settlements { enterprises: vec![enterprise()], names: vec!["e-1".to_owned()] },
        body: vec![0, 255, b'{', key],
        received_at: start(),
    };
    let deliveries = [delivery(1), delivery(2)];
    for delivery in &deliveries {
        assert_eq!(fixture.store.receive(delivery).await.unwrap(), Received::New);
    }
    let lane = fixture.store.claim_errand(fixture.now(), LEASE).await.unwrap().unwrap();
    fixture.store.close_delivery(&lane.lease, deliveries[0].id, DeliveryOutcome::Named, fixture.now()).await.unwrap();
    let batch = fixture.batch(ArchiveKind::Deliveries).await;
    assert_eq!(ids(&batch), [deliveries[0].id]);
    let line: serde_json::Value = serde_json::from_str(&batch.work[0].record.line).unwrap();
    assert_eq!((&line["outcome"], &line["body_bytes"]), (&"NAMED".into(), &serde_json::json!([0, 255, 123, 1])));
    fixture.all_leave(ArchiveKind::Deliveries).await;
    assert_eq!(fixture.finished(ArchiveKind::Deliveries, fixture.far(), MANY).await, None);
    assert_eq!(fixture.store.waiting_deliveries("bitgo /finalize", 9).await.unwrap(), [deliveries[1].clone()]);
}

pub(crate) async fn the_changes_of_a_trade_write_leave_and_the_write_stays(fixture: &Fixture) {
    let ended = trades::ended(fixture).await;
    let batch = fixture.batch(ArchiveKind::Trades).await;
    assert_eq!(ids(&batch), [ended.id]);
    let line: serde_json::Value = serde_json::from_str(&batch.work[0].record.line).unwrap();
    assert_eq!((&line["request_id"], &line["state"]), (&"r-ended".into(), &"NOT_ACCEPTED".into()));
    assert_eq!(line["changes"].as_array().unwrap().len(), 3);
    let name = fixture.all_leave(ArchiveKind::Trades).await;
    assert_eq!(fixture.store.trade_by_id(ended.id).await.unwrap(), Some(ended.clone()));
    assert!(matches!(fixture.store.record_trade(&ended, &Origin::default()).await.unwrap(), TradeRecorded::Existing(_)));
    assert_eq!(place(fixture.store.trade_events(ended.id, 0, 10).await), Archived::InFile(name));
    let record = AuditSubject::Trade { id: ended.id, sequence: 2 };
    assert_eq!(fixture.store.journal_of(&record).await.unwrap(), JournalSays::Passed);
    assert_eq!(fixture.finished(ArchiveKind::Trades, fixture.far(), MANY).await, None);
}
