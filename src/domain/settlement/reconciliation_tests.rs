use super::*;
use crate::domain::amount::Amount;
use crate::domain::dispute::{ClosedBy, ClosureStatus, Dispute, DisputeClosure};
use crate::domain::ids::{ConnectionId, Currency};
use crate::domain::network::Connection;
use crate::domain::transfer::{Transfer, TransferParty, TransferStatus};
use proptest::prelude::*;

const HERE: &str = "this settlement";

fn connection(id: &str) -> Connection {
    Connection {
        id: id.to_owned(),
        name: id.to_owned(),
        client_id: "client".to_owned(),
        partner_id: "partner".to_owned(),
        network_account_id: format!("account-{id}"),
        active: true,
        initialized: None,
        partners_connection_id: None,
        partners_client_id: None,
        policy_result: None,
        created_at: None,
        updated_at: None,
    }
}

fn accounts() -> Accounts {
    Accounts::of(&["a", "b", "c"].map(connection))
}

fn leg(connection: &str, counterparty: Option<&str>, amount: &str) -> Leg {
    Leg {
        connection_id: ConnectionId::new(connection).unwrap(),
        counterparty_connection_id: counterparty.map(|id| ConnectionId::new(id).unwrap()),
        currency: Currency::new("BTC").unwrap(),
        amount: Amount::parse(amount).unwrap(),
    }
}

fn party(connection: Option<&str>) -> TransferParty {
    TransferParty { network_account_id: connection.map(|id| format!("account-{id}")), ..TransferParty::default() }
}

/// A completed transfer from one connection, or the partner, to another.
fn transfer(source: Option<&str>, destination: Option<&str>, quantity: &str) -> Transfer {
    Transfer {
        id: format!("{source:?}-{destination:?}-{quantity}"),
        settlement_id: Some(HERE.to_owned()),
        source: party(source),
        destination: party(destination),
        currency: "BTC".to_owned(),
        quantity: quantity.to_owned(),
        tx_ids: Vec::new(),
        status: TransferStatus::Completed,
        status_text: "completed".to_owned(),
        usd_value_cents: None,
        dispute_closure_id: None,
        settlement_status: VenueStatus::Completed,
        settlement_status_text: "completed".to_owned(),
        settlement_notes: None,
        created_at: None,
        updated_at: None,
    }
}

fn with_status(status: TransferStatus, transfer: Transfer) -> Transfer {
    Transfer { status, ..transfer }
}

fn by_closure(closure_id: &str, transfer: Transfer) -> Transfer {
    Transfer { dispute_closure_id: Some(closure_id.to_owned()), ..transfer }
}

/// A dispute of a connection, closed with this amount where it is.
fn dispute(connection: &str, closed_with: Option<&str>) -> Dispute {
    let closure = closed_with.map(|amount| DisputeClosure {
        id: format!("closure-{connection}"),
        closed_by: ClosedBy::Client,
        closed_by_text: "client".to_owned(),
        user_id: "user".to_owned(),
        notes: String::new(),
        adjusted_settlement_transfers: Vec::new(),
        adjusted_transfers: vec![("BTC".to_owned(), amount.to_owned())],
        status: ClosureStatus::Approved,
        status_text: "approved".to_owned(),
        reviewed_by: None,
        review_notes: None,
        created_at: None,
    });
    Dispute {
        id: format!("dispute-{connection}"),
        connection_id: connection.to_owned(),
        disputed_settlement_id: "an earlier settlement".to_owned(),
        settled_in_settlement_id: Some(HERE.to_owned()),
        dispute_closure_id: closure.as_ref().map(|closure| closure.id.clone()),
        dispute_closure: closure.map(Box::new),
        user_id: "user".to_owned(),
        expected_transfers: Vec::new(),
        retracted: false,
        reason: None,
        retracted_by: None,
        retracted_at: None,
        retracted_reason: None,
        created_at: None,
        updated_at: None,
    }
}

fn raised(connection: &str) -> Dispute {
    Dispute { disputed_settlement_id: HERE.to_owned(), settled_in_settlement_id: None, ..dispute(connection, None) }
}

fn at() -> Timestamp {
    "2026-03-18T12:00:00Z".parse().unwrap()
}

