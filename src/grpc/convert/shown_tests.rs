//! What callers are shown of what the gateway and the venues know.

use super::*;
use crate::custody::VerifyFailure;
use crate::domain::amount::Amount;
use crate::domain::client_settlement::ClientSettlement;
use crate::domain::dispute::{ClosedBy, ClosureStatus, Dispute, DisputeClosure};
use crate::domain::ids::{CallerId, Currency, MerchantId, TxId};
use crate::domain::policy::SpendLimit;
use crate::domain::quote::{Chain, Fulfillment, MinorUnits, Quote, QuoteRequest, QuoteStatus, VenueQuote, WalletAddress};
use crate::domain::settlement::{Change, NetTotal, Reason, Shortfall, State, TimelineEntry, VenueSettlement, VenueStatus};
use crate::domain::transfer::{Transfer, TransferParty, TransferStatus};
use crate::grpc::fixtures::{asked, at, intent, not_accepted, settlement as stored};
use crate::grpc::pb;
use crate::service::{DayLeft, Funds, Preview, SettlementView};

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn at_venue(status: VenueStatus, status_text: &str) -> VenueSettlement {
    VenueSettlement {
        settlement_id: "s1".to_owned(),
        partner_id: "p1".to_owned(),
        external_id: "x1".to_owned(),
        status,
        status_text: status_text.to_owned(),
        settlement_type: "offchain".to_owned(),
        reconciled: Some(true),
        disputed: None,
        initiated_by: "u1".to_owned(),
        notes: None,
        rt_id: None,
        loss_sla_alert_sent: Some(false),
        gain_sla_alert_sent: None,
        reason: some("no funds"),
        created_at: Some(at("2026-03-18T12:00:00Z")),
        updated_at: None,
        finalized_at: None,
        cutoff_at: None,
    }
}

#[test]
fn a_settlement_before_any_answer_says_nothing_of_the_venue() {
    let shown = settlement::summary(&stored());
    assert_eq!((shown.state(), shown.outcome()), (pb::SettlementState::Received, pb::SettlementOutcome::NotSent));
    assert_eq!((shown.next_action(), shown.route()), (pb::NextAction::Wait, pb::SettlementRoute::V1));
    assert_eq!((shown.sequence, shown.attempts, shown.terminal), (1, 0, false));
    assert_eq!(shown.request_digest, base16ct::lower::encode_string(&asked().digest()));
    assert_eq!((shown.settlement_id, shown.partner_id, shown.signature, shown.reason), (None, None, None, None));
    assert_eq!(shown.venue_status, i32::from(pb::VenueSettlementStatus::Unspecified));
    assert!(shown.posted_amounts.is_empty() && shown.timeline.is_empty());
}

#[test]
fn the_venues_words_stand_beside_what_they_mean() {
    let mut settlement = stored();
    settlement.progress.state = State::Submitting;
    let venue = Box::new(at_venue(VenueStatus::Unrecognised, "frozen"));
    let taken = settlement.after(&Change::Taken { venue }, at("2026-03-18T12:00:01Z")).unwrap();
    let shown = settlement::summary(&taken);
    assert_eq!((shown.state(), shown.outcome()), (pb::SettlementState::Pending, pb::SettlementOutcome::Created));
    assert_eq!((shown.venue_status(), shown.venue_status_text.as_str()), (pb::VenueSettlementStatus::Unspecified, "frozen"));
    assert_eq!((shown.settlement_id, shown.venue_reason), (some("s1"), some("no funds")));
    assert_eq!((shown.reconciled, shown.disputed, shown.loss_sla_alert_sent), (Some(true), None, Some(false)));
}

#[test]
fn a_view_shows_legs_and_timeline_as_they_were_recorded() {
    let refused = not_accepted(Reason::VenueForbidden, "the venue answered 403");
    let entry = TimelineEntry {
        sequence: 2,
        change: "NOT_ACCEPTED".to_owned(),
        state: State::NotAccepted,
        reason: Some(Reason::VenueForbidden),
        detail: None,
        attempts: 1,
        at: refused.progress.updated_at,
    };
    let view =
        SettlementView { settlement: refused, intent: Some(intent(asked())), standing: None, timeline: vec![entry], funds: None };
    let shown = settlement::view(view);
    assert_eq!(shown.posted_amounts[0].amount, "1.50");
    assert_eq!(shown.next_action(), pb::NextAction::RetrySame);
    let entry = &shown.timeline[0];
    assert_eq!((entry.change.as_str(), entry.reason.as_str()), ("NOT_ACCEPTED", "VENUE_FORBIDDEN"));
    assert_eq!((entry.attempt, entry.detail.as_str(), entry.state()), (1, "", pb::SettlementState::NotAccepted));
}

