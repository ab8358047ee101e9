use super::*;
use crate::domain::amount::Amount;
use crate::domain::ids::{ConnectionId, Currency};
use crate::domain::signing::Signature;
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-03-18T12:00:00Z".parse().unwrap()
}

fn intent(route: Route) -> Intent {
    let leg = Leg {
        connection_id: ConnectionId::new("a").unwrap(),
        counterparty_connection_id: None,
        currency: Currency::new("BTC").unwrap(),
        amount: Amount::parse("1").unwrap(),
    };
    Intent {
        asked: Asked {
            enterprise_id: EnterpriseId::new("ent").unwrap(),
            external_id: ExternalId::new("e1").unwrap(),
            amounts: SettlementAmounts::new(vec![leg]).unwrap(),
            cutoff: None,
            notes: None,
            nonce: None,
            supersedes: None,
        },
        nonce: Nonce::new("1").unwrap(),
        route,
        amount_unit: AmountUnit::Full,
        key_id: KeyId::new("k").unwrap(),
        caller: CallerId::new("c").unwrap(),
        submit_before: None,
    }
}

fn venue(external_id: &str, status: VenueStatus) -> Box<VenueSettlement> {
    Box::new(VenueSettlement {
        settlement_id: "s1".into(),
        partner_id: "p1".into(),
        external_id: external_id.into(),
        status,
        status_text: status.as_str().into(),
        settlement_type: "offchain".into(),
        reconciled: Some(false),
        disputed: None,
        initiated_by: "u".into(),
        notes: None,
        rt_id: None,
        loss_sla_alert_sent: Some(false),
        gain_sla_alert_sent: Some(false),
        reason: None,
        created_at: None,
        updated_at: None,
        finalized_at: None,
        cutoff_at: None,
    })
}

fn answered(status: u16, settlement: Option<Box<VenueSettlement>>, message: &str) -> DispatchAnswer {
    let error = VenueError { message: Some(message.into()), ..VenueError::default() };
    DispatchAnswer::Answered { status, settlement, error, retry_after_seconds: None, is_proven: true }
}

/// The state that an answer leads to from SUBMITTING, first or after an exposed attempt.
fn after(answer: DispatchAnswer, route: Route, exposed: bool) -> (State, Option<Reason>) {
    let mut progress = signed(route);
    if exposed {
        let lost = Change::Unanswered { refusal: None, reason: Reason::VenueUnavailable, detail: String::new() };
        progress = progress.apply(&Change::Dispatched, route, now()).unwrap().apply(&lost, route, now()).unwrap();
    }
    let submitting = progress.apply(&Change::Dispatched, route, now()).unwrap();
    let change = verdict(answer, &Header::of(&intent(route), now()), submitting.exposed);
    let next = submitting.apply(&change, route, now()).unwrap();
    (next.state, next.reason)
}

fn signed(route: Route) -> Progress {
    let signature = Signature::from_bytes([31; 65]);
    Progress::received(now())
        .apply(&Change::Prepared { payload: "{}".into() }, route, now())
        .and_then(|progress| progress.apply(&Change::Signed { signature, body: vec![1] }, route, now()))
        .unwrap()
}