fn compare(posted: &[Leg], details: &Details) -> Comparison {
    let broker = posted.iter().any(|leg| leg.counterparty_connection_id.is_some());
    Comparison::of(posted, if broker { Shape::Broker } else { Shape::Exchange }, details, &accounts()).unwrap()
}

fn only(transfers: Vec<Transfer>) -> Details {
    Details { transfers, ..Details::default() }
}

fn reconciled(posted: &[Leg], details: &Details) -> Reconciled {
    compare(posted, details).reconciliation(true, at()).unwrap().status
}

fn differences(comparison: &Comparison) -> Vec<(&str, &str, &str)> {
    comparison.differences.iter().map(|one| (one.connection_id.as_str(), one.expected.as_str(), one.settled.as_str())).collect()
}

#[test]
fn what_moved_as_posted_matches_whichever_way_round_and_however_spelt() {
    let posted = [leg("a", None, "1.50"), leg("b", None, "-2")];
    let details = only(vec![transfer(None, Some("a"), "1.5"), transfer(Some("b"), None, "2.0")]);
    assert_eq!(reconciled(&posted, &details), Reconciled::Matched);
    assert_eq!(compare(&posted, &details).final_amounts, [leg("a", None, "1.5"), leg("b", None, "-2")]);
}

#[test]
fn a_brokers_transfers_match_whichever_way_round() {
    let posted = [leg("b", Some("a"), "3"), leg("b", Some("c"), "-1")];
    let details = only(vec![transfer(Some("a"), Some("b"), "-3"), transfer(Some("c"), Some("b"), "1")]);
    assert_eq!(reconciled(&posted, &details), Reconciled::Matched);
    assert_eq!(compare(&posted, &details).final_amounts, posted, "written as they were posted");
}

#[test]
fn two_transfers_of_a_leg_are_added_up_exactly() {
    let posted = [leg("a", None, "0.3")];
    let details = only(vec![transfer(None, Some("a"), "0.1"), transfer(None, Some("a"), "0.2")]);
    assert_eq!(reconciled(&posted, &details), Reconciled::Matched);
}

#[test]
fn a_missing_a_wrong_and_a_foreign_transfer_are_each_a_difference() {
    let posted = [leg("a", None, "1"), leg("b", None, "2")];
    let details = only(vec![transfer(None, Some("b"), "2.01"), transfer(None, Some("nobody"), "7")]);
    let comparison = compare(&posted, &details);
    assert_eq!(differences(&comparison), [("a", "1", "0"), ("account-nobody", "0", "7"), ("b", "2", "2.01")]);
    assert_eq!(reconciled(&posted, &details), Reconciled::Mismatch);
}

#[test]
fn a_settled_dispute_explains_its_closures_transfers() {
    let posted = [leg("a", None, "1")];
    let transfers = vec![transfer(None, Some("a"), "1"), by_closure("closure-b", transfer(None, Some("b"), "-4"))];
    let details = Details { transfers, settling_disputes: vec![dispute("b", Some("-4.0"))], ..Details::default() };
    assert_eq!(reconciled(&posted, &details), Reconciled::Adjusted);
    assert!(!compare(&posted, &details).is_changed(), "that was to be expected");
}

#[test]
fn a_brokers_settled_dispute_explains_the_pair_that_its_closure_moves() {
    let posted = [leg("a", Some("b"), "1")];
    let transfers = vec![transfer(Some("a"), Some("b"), "1"), by_closure("closure-b", transfer(Some("a"), Some("b"), "4"))];
    let details = Details { transfers, settling_disputes: vec![dispute("b", Some("4"))], ..Details::default() };
    assert_eq!(reconciled(&posted, &details), Reconciled::Adjusted);
}

#[test]
fn a_closures_transfers_that_say_something_else_than_was_agreed_are_a_difference() {
    let posted = [leg("a", None, "1")];
    let own = transfer(None, Some("a"), "1");
    let wrong = vec![own.clone(), by_closure("closure-b", transfer(None, Some("b"), "-5"))];
    let settling_disputes = vec![dispute("b", Some("-4"))];
    let details = Details { transfers: wrong, settling_disputes: settling_disputes.clone(), ..Details::default() };
    assert_eq!(differences(&compare(&posted, &details)), [("b", "-4", "-5")]);
    let missing = Details { transfers: vec![own], settling_disputes, ..Details::default() };
    assert_eq!(differences(&compare(&posted, &missing)), [("b", "-4", "0")]);
}

