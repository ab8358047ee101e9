//! The venue's answers, as its documents show them and as it may send them.

use serde::de::DeserializeOwned;

use super::*;
use crate::upstream::json;

const V1: &str = include_str!("../../../tests/golden/upstream/bitgo_settlement_v1.json");
const V2: &str = include_str!("../../../tests/golden/upstream/bitgo_settlement_v2.json");
const CLIENT: &str = include_str!("../../../tests/golden/upstream/bitgo_client_settlement.json");
const NULLS: &str = include_str!("../../../tests/golden/upstream/bitgo_client_settlement_nulls.json");

fn read<T: DeserializeOwned>(text: &str) -> T {
    json::read(text.as_bytes()).unwrap()
}

fn posted(text: &str) -> Result<VenueSettlement, Unmapped> {
    let answer: wire::PostAnswer = read(text);
    settlement(read(answer.settlement.unwrap().get()))
}

fn at(text: &str) -> Option<jiff::Timestamp> {
    Some(text.parse().unwrap())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_guides_completed_settlement_is_read_whole() {
    let expected = VenueSettlement {
        settlement_id: "1fa3a3a1-7a5f-4f0e-9b6e-1f0d3c8f7a10".to_owned(),
        partner_id: "7b1f0c6e-2a64-4a9d-8d5f-3a6c1e2b9f01".to_owned(),
        external_id: "idForSettlementAtPartner".to_owned(),
        status: VenueStatus::Completed,
        status_text: "completed".to_owned(),
        settlement_type: "onchain".to_owned(),
        reconciled: Some(true),
        disputed: Some(false),
        initiated_by: "62ab90e06dfda30007974f0a52a12995".to_owned(),
        notes: some("this is a settlement note"),
        rt_id: some("0b9df7c4-5a53-4c70-b2ad-6a3f9c0e4d21"),
        loss_sla_alert_sent: Some(true),
        gain_sla_alert_sent: Some(true),
        reason: None,
        created_at: at("2025-11-11T19:12:37.874Z"),
        updated_at: at("2025-11-11T19:12:38.001Z"),
        finalized_at: at("2025-11-11T19:12:38Z"),
        cutoff_at: None,
    };
    assert_eq!(posted(V1), Ok(expected));
}

#[test]
fn the_guides_pending_settlement_is_read_past_members_of_next_year() {
    let settlement = posted(V2).unwrap();
    assert_eq!(settlement.status, VenueStatus::Pending);
    assert_eq!(settlement.cutoff_at, at("2026-03-18T12:00:00Z"));
    assert_eq!((settlement.finalized_at, settlement.disputed, settlement.notes), (None, None, None));
}

#[test]
fn what_a_settlement_must_have_is_demanded() {
    for (text, member) in [
        (r#"{"externalId":"a","status":"pending"}"#, "settlement.id"),
        (r#"{"id":"","externalId":"a","status":"pending"}"#, "settlement.id"),
        (r#"{"id":"1","externalId":null,"status":"pending"}"#, "settlement.externalId"),
        (r#"{"id":"1","externalId":"a"}"#, "settlement.status"),
        (r#"{"id":"1","externalId":"a","status":"pending","cutoffAt":"soon"}"#, "settlement.cutoffAt"),
    ] {
        assert_eq!(settlement(read(text)), Err(Unmapped(member)), "{text}");
    }
}

#[test]
fn a_clients_transfers_are_read_whole_and_digit_for_digit() {
    let page = settlement_detail(read(CLIENT)).unwrap();
    assert_eq!(page.settlement.status, VenueStatus::Failed);
    assert_eq!(page.settlement.reason, some("insufficient funds"));
    let expected = Transfer {
        id: "c1b7c2f4-4a0c-4b62-9f31-8e0f6f3c5d01".to_owned(),
        settlement_id: some("1fa3a3a1-7a5f-4f0e-9b6e-1f0d3c8f7a12"),
        source: party("go-source", "net-source", "********", "****"),
        destination: party("go-destination", "net-destination", "Own Name", "Own connection"),
        currency: "BTC".to_owned(),
        quantity: "-100.000000000000000000000000000001".to_owned(),
        tx_ids: vec!["tx-1".to_owned(), "tx-2".to_owned()],
        status: TransferStatus::PendingSettlementAssignment,
        status_text: "pending_settlement_assignment".to_owned(),
        usd_value_cents: some("1234567890123456789.50"),
        dispute_closure_id: some("d1b7c2f4-4a0c-4b62-9f31-8e0f6f3c5d09"),
        settlement_status: VenueStatus::Failed,
        settlement_status_text: "failed".to_owned(),
        settlement_notes: some("Zürich 💸"),
        created_at: at("2026-03-18T12:00:01Z"),
        updated_at: at("2026-03-18T12:00:02Z"),
    };
    assert_eq!(page.transfers[0], expected);
    assert_eq!(page.transfers[1].usd_value_cents, some("1234567890123456789012.10"));
    assert_eq!(page.transfers[1].source, TransferParty::default());
}

fn party(trading: &str, network: &str, client: &str, connection: &str) -> TransferParty {
    TransferParty {
        trading_account_id: some(trading),
        network_account_id: some(network),
        client_name: some(client),
        connection_name: some(connection),
    }
}

#[test]
fn disputes_are_read_whole_with_their_closure() {
    let page = settlement_detail(read(CLIENT)).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let settling = &page.settling_disputes[0];
    assert_eq!(settling.expected_transfers, [pair("ETH", "-200.10"), pair("BTC", "100")]);
    let closure = settling.dispute_closure.as_deref().unwrap();
    assert_eq!((closure.closed_by, closure.status), (ClosedBy::Client, ClosureStatus::PendingReview));
    assert_eq!(closure.adjusted_transfers, [pair("BTC", "1.10")]);
    assert_eq!(closure.adjusted_settlement_transfers[0].quantity, "-0.50");
    assert_eq!(closure.review_notes, some("looks right"));
    let expected = Dispute {
        id: "e1b7c2f4-4a0c-4b62-9f31-8e0f6f3c5d04".to_owned(),
        connection_id: "09684b38-49ed-4cf6-a28e-c3a459494c69".to_owned(),
        disputed_settlement_id: "1fa3a3a1-7a5f-4f0e-9b6e-1f0d3c8f7a12".to_owned(),
        settled_in_settlement_id: None,
        dispute_closure_id: None,
        dispute_closure: None,
        user_id: "62ab90e06dfda30007974f0a52a12996".to_owned(),
        expected_transfers: vec![],
        retracted: true,
        reason: some("wrong amount"),
        retracted_by: some("62ab90e06dfda30007974f0a52a12997"),
        retracted_at: at("2026-03-18T12:02:00Z"),
        retracted_reason: some("our mistake"),
        created_at: at("2026-03-18T12:01:00Z"),
        updated_at: at("2026-03-18T12:02:00Z"),
    };
    assert_eq!(page.settlement_disputes, [expected]);
}

#[test]
fn null_is_absence_and_an_unknown_word_stays_as_text() {
    let page = settlement_detail(read(NULLS)).unwrap();
    assert_eq!((page.settlement.status, page.settlement.status_text.as_str()), (VenueStatus::Unrecognised, "frozen"));
    assert_eq!(page.settlement.updated_at, None);
    let transfer = &page.transfers[0];
    assert_eq!((transfer.status, transfer.status_text.as_str()), (TransferStatus::Unrecognised, "teleported"));
    assert_eq!((transfer.settlement_status, transfer.settlement_status_text.as_str()), (VenueStatus::Unrecognised, ""));
    assert_eq!(transfer.quantity, "5");
    assert_eq!(transfer.usd_value_cents, None);
    assert!(page.settling_disputes.is_empty());
    assert_eq!(page.settlement_disputes[0].dispute_closure, None);
}

#[test]
fn all_nine_transfer_statuses_are_known() {
    let words = "pending pending_onchain onchain_initiated onchain_failed completed failed rejected disputed pending_settlement_assignment";
    for word in words.split(' ') {
        let text = format!(r#"{{"id":"t","currency":"BTC","quantity":"1","status":"{word}"}}"#);
        let transfer = transfer(read(&text)).unwrap();
        assert_ne!(transfer.status, TransferStatus::Unrecognised, "{word}");
        assert_eq!(transfer.status_text, word);
    }
}

#[test]
fn a_page_without_its_list_or_a_transfer_without_its_money_is_unreadable() {
    let settlement = r#""settlement":{"id":"1","externalId":"a","status":"pending"}"#;
    for (rest, member) in [
        ("", "settlementTransfers"),
        (r#","settlementTransfers":[{"currency":"BTC","quantity":"1"}]"#, "settlementTransfers.id"),
        (r#","settlementTransfers":[{"id":"t","quantity":"1"}]"#, "settlementTransfers.currency"),
        (r#","settlementTransfers":[{"id":"t","currency":"BTC"}]"#, "settlementTransfers.quantity"),
    ] {
        assert_eq!(settlement_detail(read(&format!("{{{settlement}{rest}}}"))), Err(Unmapped(member)), "{rest}");
    }
}
