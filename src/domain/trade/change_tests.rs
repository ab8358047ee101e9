use super::super::amounts::tests::{account, party, trade};
use super::super::asked::{Basis, Creation, TradeAction, TradeAsked};
use super::super::venue::{Affirmation, VenueTradeSettlement};
use super::super::write::TradeHeader;
use super::*;
use crate::domain::ids::{AffirmationId, CallerId, EnterpriseId, KeyId, RequestId};
use crate::domain::settlement::{NextAction, Outcome};
use uuid::Uuid;

pub(in crate::domain::trade) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_773_835_200 + second).unwrap()
}

pub(in crate::domain::trade) fn creation() -> TradeAction {
    let amounts = vec![party("a 5 ofcbtc 700 ofcusd"), party("b 700 ofcusd 5 ofcbtc")];
    TradeAction::Create(Creation { trades: vec![trade("5", "700")], basis: Basis::Amounts(amounts), max_fee: None })
}

pub(in crate::domain::trade) fn asked(action: TradeAction) -> TradeAsked {
    TradeAsked {
        enterprise_id: EnterpriseId::new("e").unwrap(),
        account_id: account("a"),
        request_id: RequestId::new("r").unwrap(),
        action,
    }
}

pub(in crate::domain::trade) fn write(action: TradeAction) -> TradeWrite {
    let header = TradeHeader {
        asked: asked(action),
        key_id: KeyId::new("k").unwrap(),
        caller: CallerId::new("c").unwrap(),
        submit_before: at(900),
        created_at: at(0),
    };
    TradeWrite::received(Uuid::nil(), header)
}

pub(in crate::domain::trade) fn nonces() -> Nonces {
    Nonces { hold: "h".to_owned(), settle: "s".to_owned() }
}

pub(in crate::domain::trade) fn then(write: &TradeWrite, change: TradeChange) -> TradeWrite {
    write.after(&change, at(1)).unwrap()
}

fn prepared() -> TradeChange {
    TradeChange::Prepared { payload: "p".to_owned(), nonces: nonces() }
}

fn signed() -> TradeChange {
    TradeChange::Signed { signature: Signature::from_bytes([7; 65]) }
}

pub(in crate::domain::trade) fn submitting(action: TradeAction) -> TradeWrite {
    let received = write(action);
    let ready = if received.header.asked.action.is_signed() { then(&then(&received, prepared()), signed()) } else { received };
    then(&ready, TradeChange::Dispatched)
}

fn silence() -> TradeChange {
    TradeChange::Unanswered { reason: TradeReason::VenueUnavailable, detail: "cut".to_owned() }
}

fn taken(status: &str) -> TradeChange {
    let settlement = VenueTradeSettlement {
        id: Some("1".to_owned()),
        status_text: Some(status.to_owned()),
        ..VenueTradeSettlement::default()
    };
    TradeChange::Taken { shown: Shown::Settlement(Box::new(settlement)) }
}

fn reject() -> TradeAction {
    TradeAction::Reject(AffirmationId::new("f").unwrap())
}

#[test]
fn what_may_have_taken_effect_is_never_dispatched_again() {
    let unknown = then(&submitting(creation()), silence());
    assert_eq!(unknown.outcome(), Outcome::Unknown);
    let parked = then(&unknown, TradeChange::Parked { reason: TradeReason::OutcomeUndecided, detail: String::new() });
    for write in [submitting(creation()), unknown, parked, then(&submitting(reject()), silence())] {
        assert!(write.after(&TradeChange::Dispatched, at(2)).is_err(), "{:?}", write.progress.state);
    }
}

#[test]
fn what_left_no_byte_goes_out_again_as_it_is() {
    let not_sent = || TradeChange::NotSent { reason: TradeReason::VenueUnavailable, detail: "refused".to_owned() };
    let create = then(&submitting(creation()), not_sent());
    assert_eq!((create.progress.state, create.outcome()), (TradeState::Signed, Outcome::NotSent));
    assert_eq!(then(&create, TradeChange::Dispatched).progress.attempts, 2);
    let reject = then(&submitting(reject()), not_sent());
    assert_eq!(reject.progress.state, TradeState::Received);
    assert!(reject.after(&TradeChange::Dispatched, at(2)).is_ok());
}

#[test]
fn nothing_is_dispatched_that_needs_a_signature_and_has_none() {
    let received = write(creation());
    assert!(received.after(&TradeChange::Dispatched, at(1)).is_err());
    assert!(then(&received, prepared()).after(&TradeChange::Dispatched, at(1)).is_err());
    assert!(write(reject()).after(&prepared(), at(1)).is_err(), "a rejection signs nothing");
}

#[test]
fn a_settlement_stands_where_the_venue_says() {
    let submitted = submitting(creation());
    for (status, state) in [
        ("pending", TradeState::Pending),
        ("settled", TradeState::Settled),
        ("rejected", TradeState::Rejected),
        ("failed", TradeState::Failed),
        ("canceled", TradeState::Canceled),
        ("of tomorrow", TradeState::Pending),
    ] {
        let write = then(&submitted, taken(status));
        assert_eq!((write.progress.state, write.outcome()), (state, Outcome::Created), "{status}");
        assert_eq!(write.settlement_id(), Some("1"));
    }
}

#[test]
fn a_terminal_state_never_changes() {
    let settled = then(&submitting(creation()), taken("settled"));
    let refused = TradeChange::NotAccepted { reason: TradeReason::VenueForbidden, detail: String::new() };
    let not_accepted = then(&submitting(creation()), refused.clone());
    let parked = TradeChange::Parked { reason: TradeReason::TooManyTakeovers, detail: String::new() };
    for write in [settled, not_accepted] {
        for change in
            [prepared(), signed(), TradeChange::Dispatched, silence(), taken("pending"), refused.clone(), parked.clone()]
        {
            assert!(write.after(&change, at(2)).is_err(), "{} after {:?}", change.name(), write.progress.state);
        }
    }
}

#[test]
fn a_person_decides_only_what_nobody_else_could() {
    let resolution = || Resolution {
        took_effect: false,
        by: CallerId::new("op").unwrap(),
        why: "the venue's support says so".to_owned(),
        at: at(2),
    };
    let nothing = || TradeChange::Resolved { resolution: resolution(), finding: Finding::Nothing };
    let unknown = then(&submitting(creation()), silence());
    assert!(unknown.after(&nothing(), at(2)).is_err());
    let parked = then(&unknown, TradeChange::Parked { reason: TradeReason::OutcomeUndecided, detail: String::new() });
    let resolved = then(&parked, nothing());
    assert_eq!((resolved.progress.state, resolved.outcome()), (TradeState::NotAccepted, Outcome::NotCreated));
    assert_eq!(resolved.next_action(), NextAction::FixWithNewId);
    assert_eq!(resolved.progress.resolution, Some(resolution()));
    let shown = Shown::Affirmation(Box::new(Affirmation { settlement_id: Some("9".to_owned()), ..Affirmation::default() }));
    let found = TradeChange::Resolved { resolution: resolution(), finding: Finding::TookEffect(shown) };
    let done = then(&parked, found);
    assert_eq!((done.progress.state, done.settlement_id()), (TradeState::Done, Some("9")));
}

#[test]
fn states_and_reasons_read_back_their_names() {
    for state in TradeState::ALL {
        assert_eq!(TradeState::from_name(state.as_str()), Some(state));
        assert!(!(state.is_terminal() && state.is_under_way()));
    }
    assert_eq!(TradeReason::from_name("OUTCOME_UNDECIDED"), Some(TradeReason::OutcomeUndecided));
}