#[test]
fn a_closure_that_nobody_approved_and_one_of_no_settled_dispute_explain_nothing() {
    let posted = [leg("a", None, "1")];
    let transfers = vec![transfer(None, Some("a"), "1"), by_closure("closure-b", transfer(None, Some("b"), "-4"))];
    let mut unapproved = dispute("b", Some("-4"));
    unapproved.dispute_closure.as_mut().unwrap().status = ClosureStatus::PendingReview;
    for settling_disputes in [vec![unapproved], Vec::new()] {
        let details = Details { transfers: transfers.clone(), settling_disputes, ..Details::default() };
        assert_eq!(reconciled(&posted, &details), Reconciled::Mismatch);
    }
}

#[test]
fn what_a_dispute_holds_back_is_no_mismatch_and_yet_a_change() {
    let posted = [leg("a", None, "1"), leg("b", None, "2")];
    let held = with_status(TransferStatus::Disputed, transfer(None, Some("b"), "2"));
    let transfers = vec![transfer(None, Some("a"), "1"), held];
    let details = Details { transfers: transfers.clone(), settlement_disputes: vec![raised("b")], ..Details::default() };
    let comparison = compare(&posted, &details);
    assert!(comparison.is_changed());
    assert_eq!(comparison.final_amounts, [leg("a", None, "1")]);
    assert_eq!(comparison.reconciliation(true, at()).unwrap().status, Reconciled::Adjusted);

    let retracted = Dispute { retracted: true, ..raised("b") };
    for settlement_disputes in [vec![retracted], vec![raised("a")], Vec::new()] {
        let details = Details { transfers: transfers.clone(), settlement_disputes, ..Details::default() };
        assert_eq!(reconciled(&posted, &details), Reconciled::Mismatch, "nobody who may has held it back");
    }
}

#[test]
fn a_dispute_that_is_closed_inside_the_window_and_settled_at_once_is_adjusted() {
    let posted = [leg("b", None, "2")];
    let held = with_status(TransferStatus::Disputed, transfer(None, Some("b"), "2"));
    let closed = Dispute { disputed_settlement_id: HERE.to_owned(), ..dispute("b", Some("1.5")) };
    let transfers = vec![held, by_closure("closure-b", transfer(None, Some("b"), "1.5"))];
    let details = Details { transfers, settlement_disputes: vec![closed], ..Details::default() };
    assert_eq!(reconciled(&posted, &details), Reconciled::Adjusted);
}

#[test]
fn a_dispute_that_is_listed_twice_counts_once() {
    let posted = [leg("a", None, "1")];
    let transfers = vec![transfer(None, Some("a"), "1"), by_closure("closure-b", transfer(None, Some("b"), "-4"))];
    let both = Dispute { disputed_settlement_id: HERE.to_owned(), ..dispute("b", Some("-4")) };
    let details = Details { transfers, settling_disputes: vec![both.clone()], settlement_disputes: vec![both] };
    assert_eq!(reconciled(&posted, &details), Reconciled::Adjusted);
}

#[test]
fn an_open_transfer_is_waited_for_and_in_the_end_a_mismatch() {
    let posted = [leg("a", None, "1")];
    let details = only(vec![with_status(TransferStatus::Pending, transfer(None, Some("a"), "1"))]);
    let comparison = compare(&posted, &details);
    assert_eq!(comparison.reconciliation(false, at()), None);
    assert_eq!(comparison.reconciliation(true, at()).unwrap().status, Reconciled::Mismatch);
    assert!(!comparison.is_changed(), "before the end it is as it should be");
}

#[test]
fn a_difference_may_be_the_venues_delay_until_that_is_ruled_out() {
    let comparison = compare(&[leg("a", None, "1")], &Details::default());
    assert_eq!(comparison.reconciliation(false, at()), None);
    let reconciliation = comparison.reconciliation(true, at()).unwrap();
    assert_eq!(reconciliation.status, Reconciled::Mismatch);
    assert_eq!(reconciliation.to_string(), "1 differences, 0 open transfers; first: connection a, BTC: expected 1, settled 0");
}

