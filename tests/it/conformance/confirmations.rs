//! Confirmations: one a quote, one quote a payout's name, and saved by who holds the errand alone.

use std::sync::Arc;

use settlement_gateway::domain::amount::Amount;
use settlement_gateway::domain::anchor::{Adrift, Head};
use settlement_gateway::domain::ids::{CallerId, ExternalTxId};
use settlement_gateway::domain::origin::Origin;
use settlement_gateway::domain::quote::{
    Confirmation, ConfirmationAsked, ConfirmationChange, ConfirmationReason, ConfirmationResolution, ConfirmationState, Quote,
    QuoteStatus, Terms, silence,
};
use settlement_gateway::store::{ConfirmationRecorded, ErrandKind, ErrandLease, StoreError};
use tokio::task::JoinSet;

use super::Fixture;
use super::fixture::LEASE;
use super::heads::follows;
use super::quotes::{merchant, quote, tx};
use crate::support::builders::{after_start, start};

fn asked(external_tx_id: &str) -> ConfirmationAsked {
    let amount = |text: &str| Amount::parse(text).unwrap();
    ConfirmationAsked {
        external_tx_id: ExternalTxId::new(external_tx_id).unwrap(),
        accept_partial: true,
        terms: Terms {
            exchange_rate: amount("1.08310000000000000000000000001"),
            destination_amount: amount("1000.10"),
            platform_fee: amount("0.50"),
            expected_source_amount: 92_345,
        },
        caller: CallerId::new("caller-1").unwrap(),
    }
}

impl Fixture {
    pub(super) async fn quoted(&self, tx_id: &str) {
        assert!(self.store.record_quote(&quote(tx_id, QuoteStatus::Quoted, start())).await.unwrap());
    }

    pub(super) async fn confirm(&self, tx_id: &str, external_tx_id: &str) -> ConfirmationRecorded {
        self.store
            .record_confirmation(&merchant("merchant-1"), &tx(tx_id), &asked(external_tx_id), start(), &Origin::default())
            .await
            .unwrap()
    }

    async fn read_quote(&self, tx_id: &str) -> Quote {
        self.store.quote(&merchant("merchant-1"), &tx(tx_id)).await.unwrap().unwrap()
    }

    async fn held(&self) -> ErrandLease {
        self.store.claim_errand(self.now(), LEASE).await.unwrap().unwrap().lease
    }

    /// Saves a change, and the quote that it was saved with.
    async fn changed(&self, lease: &ErrandLease, tx_id: &str, change: ConfirmationChange) -> Quote {
        let quote = after(self.read_quote(tx_id).await, change);
        self.store.save_confirmation(lease, &quote, None).await.unwrap();
        quote
    }

    async fn refused(&self, tx_id: &str) {
        let lease = self.held().await;
        assert_eq!(lease.subject, tx_id);
        self.changed(&lease, tx_id, refusal()).await;
        self.store.release_errand(&lease, None).await.unwrap();
    }
}

fn after(quote: Quote, change: ConfirmationChange) -> Quote {
    let confirmation = quote.confirmation.as_ref().unwrap().after(change, after_start(1)).unwrap();
    Quote { confirmation: Some(confirmation), ..quote }
}

fn refusal() -> ConfirmationChange {
    ConfirmationChange::Refused(ConfirmationReason::Expired, "it lapsed".to_owned())
}

pub(crate) async fn a_confirmation_reads_back_and_its_errand_is_due(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    let ConfirmationRecorded::New(recorded) = fixture.confirm("tx-1", "payout-1").await else { panic!("not new") };
    assert_eq!(recorded.confirmation, Some(Confirmation::new(asked("payout-1"), start())));
    assert_eq!(recorded.sequence, 2);
    assert_eq!(fixture.read_quote("tx-1").await, *recorded);
    let lease = fixture.held().await;
    assert_eq!((lease.kind, lease.subject.as_str()), (ErrandKind::Quote, "tx-1"));
}

pub(crate) async fn a_quote_has_one_confirmation_until_it_is_refused(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    fixture.confirm("tx-1", "payout-1").await;
    let before = fixture.read_quote("tx-1").await;
    let again = fixture.confirm("tx-1", "payout-2").await;
    assert!(matches!(&again, ConfirmationRecorded::Existing(first) if **first == before), "{again:?}");
    assert_eq!(fixture.read_quote("tx-1").await, before, "a repeat writes nothing");
    fixture.refused("tx-1").await;
    let anew = fixture.confirm("tx-1", "payout-2").await;
    let ConfirmationRecorded::New(anew) = anew else { panic!("{anew:?}") };
    let confirmation = anew.confirmation.unwrap();
    assert_eq!((confirmation.state, confirmation.external_tx_id.as_str()), (ConfirmationState::Recorded, "payout-2"));
    assert!(confirmation.revision > before.confirmation.unwrap().revision, "a writer of the first is still refused");
}

