//! Whatever the state machine does is read back as it was.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use settlement_gateway::domain::settlement::{Change, Reason, VenueSettlement, VenueStatus};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::store::Material;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::Fixture;
use crate::support::builders::{next_id, venue};

const CASES: u32 = 48;

/// Any text without a NUL: PostgreSQL keeps none, and neither JSON nor a text that was made printable holds one.
const TEXT: &str = "[^\\x00]{0,60}";

fn any_reason() -> impl Strategy<Value = Reason> {
    prop::sample::select(vec![Reason::VenueForbidden, Reason::VenueUnavailable, Reason::PayloadMismatch, Reason::KeyUnavailable])
}

fn any_venue() -> impl Strategy<Value = Box<VenueSettlement>> {
    let status = prop::sample::select(vec![VenueStatus::Pending, VenueStatus::Failed, VenueStatus::Unrecognised]);
    let texts = (".{0,20}", ".{0,20}", prop::option::of(".{0,20}"), prop::option::of(any::<bool>()));
    (status, texts).prop_map(|(status, (id, status_text, notes, flag))| {
        let known = venue("e", status);
        Box::new(VenueSettlement { settlement_id: id, status_text, notes, reconciled: flag, disputed: flag, ..known })
    })
}

fn any_change() -> impl Strategy<Value = Change> {
    let why = || (any_reason(), TEXT);
    prop_oneof![
        2 => TEXT.prop_map(|payload| Change::Prepared { payload }),
        3 => (any::<[u8; 32]>(), prop::collection::vec(any::<u8>(), 0..80)).prop_map(|(half, body)| Change::Signed {
            signature: Signature::from_bytes(std::array::from_fn(|n| half[n % 32])),
            body,
        }),
        5 => Just(Change::Dispatched),
        1 => why().prop_map(|(reason, detail)| Change::NotSent { reason, detail }),
        2 => (why(), any::<bool>()).prop_map(|((reason, detail), silent)| {
            let refusal = (!silent).then_some(reason);
            Change::Unanswered { refusal, reason, detail }
        }),
        2 => any_venue().prop_map(|venue| Change::Taken { venue }),
        1 => why().prop_map(|(reason, detail)| Change::NotAccepted { reason, detail }),
        1 => why().prop_map(|(reason, detail)| Change::Delayed { reason, detail }),
        1 => Just(Change::RetryAsked),
    ]
}

/// Applies what the state machine allows, saves it and reads everything back.
async fn follow(fixture: &Fixture, changes: Vec<Change>) -> Result<(), TestCaseError> {
    let mut settlement = fixture.plain(&next_id().to_string()).await;
    let lease = fixture.claim(&settlement).await.lease;
    let mut material = Material::default();
    let mut told = 1;
    for change in changes {
        if settlement.after(&change, fixture.now()).is_err() {
            continue;
        }
        settlement = fixture.change(&lease, &settlement, &change).await;
        told += 1;
        match change {
            Change::Prepared { payload } => material.payload = Some(payload),
            Change::Signed { body, .. } => material.body = Some(body),
            _ => {}
        }
        prop_assert_eq!(&fixture.stored(&settlement).await, &settlement);
    }
    prop_assert_eq!(fixture.store.material(settlement.id).await.unwrap(), material);
    prop_assert_eq!(fixture.store.timeline(settlement.id, 100).await.unwrap().len(), told);
    Ok(())
}

pub(crate) async fn random_changes_read_back_as_they_were_applied(fixture: &Fixture) {
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let run = |changes| block_in_place(|| Handle::current().block_on(follow(fixture, changes)));
    runner.run(&prop::collection::vec(any_change(), 0..40), run).unwrap();
}