#[test]
fn the_differences_that_are_kept_are_bounded_and_all_are_counted() {
    let posted: Vec<Leg> = (0..150).map(|n| leg(&format!("c{n}"), None, "1")).collect();
    let reconciliation = compare(&posted, &Details::default()).reconciliation(true, at()).unwrap();
    assert_eq!((reconciliation.differences.len(), reconciliation.difference_count), (MAX_DIFFERENCES, 150));
}

#[test]
fn a_transfer_that_cannot_be_read_stops_the_comparison() {
    for unreadable in [transfer(None, Some("a"), "NaN"), transfer(None, None, "1")] {
        let read = Comparison::of(&[leg("a", None, "1")], Shape::Exchange, &only(vec![unreadable]), &accounts());
        assert!(read.is_err());
    }
}

#[test]
fn connections_are_read_anew_only_for_accounts_that_nobody_knows() {
    let known = [transfer(None, Some("a"), "1"), transfer(Some("b"), Some("partner"), "1")];
    assert!(accounts().explain(&known, Shape::Exchange));
    assert!(!accounts().explain(&known, Shape::Broker));
    assert!(!accounts().explain(&[transfer(None, Some("new"), "1")], Shape::Exchange));
}

proptest! {
    #[test]
    fn transfers_that_come_to_the_legs_match_and_a_cent_more_or_less_does_not(
        cents in proptest::collection::vec((1i64..1_000_000, any::<bool>()), 1..20),
        wrong in 0usize..20,
    ) {
        let text = |cents: i64| format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
        let names: Vec<String> = (0..cents.len()).map(|n| format!("c{n}")).collect();
        let known = Accounts::of(&names.iter().map(|name| connection(name)).collect::<Vec<_>>());
        let posted: Vec<Leg> = names.iter().zip(&cents).map(|(name, (amount, _))| leg(name, None, &text(*amount))).collect();
        let written = |name: &String, amount: i64, turned: bool| {
            if turned { transfer(Some(name), None, &text(-amount)) } else { transfer(None, Some(name), &text(amount)) }
        };
        let mut transfers: Vec<Transfer> =
            names.iter().zip(&cents).map(|(name, (amount, turned))| written(name, *amount, *turned)).collect();
        let compare = |transfers| Comparison::of(&posted, Shape::Exchange, &only(transfers), &known).unwrap();
        prop_assert!(!compare(transfers.clone()).is_changed());
        let wrong = wrong % cents.len();
        transfers[wrong] = written(&names[wrong], cents[wrong].0 + 1, cents[wrong].1);
        prop_assert_eq!(compare(transfers).differences.len(), 1);
    }
}

#[test]
fn a_transfer_is_a_leg_that_moves_as_much_the_same_way_whoever_it_names() {
    let legs = |source, destination, quantity: &str, shape| {
        let legs = crate::domain::settlement::legs_of(&[transfer(source, destination, quantity)], &accounts(), shape).unwrap();
        let leg = &legs[0];
        let counterparty = leg.counterparty_connection_id.as_ref().map(|id| id.as_str().to_owned());
        (leg.connection_id.as_str().to_owned(), counterparty, leg.amount.as_str().to_owned())
    };
    let is = |connection: &str, counterparty: Option<&str>, amount: &str| {
        (connection.to_owned(), counterparty.map(str::to_owned), amount.to_owned())
    };
    assert_eq!(legs(None, Some("a"), "1.50", Shape::Exchange), is("a", None, "1.5"), "the partner pays");
    assert_eq!(legs(None, Some("a"), "-1.5", Shape::Exchange), is("a", None, "-1.5"), "the client pays");
    assert_eq!(legs(Some("a"), None, "1.5", Shape::Exchange), is("a", None, "-1.5"), "the client pays");
    assert_eq!(
        legs(Some("its own"), Some("a"), "2", Shape::Exchange),
        is("a", None, "2"),
        "what is no connection is the partner"
    );
    assert_eq!(
        legs(Some("a"), Some("its own"), "2", Shape::Exchange),
        is("a", None, "-2"),
        "what is no connection is the partner"
    );
    assert_eq!(legs(Some("a"), Some("b"), "2", Shape::Broker), is("a", Some("b"), "2"));
    let unknown = legs(Some("elsewhere"), Some("b"), "2", Shape::Broker);
    assert_eq!(unknown, is("account-elsewhere", Some("b"), "2"), "nothing that moves is left out");
}