pub(crate) async fn a_payouts_name_belongs_to_one_quote_until_that_is_refused(fixture: &Fixture) {
    for tx_id in ["tx-1", "tx-2"] {
        fixture.quoted(tx_id).await;
    }
    fixture.confirm("tx-1", "payout-1").await;
    let taken = fixture.confirm("tx-2", "payout-1").await;
    assert!(matches!(&taken, ConfirmationRecorded::NameTaken(holder) if *holder == tx("tx-1")), "{taken:?}");
    assert_eq!(fixture.read_quote("tx-2").await.confirmation, None);
    fixture.refused("tx-1").await;
    assert!(matches!(fixture.confirm("tx-2", "payout-1").await, ConfirmationRecorded::New(_)));
    let back = fixture.confirm("tx-1", "payout-1").await;
    assert!(matches!(&back, ConfirmationRecorded::NameTaken(holder) if *holder == tx("tx-2")), "{back:?}");
    assert!(matches!(fixture.confirm("tx-1", "payout-3").await, ConfirmationRecorded::New(_)));
}

pub(crate) async fn of_many_at_once_one_confirmation_is_recorded(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    assert_eq!(new_of(fixture, (0..16).map(|number| ("tx-1".to_owned(), format!("payout-{number}"))).collect()).await, 1);
}

pub(crate) async fn of_two_quotes_at_once_one_gets_the_name(fixture: &Fixture) {
    for round in 0..8 {
        let quotes = [format!("tx-{round}-a"), format!("tx-{round}-b")];
        for tx_id in &quotes {
            fixture.quoted(tx_id).await;
        }
        let calls = quotes.map(|tx_id| (tx_id, format!("payout-{round}")));
        assert_eq!(new_of(fixture, calls.to_vec()).await, 1, "round {round}");
    }
}

/// How many of these calls at once record a confirmation.
async fn new_of(fixture: &Fixture, calls: Vec<(String, String)>) -> usize {
    let mut tasks = JoinSet::new();
    for (tx_id, name) in calls {
        let store = Arc::clone(&fixture.store);
        tasks.spawn(async move {
            store.record_confirmation(&merchant("merchant-1"), &tx(&tx_id), &asked(&name), start(), &Origin::default()).await
        });
    }
    let outcomes = tasks.join_all().await.into_iter().map(Result::unwrap);
    outcomes.filter(|outcome| matches!(outcome, ConfirmationRecorded::New(_))).count()
}

pub(crate) async fn every_change_reads_back_with_what_the_venue_says(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    fixture.confirm("tx-1", "payout-1").await;
    let lease = fixture.held().await;
    let unanswered = silence(ConfirmationReason::VenueUnavailable, "it took too long".to_owned());
    let told = ConfirmationChange::Unanswered(
        Some(ConfirmationReason::NotConfirmable),
        ConfirmationReason::NotConfirmable,
        "the venue answered 409".to_owned(),
    );
    let changes =
        [ConfirmationChange::Dispatched, unanswered, ConfirmationChange::Dispatched, told, ConfirmationChange::Confirmed];
    for change in changes {
        let saved = fixture.changed(&lease, "tx-1", change).await;
        let stored = fixture.read_quote("tx-1").await;
        assert_eq!(stored.confirmation, saved.confirmation);
        assert!(stored.sequence > saved.sequence);
    }
    assert_eq!(fixture.read_quote("tx-1").await.confirmation.map(|confirmation| confirmation.attempts), Some(2));
}

pub(crate) async fn whoever_does_not_hold_the_errand_saves_nothing(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    fixture.confirm("tx-1", "payout-1").await;
    let lease = fixture.held().await;
    let before = fixture.read_quote("tx-1").await;
    let dispatched = after(before.clone(), ConfirmationChange::Dispatched);
    fixture.clock.advance(2 * LEASE);
    let taken_over = fixture.held().await;
    for stranger in [lease.clone(), ErrandLease { subject: "tx-2".to_owned(), ..lease }] {
        let outcome = fixture.store.save_confirmation(&stranger, &dispatched, Some(&[7; 32])).await;
        assert!(matches!(outcome, Err(StoreError::Fenced)), "{outcome:?}");
    }
    assert_eq!(fixture.read_quote("tx-1").await, before);
    assert_eq!(fixture.store.quote_by_callback_token(&[7; 32]).await.unwrap(), None);
    fixture.store.save_confirmation(&taken_over, &dispatched, None).await.unwrap();
}

pub(crate) async fn a_change_on_top_of_another_revision_is_refused(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    fixture.confirm("tx-1", "payout-1").await;
    let lease = fixture.held().await;
    let stale = after(fixture.read_quote("tx-1").await, ConfirmationChange::Dispatched);
    fixture.store.save_confirmation(&lease, &stale, None).await.unwrap();
    let outcome = fixture.store.save_confirmation(&lease, &stale, None).await;
    assert!(matches!(outcome, Err(StoreError::Fenced)), "{outcome:?}");
}

