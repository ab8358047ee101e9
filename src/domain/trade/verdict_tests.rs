use super::super::asked::Affirming;
use super::super::change::tests::{at, creation, nonces, submitting, then};
use super::super::payload::Nonces;
use super::*;
use crate::domain::ids::AffirmationId;
use crate::domain::settlement::Outcome;

fn payload(nonces: &Nonces) -> String {
    format!(
        r#"{{"version":"1.2.0","accountId":"a","amounts":[{{"accountId":"a","sendSubtotal":"5","sendAmount":"5","sendCurrency":"ofcbtc","receiveAmount":"700","receiveCurrency":"ofcusd"}}],"nonceHold":"{}","nonceSettle":"{}"}}"#,
        nonces.hold, nonces.settle
    )
}

fn affirmation(account: &str, status: &str, nonces: Option<&Nonces>) -> Affirmation {
    Affirmation {
        id: Some("f".to_owned()),
        party_account_id: Some(account.to_owned()),
        status_text: Some(status.to_owned()),
        payload: nonces.map(payload),
        ..Affirmation::default()
    }
}

fn settlement(affirmations: Vec<Affirmation>) -> VenueTradeSettlement {
    VenueTradeSettlement {
        id: Some("1".to_owned()),
        status_text: Some("pending".to_owned()),
        affirmations,
        ..VenueTradeSettlement::default()
    }
}

fn others() -> Nonces {
    Nonces { hold: "h".to_owned(), settle: "t".to_owned() }
}

fn answered(status: u16, shown: Option<Shown>, is_proven: bool) -> TradeAnswer {
    TradeAnswer::Answered { status, shown, error: VenueError::default(), retry_after_seconds: None, is_proven }
}

fn created(settlement: VenueTradeSettlement) -> TradeChange {
    trade_verdict(answered(200, Some(Shown::Settlement(Box::new(settlement))), true), &submitting(creation()))
}

#[test]
fn each_status_means_what_the_table_says() {
    let write = submitting(creation());
    let name = |status, proven| trade_verdict(answered(status, None, proven), &write).name();
    for (status, proven, unproven) in [
        (200, "UNANSWERED", "UNANSWERED"),
        (400, "NOT_ACCEPTED", "UNANSWERED"),
        (401, "UNANSWERED", "UNANSWERED"),
        (403, "NOT_ACCEPTED", "UNANSWERED"),
        (404, "UNANSWERED", "UNANSWERED"),
        (409, "UNANSWERED", "UNANSWERED"),
        (422, "UNANSWERED", "UNANSWERED"),
        (429, "NOT_SENT", "NOT_SENT"),
        (500, "UNANSWERED", "UNANSWERED"),
        (503, "UNANSWERED", "UNANSWERED"),
        (302, "UNANSWERED", "UNANSWERED"),
    ] {
        assert_eq!((name(status, true), name(status, false)), (proven, unproven), "{status}");
    }
    let silent = TradeAnswer::NoAnswer { detail: String::new() };
    assert_eq!(trade_verdict(silent, &write).name(), "UNANSWERED");
    assert_eq!(trade_verdict(TradeAnswer::NotSent { detail: String::new() }, &write).name(), "NOT_SENT");
}

#[test]
fn an_answer_to_our_own_post_is_taken_unless_it_speaks_against_itself() {
    assert_eq!(created(settlement(vec![affirmation("a", "affirmed", Some(&nonces()))])).name(), "TAKEN");
    assert_eq!(created(settlement(vec![affirmation("a", "affirmed", None)])).name(), "TAKEN");
    assert_eq!(created(settlement(Vec::new())).name(), "TAKEN");
    assert_eq!(created(settlement(vec![affirmation("a", "affirmed", Some(&others()))])).name(), "PARKED");
    let anothers = VenueTradeSettlement { requester_account_id: Some("z".to_owned()), ..settlement(Vec::new()) };
    assert_eq!(created(anothers).name(), "PARKED");
    assert_eq!(created(VenueTradeSettlement { id: None, ..settlement(Vec::new()) }).name(), "UNANSWERED");
}

#[test]
fn in_a_list_only_our_nonces_are_proof() {
    let write = submitting(creation());
    let untold = settlement(vec![affirmation("a", "affirmed", None)]);
    let anothers = settlement(vec![affirmation("a", "affirmed", Some(&others()))]);
    let counterparty = settlement(vec![affirmation("b", "pending", Some(&nonces()))]);
    assert_eq!(judge_list(&[untold.clone(), anothers.clone(), counterparty], &write), None);
    let ours = settlement(vec![affirmation("b", "pending", None), affirmation("a", "affirmed", Some(&nonces()))]);
    let list = [untold, anothers, ours.clone()];
    assert_eq!(judge_list(&list, &write), Some(TradeChange::Taken { shown: Shown::Settlement(Box::new(ours)) }));
    assert!(shows_ours(&list, &write) && !shows_ours(&list[..2], &write));
}

