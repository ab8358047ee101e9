//! Confirmations through everything that can be answered and read.

use super::*;
use crate::domain::ids::{CallerId, TxId};
use crate::domain::quote::ConfirmationAsked;
use crate::domain::quote::samples::{at, quote};
use crate::domain::settlement::{NextAction, Outcome};

const WINDOW: Duration = Duration::from_secs(60);

fn recorded() -> Confirmation {
    let asked = ConfirmationAsked {
        external_tx_id: ExternalTxId::new("payout-1").unwrap(),
        accept_partial: false,
        terms: quote(|_| ()).confirmable(false, at(0)).unwrap(),
        caller: CallerId::new("c").unwrap(),
    };
    Confirmation::new(asked, at(1))
}

fn then(confirmation: &Confirmation, change: ConfirmationChange, seconds: i64) -> Confirmation {
    confirmation.after(change, at(seconds)).unwrap()
}

fn sent() -> Confirmation {
    then(&recorded(), ConfirmationChange::Dispatched, 2)
}

fn silent() -> Confirmation {
    then(&sent(), silence(ConfirmationReason::VenueUnavailable, "it took too long".to_owned()), 3)
}

fn told_no(status: u16) -> Confirmation {
    then(&sent(), refused(status, &error(Some("code"))), 3)
}

fn error(name: Option<&str>) -> VenueError {
    VenueError { name: name.map(str::to_owned), ..VenueError::default() }
}

fn shown(status: QuoteStatus, external_tx_id: Option<&str>) -> VenueQuote {
    VenueQuote {
        external_tx_id: external_tx_id.map(str::to_owned),
        expires_at: Some(at(300)),
        ..VenueQuote::bare(TxId::new("tx").unwrap(), status)
    }
}

fn quoted() -> VenueQuote {
    shown(QuoteStatus::Quoted, None)
}

fn decided(weighed: Weighed) -> ConfirmationChange {
    match weighed {
        Weighed::Change(change) => change,
        other => panic!("nothing was decided: {other:?}"),
    }
}

fn reason_of(change: &ConfirmationChange) -> ConfirmationReason {
    match change {
        ConfirmationChange::Refused(reason, _) | ConfirmationChange::Parked(reason, _) => *reason,
        other => panic!("no end: {other:?}"),
    }
}

fn receipt(status: QuoteStatus, change: impl FnOnce(&mut VenueQuote)) -> ConfirmationChange {
    let mut receipt = VenueQuote::bare(TxId::new("tx").unwrap(), status);
    change(&mut receipt);
    accepted(&sent(), &quote(|_| ()).request, &receipt)
}

#[test]
fn a_success_is_a_confirmation_and_another_status_is_none() {
    for status in [QuoteStatus::Processing, QuoteStatus::Executed, QuoteStatus::Failed] {
        assert_eq!(receipt(status, |_| ()), ConfirmationChange::Confirmed, "{status:?}");
    }
    for status in [QuoteStatus::Quoted, QuoteStatus::Cancelled, QuoteStatus::Unrecognised] {
        assert!(matches!(receipt(status, |_| ()), ConfirmationChange::Unanswered(None, ..)), "{status:?}");
    }
}

#[test]
fn a_success_for_another_name_or_another_wallet_is_not_ours() {
    let said = |change: &dyn Fn(&mut VenueQuote)| receipt(QuoteStatus::Processing, change);
    assert_eq!(said(&|receipt| receipt.external_tx_id = Some("payout-1".to_owned())), ConfirmationChange::Confirmed);
    let others: [&dyn Fn(&mut VenueQuote); 3] = [
        &|receipt| receipt.external_tx_id = Some("payout-2".to_owned()),
        &|receipt| receipt.wallet_address = Some("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".to_owned()),
        &|receipt| receipt.destination_currency = Some("DAI".to_owned()),
    ];
    for other in others {
        let change = said(other);
        assert!(matches!(change, ConfirmationChange::Unanswered(None, ConfirmationReason::VenueAnswerInvalid, _)), "{change:?}");
    }
}

#[test]
fn a_payout_that_another_claims_is_told_apart_from_ours() {
    let confirmed = then(&sent(), ConfirmationChange::Confirmed, 3);
    assert!(confirmed.is_claimed_by_another(&shown(QuoteStatus::Executed, Some("payout-2"))));
    assert!(!confirmed.is_claimed_by_another(&shown(QuoteStatus::Executed, Some("payout-1"))));
    assert!(!confirmed.is_claimed_by_another(&shown(QuoteStatus::Executed, None)));
    assert!(!silent().is_claimed_by_another(&shown(QuoteStatus::Executed, Some("payout-2"))), "that is for a reading to decide");
}