pub(crate) async fn what_rests_is_resumed_once_and_due_at_once(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    fixture.confirm("tx-1", "payout-1").await;
    let lease = fixture.held().await;
    let parked = ConfirmationChange::Parked(ConfirmationReason::Unattributed, "nameless".to_owned());
    fixture.changed(&lease, "tx-1", parked).await;
    fixture.store.release_errand(&lease, None).await.unwrap();
    let quote = fixture.read_quote("tx-1").await;
    let again = quote.confirmation.as_ref().unwrap().after(ConfirmationChange::AskedAgain, fixture.now()).unwrap();
    fixture.store.resume_confirmation(&quote, &again).await.unwrap();
    assert_eq!(fixture.read_quote("tx-1").await.confirmation, Some(again.clone()));
    assert!(matches!(fixture.store.resume_confirmation(&quote, &again).await, Err(StoreError::Fenced)));
    assert_eq!(fixture.held().await.subject, "tx-1");
}

pub(crate) async fn a_callbacks_token_finds_its_quote(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    fixture.confirm("tx-1", "payout-1").await;
    let lease = fixture.held().await;
    for (change, token) in [
        (ConfirmationChange::Dispatched, [1; 32]),
        (silence(ConfirmationReason::VenueUnavailable, String::new()), [0; 32]),
        (ConfirmationChange::Dispatched, [2; 32]),
    ] {
        let quote = after(fixture.read_quote("tx-1").await, change);
        fixture.store.save_confirmation(&lease, &quote, (token != [0; 32]).then_some(&token)).await.unwrap();
    }
    let stored = fixture.read_quote("tx-1").await;
    for token in [[1; 32], [2; 32]] {
        assert_eq!(fixture.store.quote_by_callback_token(&token).await.unwrap().as_ref(), Some(&stored), "of either attempt");
    }
    assert_eq!(fixture.store.quote_by_callback_token(&[0; 32]).await.unwrap(), None);
}

pub(crate) async fn what_a_person_decided_reads_back_with_what_the_venue_says(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    fixture.confirm("tx-1", "payout-1").await;
    let lease = fixture.held().await;
    fixture.changed(&lease, "tx-1", ConfirmationChange::Parked(ConfirmationReason::Unattributed, "nameless".to_owned())).await;
    fixture.store.release_errand(&lease, None).await.unwrap();
    let by = CallerId::new("operator").unwrap();
    let why = "\u{2014} asked them".to_owned();
    let resolution = ConfirmationResolution { was_confirmed: true, by, why, at: after_start(3) };
    let parked = fixture.read_quote("tx-1").await;
    let decided = ConfirmationChange::Resolved(resolution);
    let confirmation = parked.confirmation.as_ref().unwrap().after(decided, fixture.now()).unwrap();
    let venue = quote("tx-1", QuoteStatus::Processing, after_start(3)).venue;
    let decided = Quote { venue, read_at: after_start(3), ..parked };
    fixture.store.resume_confirmation(&decided, &confirmation).await.unwrap();
    let stored = fixture.read_quote("tx-1").await;
    assert_eq!((stored.venue, stored.confirmation), (decided.venue, Some(confirmation)));
    assert_eq!(fixture.held().await.subject, "tx-1", "the payout is followed");
}

pub(crate) async fn an_attempt_to_confirm_is_a_link_as_its_refusal_is_and_none_is_made_below_the_floor(fixture: &Fixture) {
    fixture.quoted("tx-1").await;
    fixture.confirm("tx-1", "payout-1").await;
    let lease = fixture.held().await;
    let head = fixture.store.head().await.unwrap();
    assert_eq!(head.sequence, 0, "what is recorded is none");
    fixture.store.hold_to(Head { sequence: 1, ..head });
    let recorded = fixture.read_quote("tx-1").await;
    let sending = after(recorded.clone(), ConfirmationChange::Dispatched);
    let refused = fixture.store.save_confirmation(&lease, &sending, None).await;
    assert!(matches!(refused, Err(StoreError::Adrift(Adrift::Behind { journal: 0, anchor: 1 }))), "{refused:?}");
    assert_eq!(fixture.read_quote("tx-1").await, recorded);
    fixture.store.hold_to(head);
    fixture.changed(&lease, "tx-1", ConfirmationChange::Dispatched).await;
    let linked = follows(fixture.store.as_ref(), &head).await;
    fixture.changed(&lease, "tx-1", silence(ConfirmationReason::VenueUnavailable, "cut".to_owned())).await;
    assert_eq!(fixture.store.head().await.unwrap(), linked, "an answer is none");
    let refused = ConfirmationChange::Refused(ConfirmationReason::NotFound, "it is gone".to_owned());
    fixture.changed(&lease, "tx-1", refused).await;
    follows(fixture.store.as_ref(), &linked).await;
}