#[test]
fn a_payload_that_was_settled_twice_needs_a_person() {
    let write = submitting(creation());
    let ours = |id: &str| {
        let affirmations = vec![affirmation("a", "affirmed", Some(&nonces()))];
        VenueTradeSettlement { id: Some(id.to_owned()), ..settlement(affirmations) }
    };
    let said = |list: &[VenueTradeSettlement]| judge_list(list, &write).map(|change| change.name());
    assert_eq!(said(&[ours("1"), ours("2")]), Some("PARKED"));
    assert_eq!(said(&[ours("a-b"), ours("AB")]), Some("TAKEN"), "one settlement that a list shows twice");
}

#[test]
fn a_settlement_that_nobody_could_read_again_is_not_taken() {
    let unreadable = |id: &str| VenueTradeSettlement {
        id: Some(id.to_owned()),
        ..settlement(vec![affirmation("a", "affirmed", Some(&nonces()))])
    };
    for id in ["x".repeat(129), "a\nb".to_owned()] {
        assert_eq!(created(unreadable(&id)).name(), "UNANSWERED");
        assert_eq!(judge_list(&[unreadable(&id)], &submitting(creation())), None);
    }
}

#[test]
fn a_followed_settlement_is_taken_when_it_says_something_new_and_not_with_anothers_payload() {
    let shown = settlement(vec![affirmation("a", "affirmed", Some(&nonces()))]);
    let taken = TradeChange::Taken { shown: Shown::Settlement(Box::new(shown.clone())) };
    let pending = then(&submitting(creation()), taken);
    assert_eq!(judge_followed(shown.clone(), &pending), None);
    let settled = VenueTradeSettlement { status_text: Some("settled".to_owned()), ..shown };
    assert_eq!(judge_followed(settled, &pending).map(|change| change.name()), Some("TAKEN"));
    let anothers = settlement(vec![affirmation("a", "affirmed", Some(&others()))]);
    let parked = judge_followed(anothers, &pending).unwrap();
    assert_eq!(parked.name(), "PARKED");
    assert_eq!(then(&pending, parked).outcome(), Outcome::Created, "the venue has shown it");
}

#[test]
fn what_stays_unknown_for_a_day_is_given_up() {
    let silence = TradeAnswer::NoAnswer { detail: String::new() };
    let write = submitting(creation());
    let unknown = then(&write, trade_verdict(silence, &write));
    assert_eq!(unknown.given_up(at(86_400)), None);
    assert_eq!(unknown.given_up(at(86_401)).map(|change| change.name()), Some("PARKED"));
    assert_eq!(write.given_up(at(1_000_000)), None, "that is under way");
}

#[test]
fn an_affirmation_that_was_read_shows_what_became_of_a_write_on_it() {
    let id = || AffirmationId::new("f").unwrap();
    let affirm = Affirming { affirmation_id: id(), amounts: Vec::new(), trades: Vec::new(), max_fee: None };
    let affirm = submitting(TradeAction::Affirm(affirm));
    let (reject, cancel) = (submitting(TradeAction::Reject(id())), submitting(TradeAction::Cancel(id())));
    let said = |write: &TradeWrite, status: &str| {
        judge_affirmation(&affirmation("a", status, Some(&nonces())), write).map(|change| change.name())
    };
    assert_eq!(said(&affirm, "affirmed"), Some("TAKEN"));
    assert_eq!(said(&affirm, "failed"), Some("TAKEN"));
    assert_eq!(said(&affirm, "pending"), None);
    assert_eq!(said(&affirm, "canceled"), Some("NOT_ACCEPTED"));
    assert_eq!(said(&cancel, "affirmed"), None, "the requester's own is affirmed and may be withdrawn");
    assert_eq!(said(&cancel, "canceled"), Some("TAKEN"));
    assert_eq!(said(&reject, "affirmed"), Some("NOT_ACCEPTED"));
    assert_eq!(said(&reject, "a word of tomorrow"), None);
    let changed = |affirmation: &Affirmation| judge_affirmation(affirmation, &affirm).map(|change| change.name());
    assert_eq!(changed(&affirmation("a", "affirmed", Some(&others()))), Some("PARKED"));
    assert_eq!(changed(&affirmation("z", "affirmed", Some(&nonces()))), Some("PARKED"));
    let old = answered(200, Some(Shown::Affirmation(Box::new(affirmation("a", "pending", Some(&nonces()))))), true);
    assert_eq!(trade_verdict(old, &affirm).name(), "UNANSWERED");
}