#[test]
fn the_table_of_answers_holds_on_the_first_attempt_and_after_an_exposed_one() {
    use Reason as R;
    use State as S;
    type Row = (u16, &'static str, (S, R), (S, R));
    let rows: [Row; 13] = [
        (200, "", (S::OutcomeUnknown, R::VenueAnswerInvalid), (S::OutcomeUnknown, R::VenueAnswerInvalid)),
        (400, "bad amounts", (S::NotAccepted, R::VenueRejectedRequest), (S::OutcomeUnknown, R::VenueRejectedRequest)),
        (400, "invalid Signature", (S::NotAccepted, R::VenueRejectedSignature), (S::OutcomeUnknown, R::VenueRejectedSignature)),
        (401, "unauthorized", (S::OutcomeUnknown, R::VenueCredentials), (S::OutcomeUnknown, R::VenueCredentials)),
        (403, "no licence", (S::NotAccepted, R::VenueForbidden), (S::OutcomeUnknown, R::VenueForbidden)),
        (403, "disputes are enabled", (S::NotAccepted, R::DisputesEnabledUseV2), (S::OutcomeUnknown, R::DisputesEnabledUseV2)),
        (404, "", (S::OutcomeUnknown, R::VenueUnavailable), (S::OutcomeUnknown, R::VenueUnavailable)),
        (409, "exists", (S::NeedsOperator, R::VenueConflict), (S::NeedsOperator, R::VenueConflict)),
        (422, "", (S::OutcomeUnknown, R::LiabilitiesExceedBalance), (S::OutcomeUnknown, R::LiabilitiesExceedBalance)),
        (429, "", (S::Signed, R::VenueRateLimited), (S::OutcomeUnknown, R::VenueRateLimited)),
        (500, "", (S::OutcomeUnknown, R::VenueUnavailable), (S::OutcomeUnknown, R::VenueUnavailable)),
        (503, "", (S::OutcomeUnknown, R::VenueUnavailable), (S::OutcomeUnknown, R::VenueUnavailable)),
        (302, "", (S::OutcomeUnknown, R::VenueUnavailable), (S::OutcomeUnknown, R::VenueUnavailable)),
    ];
    for (status, message, first, exposed) in rows {
        let answer = || answered(status, None, message);
        assert_eq!(after(answer(), Route::V1, false), (first.0, Some(first.1)), "{status} {message} first");
        assert_eq!(after(answer(), Route::V1, true), (exposed.0, Some(exposed.1)), "{status} {message} exposed");
    }
}

#[test]
fn a_settlement_in_the_body_is_the_answer_under_each_status_that_may_carry_one() {
    for status in [200, 201, 401, 500] {
        let answer = |venue_status| answered(status, Some(venue("e1", venue_status)), "");
        assert_eq!(after(answer(VenueStatus::Completed), Route::V1, false), (State::Completed, None));
        assert_eq!(after(answer(VenueStatus::Pending), Route::V1, true), (State::Pending, None));
        assert_eq!(after(answer(VenueStatus::Unrecognised), Route::V2, true), (State::Pending, None));
        assert_eq!(after(answer(VenueStatus::Failed), Route::V1, false), (State::AwaitingFunds, Some(Reason::InsufficientFunds)));
        assert_eq!(after(answer(VenueStatus::Rejected), Route::V1, false), (State::Rejected, Some(Reason::RejectedByVenue)));
    }
}

#[test]
fn another_settlements_success_calls_an_operator_and_another_settlements_error_is_unknown() {
    let other = |status| answered(status, Some(venue("e2", VenueStatus::Completed)), "");
    assert_eq!(after(other(200), Route::V1, false), (State::NeedsOperator, Some(Reason::VenueAnsweredOther)));
    assert_eq!(after(other(500), Route::V1, false).0, State::OutcomeUnknown);
    assert_eq!(after(other(401), Route::V1, false).0, State::OutcomeUnknown);
}

#[test]
fn silence_is_unknown_and_a_refused_connection_is_not() {
    let lost = DispatchAnswer::NoAnswer { detail: "time-out".into() };
    assert_eq!(after(lost, Route::V1, false).0, State::OutcomeUnknown);
    let refused = || DispatchAnswer::NotSent { detail: "refused".into() };
    assert_eq!(after(refused(), Route::V1, false).0, State::Signed);
    assert_eq!(after(refused(), Route::V1, true).0, State::OutcomeUnknown);
}

#[test]
fn a_refusal_that_may_be_a_proxys_is_read_back_first() {
    let error = VenueError::default();
    let answer = DispatchAnswer::Answered { status: 403, settlement: None, error, retry_after_seconds: None, is_proven: false };
    assert_eq!(after(answer, Route::V1, false), (State::OutcomeUnknown, Some(Reason::VenueForbidden)));
}

#[test]
fn what_was_being_sent_when_it_was_parked_is_unknown() {
    let submitting = signed(Route::V1).apply(&Change::Dispatched, Route::V1, now()).unwrap();
    let parked = Change::Parked { reason: Reason::TooManyTakeovers, detail: String::new() };
    assert_eq!(submitting.apply(&parked, Route::V1, now()).unwrap().outcome(), Outcome::Unknown);
    let conflict = Change::Parked { reason: Reason::VenueConflict, detail: String::new() };
    assert_eq!(Progress::received(now()).apply(&conflict, Route::V1, now()).unwrap().outcome(), Outcome::Unknown);
}

#[test]
fn what_was_posted_and_refused_is_never_called_unsent_again() {
    let refused = Change::NotAccepted { reason: Reason::VenueForbidden, detail: String::new() };
    let submitting = signed(Route::V1).apply(&Change::Dispatched, Route::V1, now()).unwrap();
    let not_accepted = submitting.apply(&refused, Route::V1, now()).unwrap();
    assert_eq!(not_accepted.outcome(), Outcome::NotCreated);
    let retried = not_accepted.apply(&Change::RetryAsked, Route::V1, now()).unwrap();
    assert!(retried.apply(&Change::Cancelled, Route::V1, now()).is_err());
    assert!(retried.apply(&Change::Expired, Route::V1, now()).is_err());
}

#[test]
fn what_is_superseded_can_never_be_sent_again() {
    let refused = Change::NotAccepted { reason: Reason::VenueForbidden, detail: String::new() };
    let submitting = signed(Route::V1).apply(&Change::Dispatched, Route::V1, now()).unwrap();
    let superseded =
        submitting.apply(&refused, Route::V1, now()).and_then(|p| p.apply(&Change::Superseded, Route::V1, now())).unwrap();
    assert!(superseded.apply(&Change::RetryAsked, Route::V1, now()).is_err());
    assert!(signed(Route::V1).apply(&Change::Superseded, Route::V1, now()).is_err());
}

#[test]
fn only_what_was_never_sent_can_be_cancelled_or_expire() {
    let fresh = Progress::received(now());
    assert_eq!(fresh.apply(&Change::Cancelled, Route::V1, now()).unwrap().state, State::Cancelled);
    assert_eq!(signed(Route::V1).apply(&Change::Expired, Route::V1, now()).unwrap().state, State::Expired);
    let submitting = signed(Route::V1).apply(&Change::Dispatched, Route::V1, now()).unwrap();
    assert!(submitting.apply(&Change::Cancelled, Route::V1, now()).is_err());
    assert!(submitting.apply(&Change::Expired, Route::V1, now()).is_err());
}

#[test]
fn a_failed_settlement_is_retried_on_v1_and_left_to_the_venue_on_v2() {
    for (route, may) in [(Route::V1, true), (Route::V2, false)] {
        let submitting = signed(route).apply(&Change::Dispatched, route, now()).unwrap();
        let failed = submitting.apply(&Change::Taken { venue: venue("e1", VenueStatus::Failed) }, route, now()).unwrap();
        assert_eq!(failed.outcome(), Outcome::Created);
        assert_eq!(failed.apply(&Change::RetryAsked, route, now()).is_ok(), may);
    }
}

fn any_change() -> impl Strategy<Value = Change> {
    let reason = prop_oneof![Just(Reason::VenueForbidden), Just(Reason::VenueUnavailable), Just(Reason::PayloadMismatch)];
    let status = prop_oneof![Just(VenueStatus::Pending), Just(VenueStatus::Completed), Just(VenueStatus::Failed)];
    prop_oneof![
        Just(Change::Prepared { payload: "{}".into() }),
        Just(Change::Signed { signature: Signature::from_bytes([31; 65]), body: vec![] }),
        Just(Change::Dispatched),
        reason.clone().prop_map(|reason| Change::NotSent { reason, detail: String::new() }),
        reason.clone().prop_map(|reason| Change::Unanswered { refusal: None, reason, detail: String::new() }),
        reason.clone().prop_map(|reason| Change::NotAccepted { reason, detail: String::new() }),
        reason.prop_map(|reason| Change::Parked { reason, detail: String::new() }),
        status.prop_map(|status| Change::Taken { venue: venue("e1", status) }),
        Just(Change::Cancelled),
        Just(Change::Expired),
        Just(Change::RetryAsked),
        Just(Change::Superseded),
        Just(Change::Delayed { reason: Reason::VenueUnavailable, detail: String::new() }),
        Just(Change::Exposed { refusal: Some(Reason::JournalRestored), reason: Reason::JournalRestored, detail: String::new() }),
    ]
}

proptest! {
    /// Whatever happens in whatever order: terminal stays, the sequence counts changes, the body is fixed before it is
    /// sent, and nothing that may have been sent is called unsent.
    #[test]
    fn no_order_of_changes_breaks_an_invariant(changes in prop::collection::vec(any_change(), 0..40)) {
        let mut progress = Progress::received(now());
        let mut maybe_at_venue = false;
        for change in changes {
            let before = progress.clone();
            match progress.apply(&change, Route::V1, now()) {
                Ok(next) => {
                    prop_assert!(!before.state.is_terminal());
                    prop_assert_eq!(next.sequence, before.sequence + 1);
                    progress = next;
                }
                Err(_) => continue,
            }
            match &change {
                Change::Dispatched => prop_assert!(progress.signature.is_some()),
                Change::Unanswered { .. } | Change::Taken { .. } | Change::Exposed { .. } => maybe_at_venue = true,
                Change::NotAccepted { .. } | Change::Superseded => maybe_at_venue = false,
                _ => {}
            }
            if maybe_at_venue {
                prop_assert_ne!(progress.outcome(), Outcome::NotSent);
                prop_assert!(progress.apply(&Change::Cancelled, Route::V1, now()).is_err());
            }
            if progress.venue.is_some() {
                prop_assert_eq!(progress.outcome(), Outcome::Created);
            }
        }
    }
}
