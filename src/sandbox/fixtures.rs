//! A settlement that a client can read without anybody posting it first.
//!
//! Its transfers show what the documentation shows and what its samples show
//! against it: nine statuses, nulls, missing ids, masked names, and a dollar
//! value that is now text, now a number.

use serde_json::json;

/// The id of [`ClientSettlement::example`].
pub const EXAMPLE_SETTLEMENT_ID: &str = "7f9c2ba4-e88f-42c4-8c5e-3d9b8c1e2a10";
/// How many transfers [`ClientSettlement::example`] has: more than two pages of the default size.
pub const EXAMPLE_TRANSFERS: usize = 60;

/// The nine statuses of a transfer.
const TRANSFER_STATUSES: [&str; 9] = [
    "completed",
    "pending",
    "pending_onchain",
    "onchain_initiated",
    "onchain_failed",
    "failed",
    "rejected",
    "disputed",
    "pending_settlement_assignment",
];
const CURRENCIES: [&str; 4] = ["BTC", "ETH", "USDC", "SOL"];
const CREATED: &str = "2026-03-18T12:00:00.000Z";
const UPDATED: &str = "2026-03-18T12:05:00.000Z";
const MASK: &str = "*****";

/// A settlement as a client sees it, in the venue's own JSON.
#[derive(Debug, Clone)]
pub struct ClientSettlement {
    /// The id by which it is asked for.
    pub settlement_id: String,
    /// The settlement object.
    pub settlement: String,
    /// The transfers, in order.
    pub transfers: Vec<ClientTransfer>,
    /// The array of disputes that are settled with it.
    pub settling_disputes: String,
    /// The array of disputes that were raised on it.
    pub settlement_disputes: String,
}

/// One transfer of a [`ClientSettlement`].
#[derive(Debug, Clone)]
pub struct ClientTransfer {
    /// What the currency filter looks at.
    pub currency: String,
    /// The transfer object.
    pub json: String,
}

impl ClientSettlement {
    /// The example that `dev` seeds.
    #[must_use]
    pub fn example() -> Self {
        Self {
            settlement_id: EXAMPLE_SETTLEMENT_ID.to_owned(),
            settlement: settlement(),
            transfers: (0..EXAMPLE_TRANSFERS).map(transfer).collect(),
            settling_disputes: json!([settled_dispute()]).to_string(),
            settlement_disputes: json!([open_dispute()]).to_string(),
        }
    }
}

fn settlement() -> String {
    json!({
        "id": EXAMPLE_SETTLEMENT_ID,
        "partnerId": "b1f6d3a8-5f0e-4b57-9f0a-2a8f1c6d7e11",
        "externalId": "exchange-2026-03-18",
        "status": "pending",
        "settlementType": "onchain",
        "reconciled": true,
        "initiatedBy": "62ab90e06dfda30007974f0a52a12995",
        "notes": "daily settlement",
        "createdAt": CREATED,
        "updatedAt": UPDATED,
        "finalizedAt": null,
        "rtId": null,
        "lossSLAAlertSent": false,
        "gainSLAAlertSent": true,
        "cutoffAt": "2026-03-18T11:59:59.999Z",
        "disputed": true,
    })
    .to_string()
}

fn pick<'a>(list: &[&'a str], place: usize) -> &'a str {
    list.get(place % list.len().max(1)).copied().unwrap_or_default()
}

fn transfer(place: usize) -> ClientTransfer {
    let currency = pick(&CURRENCIES, place);
    let status = pick(&TRANSFER_STATUSES, place);
    let receives = place.is_multiple_of(2);
    let sign = if receives { "" } else { "-" };
    let mut value = json!({
        "id": format!("c0ffee00-0000-4000-8000-{place:012}"),
        "createdAt": CREATED,
        "updatedAt": UPDATED,
        "currency": currency,
        "quantity": format!("{sign}{}.{:08}", place + 1, place * 7 + 1),
        "txIds": if status == "completed" { vec![format!("tx-{place}")] } else { Vec::new() },
        "status": status,
        "settlementStatus": "pending",
        "settlementNotes": "daily settlement",
        "sourceClientName": MASK,
        "sourceConnectionName": MASK,
        "destinationClientName": "Example Client",
        "destinationConnectionName": "Example Client at Exchange",
        "destinationTradingAccountId": "62ab90e06dfda30007974f0a52a12995",
        "destinationNetworkAccountId": "c4f1d5b0-0000-4000-8000-000000000007",
        "usdValue": match place % 3 {
            0 => json!("1234567"),
            1 => json!(7_654_321),
            _ => json!(null),
        },
    });
    if let Some(fields) = value.as_object_mut() {
        if status != "pending_settlement_assignment" {
            fields.insert("settlementId".to_owned(), EXAMPLE_SETTLEMENT_ID.into());
        }
        if status == "disputed" {
            fields.insert("disputeClosureId".to_owned(), "d15b07e5-0000-4000-8000-000000000002".into());
        }
        if place.is_multiple_of(5) {
            fields.insert("sourceNetworkAccountId".to_owned(), json!(null));
        }
    }
    ClientTransfer { currency: currency.to_owned(), json: value.to_string() }
}

fn settled_dispute() -> serde_json::Value {
    json!({
        "id": "d15b07e5-0000-4000-8000-000000000001",
        "createdAt": CREATED,
        "updatedAt": UPDATED,
        "connectionId": "09684b38-49ed-4cf6-a28e-c3a459494c69",
        "disputedSettlementId": "11111111-2222-4333-8444-555555555555",
        "settledInSettlementId": EXAMPLE_SETTLEMENT_ID,
        "userId": "62ab90e06dfda30007974f0a52a12995",
        "expectedTransfers": { "BTC": "0.5", "ETH": "-2" },
        "retracted": false,
        "reason": "one trade is missing",
        "disputeClosureId": "d15b07e5-0000-4000-8000-000000000002",
        "disputeClosure": {
            "id": "d15b07e5-0000-4000-8000-000000000002",
            "createdAt": CREATED,
            "updatedAt": UPDATED,
            "closedBy": "partner",
            "userId": "62ab90e06dfda30007974f0a52a12995",
            "notes": "agreed",
            "status": "approved",
            "adjustedTransfers": { "BTC": "0.5" },
        },
    })
}

fn open_dispute() -> serde_json::Value {
    json!({
        "id": "d15b07e5-0000-4000-8000-000000000003",
        "createdAt": CREATED,
        "updatedAt": UPDATED,
        "connectionId": "09684b38-49ed-4cf6-a28e-c3a459494c69",
        "disputedSettlementId": EXAMPLE_SETTLEMENT_ID,
        "userId": "62ab90e06dfda30007974f0a52a12995",
        "expectedTransfers": { "USDC": "100.25" },
        "retracted": true,
        "retractedBy": "62ab90e06dfda30007974f0a52a12995",
        "retractedAt": UPDATED,
        "retractedReason": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_shows_every_status_and_more_than_three_currencies() {
        let example = ClientSettlement::example();
        let all: String = example.transfers.iter().map(|transfer| transfer.json.as_str()).collect();
        for status in TRANSFER_STATUSES {
            assert!(all.contains(&format!("\"status\":\"{status}\"")), "{status}");
        }
        for currency in CURRENCIES {
            assert!(example.transfers.iter().any(|transfer| transfer.currency == currency), "{currency}");
        }
    }
}