fn transfer() -> Transfer {
    Transfer {
        id: "t1".to_owned(),
        settlement_id: None,
        source: TransferParty { client_name: some("****"), ..TransferParty::default() },
        destination: TransferParty { network_account_id: some("n1"), ..TransferParty::default() },
        currency: "BTC".to_owned(),
        quantity: "-0.10".to_owned(),
        tx_ids: vec!["tx".to_owned()],
        status: TransferStatus::PendingSettlementAssignment,
        status_text: "pending_settlement_assignment".to_owned(),
        usd_value_cents: some("12.50"),
        dispute_closure_id: None,
        settlement_status: VenueStatus::Unrecognised,
        settlement_status_text: String::new(),
        settlement_notes: None,
        created_at: None,
        updated_at: None,
    }
}

fn dispute() -> Dispute {
    Dispute {
        id: "d1".to_owned(),
        connection_id: "c1".to_owned(),
        disputed_settlement_id: "s0".to_owned(),
        settled_in_settlement_id: some("s1"),
        dispute_closure_id: some("dc1"),
        dispute_closure: Some(Box::new(DisputeClosure {
            id: "dc1".to_owned(),
            closed_by: ClosedBy::Admin,
            closed_by_text: "admin".to_owned(),
            user_id: "u2".to_owned(),
            notes: "agreed".to_owned(),
            adjusted_settlement_transfers: vec![transfer()],
            adjusted_transfers: vec![("BTC".to_owned(), "0.50".to_owned())],
            status: ClosureStatus::Unrecognised,
            status_text: "escalated".to_owned(),
            reviewed_by: None,
            review_notes: some("checked"),
            created_at: None,
        })),
        user_id: "u1".to_owned(),
        expected_transfers: vec![("ETH".to_owned(), "-2.00".to_owned()), ("BTC".to_owned(), "1".to_owned())],
        retracted: false,
        reason: None,
        retracted_by: None,
        retracted_at: None,
        retracted_reason: None,
        created_at: Some(at("2026-03-18T12:00:00Z")),
        updated_at: None,
    }
}

fn client_request(page_token: Option<String>) -> pb::GetClientSettlementRequest {
    pb::GetClientSettlementRequest {
        enterprise_id: "e1".to_owned(),
        settlement_id: "s1".to_owned(),
        currencies: vec!["BTC".to_owned()],
        page_size: 2,
        page_token,
    }
}

fn client_page(transfers: usize) -> ClientSettlement {
    ClientSettlement {
        settlement: at_venue(VenueStatus::Completed, "completed"),
        transfers: vec![transfer(); transfers],
        settling_disputes: vec![dispute()],
        settlement_disputes: vec![],
    }
}

#[test]
fn a_full_page_names_the_next_and_a_short_one_is_the_last() {
    let first = client_settlement::request(&client_request(None)).unwrap();
    assert_eq!(first.page_number, 0);
    assert_eq!(client_settlement::response(client_page(1), &first).next_page_token, "");
    let token = client_settlement::response(client_page(2), &first).next_page_token;
    let second = client_settlement::request(&client_request(Some(token.clone()))).unwrap();
    assert_eq!(second.page_number, 1);
    let other = pb::GetClientSettlementRequest { currencies: vec![], ..client_request(Some(token)) };
    let violations = client_settlement::request(&other).unwrap_err().into_violations();
    assert_eq!(violations[0].field, "page_token");
    assert!(client_settlement::request(&client_request(Some(String::new()))).is_err());
}

#[test]
fn transfers_and_disputes_are_shown_digit_for_digit_and_masked() {
    let query = client_settlement::request(&client_request(None)).unwrap();
    let shown = client_settlement::response(client_page(1), &query);
    let transfer = &shown.settlement_transfers[0];
    assert_eq!((transfer.quantity.as_str(), transfer.usd_value_cents.as_deref()), ("-0.10", Some("12.50")));
    assert_eq!(transfer.status(), pb::SettlementTransferStatus::PendingSettlementAssignment);
    assert_eq!((transfer.source_client_name.as_deref(), &transfer.source_trading_account_id), (Some("****"), &None));
    assert_eq!(transfer.destination_network_account_id.as_deref(), Some("n1"));
    let dispute = &shown.settling_disputes[0];
    let expected: Vec<_> = dispute.expected_transfers.iter().map(|sum| (sum.currency.as_str(), sum.amount.as_str())).collect();
    assert_eq!(expected, [("ETH", "-2.00"), ("BTC", "1")]);
    let closure = dispute.dispute_closure.as_ref().unwrap();
    assert_eq!((closure.closed_by(), closure.status()), (pb::DisputeClosedBy::Admin, pb::DisputeClosureStatus::Unspecified));
    assert_eq!((closure.status_text.as_str(), closure.adjusted_transfers[0].amount.as_str()), ("escalated", "0.50"));
    assert_eq!(closure.adjusted_settlement_transfers[0].quantity, "-0.10");
    let settlement = shown.settlement.unwrap();
    assert_eq!((settlement.status(), settlement.reconciled), (pb::VenueSettlementStatus::Completed, true));
    assert_eq!((settlement.updated_at, settlement.gain_sla_alert_sent), (None, false));
}