#[test]
fn a_name_that_nobody_can_have_given_is_no_name() {
    for told in ["", " ", "a\u{7}"] {
        let nobodys = decided(weigh(&silent(), &shown(QuoteStatus::Processing, Some(told)), at(4), WINDOW));
        assert_eq!(reason_of(&nobodys), ConfirmationReason::Unattributed, "{told:?}: it may be ours, so it is not refused");
    }
}

#[test]
fn a_conflict_with_a_quote_that_is_shown_as_offered_is_not_believed_before_the_window_is_over() {
    assert_eq!(weigh(&told_no(409), &quoted(), at(4), WINDOW), Weighed::Contradicted);
    assert_eq!(weigh(&told_no(409), &quoted(), at(61), WINDOW), Weighed::Contradicted);
    let late = decided(weigh(&told_no(409), &quoted(), at(62), WINDOW));
    assert_eq!(reason_of(&late), ConfirmationReason::NotConfirmable);
}

#[test]
fn every_status_is_read_back_but_the_one_that_had_no_effect() {
    for status in [400, 401, 403, 404, 409, 410, 422] {
        let change = refused(status, &error(Some("code")));
        assert!(matches!(change, ConfirmationChange::Unanswered(Some(_), ..)), "{status}");
        let proxys = refused(status, &error(None));
        assert!(matches!(proxys, ConfirmationChange::Unanswered(None, ..)), "{status} without the venue's code");
    }
    for status in [408, 500, 502, 503, 504, 418, 302] {
        assert!(matches!(refused(status, &error(Some("code"))), ConfirmationChange::Unanswered(None, ..)), "{status}");
    }
    assert!(matches!(refused(429, &error(None)), ConfirmationChange::NotSent(ConfirmationReason::VenueRateLimited, _)));
}

#[test]
fn a_confirmation_under_our_name_is_ours_whatever_was_answered_before() {
    for confirmation in [recorded(), silent(), told_no(409), told_no(410), told_no(400)] {
        for status in [QuoteStatus::Processing, QuoteStatus::Executed, QuoteStatus::Failed] {
            let weighed = weigh(&confirmation, &shown(status, Some("payout-1")), at(4), WINDOW);
            assert_eq!(decided(weighed), ConfirmationChange::Confirmed, "{confirmation:?}");
        }
    }
}

#[test]
fn a_conflict_is_success_only_where_the_name_is_ours() {
    let anothers = decided(weigh(&told_no(409), &shown(QuoteStatus::Processing, Some("payout-2")), at(4), WINDOW));
    assert_eq!(reason_of(&anothers), ConfirmationReason::ConfirmedByAnother);
    assert_eq!(then(&told_no(409), anothers, 4).state, ConfirmationState::Refused);
    let nobodys = decided(weigh(&told_no(409), &shown(QuoteStatus::Processing, None), at(4), WINDOW));
    assert_eq!(reason_of(&nobodys), ConfirmationReason::Unattributed);
    let parked = then(&told_no(409), nobodys, 4);
    assert_eq!((parked.state, parked.outcome()), (ConfirmationState::NeedsOperator, Outcome::Unknown));
}

#[test]
fn what_nobody_here_sent_is_anothers_although_it_is_nameless() {
    let weighed = decided(weigh(&recorded(), &shown(QuoteStatus::Processing, None), at(4), WINDOW));
    assert_eq!(reason_of(&weighed), ConfirmationReason::ConfirmedByAnother);
}

#[test]
fn a_refusal_is_believed_once_a_reading_shows_the_quote_unconfirmed() {
    let rows = [
        (400, ConfirmationReason::VenueRejectedRequest),
        (401, ConfirmationReason::VenueCredentials),
        (403, ConfirmationReason::VenueForbidden),
        (410, ConfirmationReason::Expired),
    ];
    for (status, reason) in rows {
        let change = decided(weigh(&told_no(status), &quoted(), at(4), WINDOW));
        assert_eq!(reason_of(&change), reason);
        let after = then(&told_no(status), change, 4);
        assert_eq!((after.state, after.outcome()), (ConfirmationState::Refused, Outcome::NotCreated));
    }
}

