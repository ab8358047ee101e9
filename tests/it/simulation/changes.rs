//! Random changes of a settlement.

use proptest::prelude::*;
use settlement_gateway::domain::settlement::{Change, Concern, Decision, Reason, Standing, VenueStatus};
use settlement_gateway::domain::signing::Signature;

use crate::support::builders::{after_start, venue};
use crate::support::standings::standing;

/// The name of the settlement that the venue shows.
pub(super) const SHOWN: &str = "shown";

const REASONS: [Reason; 6] = [
    Reason::VenueForbidden,
    Reason::VenueUnavailable,
    Reason::VenueConflict,
    Reason::VenueRejectedRequest,
    Reason::LiabilitiesExceedBalance,
    Reason::TooManyTakeovers,
];
const STATUSES: [VenueStatus; 5] =
    [VenueStatus::Pending, VenueStatus::Failed, VenueStatus::Unrecognised, VenueStatus::Completed, VenueStatus::Rejected];

fn any_reason() -> impl Strategy<Value = Reason> {
    prop::sample::select(&REASONS[..])
}

fn any_status() -> impl Strategy<Value = VenueStatus> {
    prop::sample::select(&STATUSES[..])
}

fn observed(status: VenueStatus, is_final: bool, needs_operator: Option<bool>) -> Change {
    let standing = standing();
    let reconciliation = standing.reconciliation.clone().filter(|_| is_final && status == VenueStatus::Completed);
    let concern = |needs_operator| Concern { detail: "it differs".to_owned(), is_new: true, needs_operator };
    Change::Observed {
        venue: Box::new(venue(SHOWN, status)),
        standing: Box::new(Standing { reconciliation, ..standing }),
        details_due_at: after_start(1_000),
        concern: needs_operator.map(concern),
    }
}

/// Any change; what carries a settlement on comes most often.
pub(super) fn any_change() -> impl Strategy<Value = Change> {
    let detail = || "a sentence".to_owned();
    let decision = prop_oneof![
        Just(Decision::GoOn),
        any_status().prop_map(|status| Decision::Adopted(Box::new(venue(SHOWN, status)))),
        Just(Decision::NotCreated),
    ];
    prop_oneof![
        4 => "[a-c]{1,3}".prop_map(|payload| Change::Prepared { payload }),
        5 => any::<[u8; 2]>().prop_map(|body| Change::Signed { signature: Signature::from_bytes([body[0]; 65]), body: body.to_vec() }),
        8 => Just(Change::Dispatched),
        2 => any_reason().prop_map(move |reason| Change::NotSent { reason, detail: detail() }),
        4 => (any_reason(), any::<bool>()).prop_map(move |(reason, refused)| {
            Change::Unanswered { refusal: refused.then_some(reason), reason, detail: detail() }
        }),
        4 => any_status().prop_map(|status| Change::Taken { venue: Box::new(venue(SHOWN, status)) }),
        4 => (any_status(), any::<bool>(), any::<Option<bool>>()).prop_map(|(status, is_final, person)| observed(status, is_final, person)),
        2 => any_reason().prop_map(move |reason| Change::NotAccepted { reason, detail: detail() }),
        1 => any_reason().prop_map(move |reason| Change::Parked { reason, detail: detail() }),
        1 => Just(Change::Cancelled),
        1 => Just(Change::Expired),
        3 => Just(Change::RetryAsked),
        1 => Just(Change::Superseded),
        2 => decision.prop_map(move |decision| Change::Resolved { decision, detail: detail() }),
        1 => (any_reason(), any::<bool>()).prop_map(move |(reason, refused)| {
            Change::Exposed { refusal: refused.then_some(reason), reason, detail: detail() }
        }),
        1 => any_reason().prop_map(move |reason| Change::Delayed { reason, detail: detail() }),
    ]
}
