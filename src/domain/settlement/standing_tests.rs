use super::*;

fn now() -> Timestamp {
    "2026-03-18T12:00:00Z".parse().unwrap()
}

fn venue(status: VenueStatus) -> Box<VenueSettlement> {
    Box::new(VenueSettlement {
        settlement_id: "s1".into(),
        partner_id: "p1".into(),
        external_id: "e1".into(),
        status,
        status_text: status.as_str().into(),
        settlement_type: "offchain".into(),
        reconciled: Some(false),
        disputed: None,
        initiated_by: "u".into(),
        notes: None,
        rt_id: None,
        loss_sla_alert_sent: None,
        gain_sla_alert_sent: None,
        reason: None,
        created_at: None,
        updated_at: None,
        finalized_at: None,
        cutoff_at: None,
    })
}

fn at_venue(status: VenueStatus) -> Progress {
    let submitting = Progress { state: State::Submitting, ..Progress::received(now()) };
    submitting.apply(&Change::Taken { venue: venue(status) }, Route::V2, now()).unwrap()
}

fn reconciled(status: Reconciled) -> Standing {
    let reconciliation = Reconciliation { status, differences: Vec::new(), difference_count: 0, open_transfers: 1, at: now() };
    Standing { reconciliation: Some(reconciliation), ..Standing::default() }
}

fn observed(status: VenueStatus, standing: Standing, concern: Option<Concern>) -> Change {
    Change::Observed { venue: venue(status), standing: Box::new(standing), details_due_at: now(), concern }
}

fn apply(progress: &Progress, change: &Change) -> Result<Progress, IllegalChange> {
    progress.apply(change, Route::V2, now())
}

fn concern(needs_operator: bool) -> Option<Concern> {
    Some(Concern { detail: "another amount".into(), is_new: true, needs_operator })
}

#[test]
fn a_look_leads_to_what_the_venue_says() {
    for (status, state) in [
        (VenueStatus::Pending, State::Pending),
        (VenueStatus::Unrecognised, State::Pending),
        (VenueStatus::Failed, State::AwaitingFunds),
        (VenueStatus::Completed, State::Completed),
        (VenueStatus::Rejected, State::Rejected),
    ] {
        for before in [VenueStatus::Pending, VenueStatus::Failed] {
            let after = apply(&at_venue(before), &observed(status, Standing::default(), None)).unwrap();
            assert_eq!((after.state, after.reconciled), (state, None), "{status:?}");
            assert_eq!(after.is_followed(), state != State::Rejected);
        }
    }
}

#[test]
fn a_completed_settlement_is_followed_until_it_is_reconciled_and_never_anything_else_again() {
    let completed = at_venue(VenueStatus::Completed);
    assert!(completed.is_followed() && !completed.is_finished() && completed.state.is_terminal());
    for status in [VenueStatus::Pending, VenueStatus::Failed, VenueStatus::Rejected] {
        assert!(apply(&completed, &observed(status, Standing::default(), None)).is_err(), "{status:?}");
    }
    let finished = apply(&completed, &observed(VenueStatus::Completed, reconciled(Reconciled::Matched), None)).unwrap();
    assert_eq!((finished.state, finished.reconciled, finished.reason), (State::Completed, Some(Reconciled::Matched), None));
    assert!(finished.is_finished() && !finished.is_followed());
    assert!(apply(&finished, &observed(VenueStatus::Completed, reconciled(Reconciled::Mismatch), None)).is_err());
}

#[test]
fn a_mismatch_is_a_completed_settlement_with_a_reason() {
    let completed = at_venue(VenueStatus::Completed);
    let after = apply(&completed, &observed(VenueStatus::Completed, reconciled(Reconciled::Mismatch), None)).unwrap();
    assert_eq!((after.state, after.reason), (State::Completed, Some(Reason::ReconciliationMismatch)));
    assert_eq!(after.detail.as_deref(), Some("0 differences, 1 open transfers"));
    assert_eq!(after.outcome(), Outcome::Created);
}

#[test]
fn changed_amounts_are_recorded_or_parked_before_the_end_and_not_after_it() {
    let pending = at_venue(VenueStatus::Pending);
    let look = |status, needs_operator| apply(&pending, &observed(status, Standing::default(), concern(needs_operator))).unwrap();
    let recorded = look(VenueStatus::Pending, false);
    assert_eq!((recorded.state, recorded.reason), (State::Pending, Some(Reason::FinalAmountsChanged)));
    let parked = look(VenueStatus::Pending, true);
    assert_eq!((parked.state, parked.reason), (State::NeedsOperator, Some(Reason::FinalAmountsChanged)));
    assert_eq!(look(VenueStatus::Completed, true).state, State::Completed, "it is too late to ask");
    let short = look(VenueStatus::Failed, false);
    assert_eq!(short.reason, Some(Reason::InsufficientFunds), "what is to be done comes first");
}

#[test]
fn nothing_is_observed_of_what_the_venue_never_showed() {
    for state in
        [State::Received, State::Signed, State::Submitting, State::OutcomeUnknown, State::NotAccepted, State::NeedsOperator]
    {
        let progress = Progress { state, ..Progress::received(now()) };
        assert!(apply(&progress, &observed(VenueStatus::Pending, Standing::default(), None)).is_err(), "{state:?}");
    }
}