#[test]
fn after_silence_the_same_is_sent_again_while_the_quote_lasts() {
    assert_eq!(weigh(&silent(), &quoted(), at(4), WINDOW), Weighed::Open);
    let again = then(&silent(), ConfirmationChange::Dispatched, 5);
    assert_eq!((again.attempts, again.state), (2, ConfirmationState::Sending));
}

#[test]
fn a_later_refusal_does_not_forget_an_earlier_silence() {
    let again = then(&silent(), ConfirmationChange::Dispatched, 5);
    let then_refused = then(&again, refused(400, &error(Some("invalid_request"))), 6);
    assert_eq!(weigh(&then_refused, &quoted(), at(7), WINDOW), Weighed::Open, "the first attempt may still arrive");
    let not_sent = then(&again, refused(429, &error(None)), 6);
    assert_eq!(not_sent.state, ConfirmationState::Unknown);
}

#[test]
fn silence_ends_with_the_expiry_and_the_window_after_it() {
    assert_eq!(weigh(&silent(), &quoted(), at(301), WINDOW), Weighed::NotBefore(at(360)));
    let change = decided(weigh(&silent(), &quoted(), at(360), WINDOW));
    assert_eq!(reason_of(&change), ConfirmationReason::Expired);
    let late = then(&silent(), ConfirmationChange::Dispatched, 310);
    let late = then(&late, silence(ConfirmationReason::VenueUnavailable, String::new()), 311);
    assert_eq!(weigh(&late, &quoted(), at(360), WINDOW), Weighed::NotBefore(at(370)));
}

#[test]
fn what_was_never_sent_lapses_at_once() {
    let change = decided(weigh(&recorded(), &quoted(), at(300), WINDOW));
    let after = then(&recorded(), change, 300);
    assert_eq!((after.reason, after.outcome()), (Some(ConfirmationReason::Expired), Outcome::NotSent));
    assert_eq!(after.next_action(), NextAction::FixWithNewId);
}

#[test]
fn a_cancelled_quote_ends_it_and_a_word_of_tomorrow_does_not() {
    for confirmation in [recorded(), silent(), told_no(409)] {
        let cancelled = decided(weigh(&confirmation, &shown(QuoteStatus::Cancelled, None), at(4), WINDOW));
        assert_eq!(reason_of(&cancelled), ConfirmationReason::NotConfirmable);
        assert_eq!(weigh(&confirmation, &shown(QuoteStatus::Unrecognised, None), at(4), WINDOW), Weighed::Unclear);
    }
}

#[test]
fn an_attempt_without_a_connection_leaves_everything_as_it_was() {
    let change = || ConfirmationChange::NotSent(ConfirmationReason::VenueUnavailable, "refused".to_owned());
    assert_eq!(then(&sent(), change(), 3).state, ConfirmationState::Recorded);
    let again = then(&silent(), ConfirmationChange::Dispatched, 4);
    assert_eq!(then(&again, change(), 5).state, ConfirmationState::Unknown);
}

#[test]
fn what_stays_unknown_for_a_day_is_a_persons_to_decide_and_can_be_asked_for_again() {
    let day = 24 * 60 * 60;
    assert_eq!(silent().given_up(at(2 + day)), None);
    let given_up = silent().given_up(at(3 + day)).unwrap();
    let parked = then(&silent(), given_up, 3 + day);
    assert_eq!((parked.state, parked.next_action()), (ConfirmationState::NeedsOperator, NextAction::Operator));
    let again = then(&parked, ConfirmationChange::AskedAgain, 4 + day);
    assert_eq!((again.state, again.given_up(at(5 + day))), (ConfirmationState::Unknown, None));
}

#[test]
fn nothing_is_sent_from_a_state_that_is_not_open() {
    let confirmed = then(&sent(), ConfirmationChange::Confirmed, 3);
    let refused = then(&told_no(400), ConfirmationChange::Refused(ConfirmationReason::Expired, String::new()), 4);
    let parked = then(&silent(), ConfirmationChange::Parked(ConfirmationReason::Unattributed, String::new()), 4);
    for confirmation in [sent(), confirmed.clone(), refused.clone(), parked] {
        assert_eq!(confirmation.after(ConfirmationChange::Dispatched, at(5)), None, "{confirmation:?}");
    }
    let end = || ConfirmationChange::Refused(ConfirmationReason::Expired, String::new());
    assert_eq!(confirmed.after(end(), at(5)), None, "what the venue has is not taken back");
    assert_eq!(sent().after(end(), at(5)), None, "what is under way is read back first");
    assert_eq!(refused.after(ConfirmationChange::Confirmed, at(5)), None);
}