fn quoted() -> Quote {
    let chain = Chain::new("eip155:137").unwrap();
    let wallet = WalletAddress::new("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", &chain).unwrap();
    let request = QuoteRequest {
        request_id: None,
        merchant_id: MerchantId::new("m1").unwrap(),
        source_amount: MinorUnits::new(100_000).unwrap(),
        source_currency: Currency::new("KES").unwrap(),
        destination_currency: Currency::new("USDT").unwrap(),
        chain,
        wallet,
    };
    let venue = VenueQuote {
        tx_id: TxId::new("tx1").unwrap(),
        status: QuoteStatus::Quoted,
        status_text: "quoted".to_owned(),
        source_currency: None,
        destination_currency: None,
        chain: None,
        wallet_address: None,
        exchange_rate: some("0.0077"),
        destination_amount: some("5.20"),
        platform_fee: some("2.50"),
        fulfillment: Fulfillment::Unrecognised,
        fulfillment_text: "most".to_owned(),
        expected_source_amount: Some(100_000),
        external_tx_id: None,
        tx_hash: None,
        failure_reason: None,
        created_at: None,
        confirmed_at: None,
        executed_at: None,
        cancelled_at: None,
        expires_at: Some(at("2026-03-18T12:10:00Z")),
    };
    let (requested_at, read_at) = (at("2026-03-18T12:00:00Z"), at("2026-03-18T12:00:01Z"));
    Quote { request, caller: CallerId::new("c").unwrap(), requested_at, venue, read_at, sequence: 1, confirmation: None }
}

#[test]
fn a_quote_is_shown_digit_for_digit_and_expires_by_the_gateways_clock() {
    let early = quote::quote(quoted(), at("2026-03-18T12:09:59Z"));
    assert_eq!((early.destination_amount.as_deref(), early.platform_fee.as_deref()), (Some("5.20"), Some("2.50")));
    assert_eq!((early.expired, early.arithmetic_consistent), (false, Some(true)));
    assert_eq!((early.fulfillment(), early.fulfillment_text.as_str()), (pb::Fulfillment::Unspecified, "most"));
    assert_eq!(early.created_at.map(|at| at.seconds), Some(1_773_835_200));
    assert!(quote::quote(quoted(), at("2026-03-18T12:10:00Z")).expired);
}

#[test]
fn a_preview_shows_what_would_be_signed_and_what_is_short() {
    let short =
        Shortfall { connection_id: some("c1"), currency: "BTC".to_owned(), required: "2".to_owned(), available: "0".to_owned() };
    let total = NetTotal { currency: Currency::new("BTC").unwrap(), sum: "1.5".to_owned(), count: 1 };
    let shown = preview::preview(Preview {
        intent: intent(asked()),
        payload: "{}".to_owned(),
        net_totals: vec![total],
        funds: Funds { shortfalls: vec![short], own_balance_told: true, closed_disputes: 3, read_at: at("2026-03-18T12:00:00Z") },
        days_left: vec![DayLeft {
            limit: SpendLimit {
                currency: Currency::new("BTC").unwrap(),
                per_settlement: None,
                per_day: Amount::parse("10.50").ok(),
            },
            left: "9".to_owned(),
        }],
        terms: None,
    });
    assert_eq!(shown.payload_sha256, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    assert_eq!((shown.net_totals[0].sum.as_str(), shown.net_totals[0].count), ("1.5", 1));
    assert_eq!((shown.shortfalls[0].connection_id.as_deref(), shown.amount_unit()), (Some("c1"), pb::AmountUnit::Full));
    assert_eq!((shown.own_balance_told, shown.closed_disputes, shown.client_dispute_window_minutes), (true, 3, None));
    assert_eq!((shown.day_limits[0].per_day.as_str(), shown.day_limits[0].left.as_str()), ("10.50", "9"));
}

#[test]
fn a_signature_that_does_not_hold_says_why() {
    assert!(signing::verified(Ok(())).valid);
    for (failure, reason) in [
        (VerifyFailure::BadHeader, pb::VerificationReason::Malformed),
        (VerifyFailure::NoSignature, pb::VerificationReason::Malformed),
        (VerifyFailure::HighS, pb::VerificationReason::NotCanonical),
        (VerifyFailure::WrongKey, pb::VerificationReason::OtherKeyOrPayload),
    ] {
        let shown = signing::verified(Err(failure));
        assert_eq!((shown.valid, shown.reason()), (false, reason));
    }
}
