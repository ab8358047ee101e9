//! Standings with something in every field.

use settlement_gateway::domain::dispute::{ClosedBy, ClosureStatus, Dispute, DisputeClosure};
use settlement_gateway::domain::settlement::{
    Change, Difference, Leg, Reconciled, Reconciliation, Shortfall, Standing, VenueStatus, WindowEnds,
};
use settlement_gateway::domain::transfer::{Transfer, TransferParty, TransferStatus};

use super::builders::{after_start, leg, venue};

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn party(name: &str) -> TransferParty {
    TransferParty {
        trading_account_id: some(&format!("trading-{name}")),
        network_account_id: some(&format!("network-{name}")),
        client_name: some(&format!("client {name}")),
        connection_name: None,
    }
}

fn transfer() -> Transfer {
    Transfer {
        id: "transfer-1".to_owned(),
        settlement_id: None,
        source: party("a"),
        destination: party("b"),
        currency: "BTC".to_owned(),
        quantity: "-1.50".to_owned(),
        tx_ids: vec!["tx-1".to_owned()],
        status: TransferStatus::PendingSettlementAssignment,
        status_text: "pending_settlement_assignment".to_owned(),
        usd_value_cents: some("12"),
        dispute_closure_id: some("closure-1"),
        settlement_status: VenueStatus::Unrecognised,
        settlement_status_text: "new".to_owned(),
        settlement_notes: some("said \"so\"\n"),
        created_at: Some(after_start(1)),
        updated_at: None,
    }
}

/// A dispute with something in every field.
pub(crate) fn dispute(id: &str) -> Dispute {
    Dispute {
        id: id.to_owned(),
        connection_id: "connection-1".to_owned(),
        disputed_settlement_id: "venue-0".to_owned(),
        settled_in_settlement_id: some("venue-1"),
        dispute_closure_id: some("closure-1"),
        dispute_closure: Some(Box::new(DisputeClosure {
            id: "closure-1".to_owned(),
            closed_by: ClosedBy::Unrecognised,
            closed_by_text: "partner".to_owned(),
            user_id: "user-2".to_owned(),
            notes: "agreed \u{1f4b8}".to_owned(),
            adjusted_settlement_transfers: vec![transfer()],
            adjusted_transfers: vec![("BTC".to_owned(), "-1.50".to_owned())],
            status: ClosureStatus::Approved,
            status_text: "approved".to_owned(),
            reviewed_by: some("admin"),
            review_notes: None,
            created_at: Some(after_start(3)),
        })),
        user_id: "user-1".to_owned(),
        expected_transfers: vec![("BTC".to_owned(), "1".to_owned()), ("ETH".to_owned(), "-2".to_owned())],
        retracted: true,
        reason: some("too much"),
        retracted_by: some("user-1"),
        retracted_at: Some(after_start(4)),
        retracted_reason: None,
        created_at: Some(after_start(2)),
        updated_at: None,
    }
}

/// A standing with something in every field.
pub(crate) fn standing() -> Standing {
    let broker = Leg { counterparty_connection_id: Some("connection-2".parse().unwrap()), ..leg("connection-1", "BTC", "0.10") };
    Standing {
        final_amounts: vec![leg("connection-1", "ofctusd", "-99.5"), broker],
        settling_disputes: vec![dispute("dispute-1")],
        settlement_disputes: vec![dispute("dispute-2"), dispute("dispute-3")],
        windows: WindowEnds { dispute: Some(after_start(60)), top_up: Some(after_start(90)) },
        shortfalls: vec![Shortfall {
            connection_id: None,
            currency: "BTC".to_owned(),
            required: "2".to_owned(),
            available: "1.5".to_owned(),
        }],
        reconciliation: Some(Reconciliation {
            status: Reconciled::Mismatch,
            differences: vec![Difference {
                connection_id: "connection-1".to_owned(),
                counterparty_connection_id: some("connection-2"),
                currency: "BTC".to_owned(),
                expected: "1".to_owned(),
                settled: "0.9".to_owned(),
            }],
            difference_count: 1,
            open_transfers: 2,
            at: after_start(100),
        }),
    }
}

/// The change that shows a settlement so.
pub(crate) fn observed(external_id: &str, status: VenueStatus, standing: Standing) -> Change {
    Change::Observed {
        venue: Box::new(venue(external_id, status)),
        standing: Box::new(standing),
        details_due_at: after_start(1_000),
        concern: None,
    }
}
